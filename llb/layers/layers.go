// Package layers makes one layer of what a package changes, and puts such layers together.
//
// A layer has no parents: it is a copy of the difference that a package made, so that a
// merge of layers is one merge, however many packages were built on how many others. What
// a copy loses, deletions, and what two packages both change, such as the list of
// installed Debian packages, is the work of a program (folder program). It records both
// in the layer, and applies it where layers are joined.
package layers

import (
	"embed"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/pkgspec/plan"
)

// RecordsDir is where an image keeps the records of its layers, a folder for each package.
const RecordsDir = "/usr/share/jetkit/layers"

//go:embed program/layers-*.bin
var programs embed.FS

// Layer is what a package changes.
type Layer struct {
	// Package is the package's name.
	Package string
	State   llb.State
}

// Tool makes and joins the layers of a build.
type Tool struct {
	// program and rules are files of their own, at /layers and /rules.
	program, rules llb.State
	warn           bool
	// prefix is the platform's name in a build for several.
	prefix string
	made   []Operation
}

// The places that the program finds in its containers.
const (
	toolDir     = "/.jetkit" // nothing that is mounted below it leaves a mount point in the image
	programFile = toolDir + "/layers"
	rulesFile   = toolDir + "/rules"
	startDir    = toolDir + "/start"
	layerDir    = toolDir + "/layer"
	beforeDir   = toolDir + "/before"
	afterDir    = toolDir + "/after"
	diffDir     = toolDir + "/diff"
	outDir      = toolDir + "/out"
)

// New returns the tool for a platform. It is an error if the builder, of which caps are the
// capabilities, cannot make layers. The prefix is put into the names that the progress has;
// it is the platform's name in a build for several platforms, and else empty.
func New(platform ocispecs.Platform, caps apicaps.CapSet, conflicts plan.Conflicts, prefix string) (*Tool, error) {
	for _, needed := range []apicaps.CapID{pb.CapMergeOp, pb.CapDiffOp, pb.CapExecMountContentCache} {
		if caps.Supports(needed) != nil {
			return nil, fmt.Errorf("layers: packages needs a builder that supports %s: upgrade BuildKit, or write layers: chain", needed)
		}
	}
	program, err := programs.ReadFile("program/layers-" + platform.Architecture + ".bin")
	if err != nil || platform.OS != "linux" {
		return nil, fmt.Errorf("layers: packages builds for linux/arm64 and linux/amd64, and not for %s/%s: write layers: chain", platform.OS, platform.Architecture)
	}
	// The files are part of the definition, so that the steps have the same keys on every builder.
	created := llb.WithCreatedTime(time.Unix(0, 0))
	return &Tool{
		program: llb.Scratch().File(llb.Mkfile("/layers", 0o755, program, created), dockerui.WithInternalName("load the program that joins layers")),
		rules:   llb.Scratch().File(llb.Mkfile("/rules", 0o644, Rules(), created), dockerui.WithInternalName("load the rules for layers")),
		warn:    conflicts == plan.ConflictsWarn,
		prefix:  prefix,
	}, nil
}

// Of returns the layer of a package: what after, its stage, has that before, which it was
// built on, had not. A copy is known by what it copies: where a package was built anew and
// made the same, nothing that is built on its layer is built anew. place is where errors are.
func (t *Tool) Of(name string, before, after llb.State, place llb.ConstraintsOpt) Layer {
	named := func(what string) llb.ConstraintsOpt { return t.called(name+" layer", what) }
	diff := llb.NewState(after.Output())
	if before.Output() != nil {
		diff = llb.NewState(llb.Diff(before, after, named("find changes"), place).Output())
		t.makes(name, diff)
	}
	run := []llb.RunOption{
		llb.Args(recordArgs(before)), llb.Network(llb.NetModeNone), t.mounts(),
		mount(afterDir, after), mount(diffDir, diff),
		named("record changes"), place,
	}
	if before.Output() != nil {
		run = append(run, mount(beforeDir, before))
	}
	record := llb.Scratch().Run(run...).AddMount(outDir, llb.Scratch())
	copied := llb.Copy(diff, "/", "/", &llb.CopyInfo{CopyDirContentsOnly: true, ExcludePatterns: Excluded()}).
		Copy(record, "/", path.Join(RecordsDir, FolderOf(name)), &llb.CopyInfo{
			CopyDirContentsOnly: true, CreateDestPath: true, CreatedTime: new(time.Unix(0, 0)),
		})
	layer := Layer{Package: name, State: llb.Scratch().File(copied, named("copy changes"), place)}
	t.makes(name, record)
	t.makes(name, layer.State)
	return layer
}

func recordArgs(before llb.State) []string {
	args := []string{programFile, "record", "--rules", rulesFile, "--after", afterDir, "--diff", diffDir, "--out", outDir}
	if before.Output() != nil {
		args = append(args, "--before", beforeDir)
	}
	return args
}

// Joined is a file system of layers.
type Joined struct {
	State llb.State
	// Packages are the names of the packages whose layers were added, in order.
	Packages []string

	merged llb.State
	tool   *Tool
	start  llb.State
	layers []Layer
}

// Join puts layers, in order, on a file system that has all that their packages were built
// on, but for what comes with the layers before them.
func (t *Tool) Join(start llb.State, add []Layer) Joined {
	j := Joined{tool: t, start: start, layers: add}
	states := []llb.State{start}
	for _, l := range add {
		j.Packages = append(j.Packages, l.Package)
		states = append(states, l.State)
	}
	j.merged = llb.NewState(llb.Merge(states, t.joins("merge "+someOf(j.Packages))).Output())
	j.State = llb.NewState(j.run(t.joins("join " + someOf(j.Packages))).Root().Output())
	t.makes("", j.merged)
	t.makes("", j.State)
	return j
}

// Conflicts returns a state with the one file /conflicts: a text on what does not fit
// together. It is empty if all does.
func (j Joined) Conflicts() llb.State {
	return j.run(
		j.tool.joins("explain what does not fit together"),
		llb.Args(append(j.args(), "--report", path.Join(outDir, ConflictsFile))),
	).AddMount(outDir, llb.Scratch())
}

// ConflictCode is the exit code of a join that found what does not fit together.
const ConflictCode = 3

// ConflictsFile is the name of the file of [Joined.Conflicts].
const ConflictsFile = "conflicts"

func (j Joined) run(opts ...llb.RunOption) llb.ExecState {
	run := []llb.RunOption{llb.Args(j.args()), llb.Network(llb.NetModeNone), llb.AddEnv("PATH", defaultPath), llb.AddEnv("LC_ALL", "C"), j.tool.mounts()}
	if j.start.Output() != nil {
		run = append(run, mount(startDir, j.start))
	}
	for i, l := range j.layers {
		run = append(run, mount(mountOf(i), l.State))
	}
	return j.merged.Run(append(run, opts...)...)
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func (j Joined) args() []string {
	args := []string{programFile, "join", "--rules", rulesFile, "--root", "/"}
	if j.tool.warn {
		args = append(args, "--warn")
	}
	if j.start.Output() != nil {
		args = append(args, "--start", startDir)
	}
	for i, l := range j.layers {
		args = append(args, "--layer", FolderOf(l.Package)+"="+mountOf(i))
	}
	return args
}

func mountOf(layer int) string { return layerDir + strconv.Itoa(layer+1) }

// mounts puts the program and its rules into a step, in a folder that is gone after it.
func (t *Tool) mounts() llb.RunOption {
	return runOptions{
		llb.AddMount(toolDir, llb.Scratch(), llb.Tmpfs()),
		llb.AddMount(programFile, t.program, llb.SourcePath("/layers"), llb.Readonly),
		llb.AddMount(rulesFile, t.rules, llb.SourcePath("/rules"), llb.Readonly),
	}
}

// runOptions are several options as one.
type runOptions []llb.RunOption

func (o runOptions) SetRunOption(ei *llb.ExecInfo) {
	for _, opt := range o {
		opt.SetRunOption(ei)
	}
}

// mount mounts a state to be read. The step's key has what made the state, and not the
// contents: to know these, the builder would read the whole file system.
func mount(dir string, st llb.State) llb.RunOption {
	return llb.AddMount(dir, llb.NewState(st.Output()), llb.Readonly, llb.ContentCache(llb.MountContentCacheOff))
}

// FolderOf returns the name of a package's folder of records: its own name, in which
// characters that may mean something in a path or an argument are percent-encoded.
func FolderOf(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-+:", c) >= 0 || c == '.' && i > 0
		if plain {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// someOf lists names for the progress: a few, and how many more.
func someOf(names []string) string {
	const few = 4
	if len(names) <= few+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
