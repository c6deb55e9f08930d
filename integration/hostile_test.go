//go:build integration

package integration

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostileTree is what somebody may write who wants what is not theirs. ../../../outside, as a package sees it, is a folder
// of the machine's that no build may have, with a marker in all of its files and names.
type hostileTree struct {
	tree files // in which @BASE@ is the base image
	// given are arguments of both commands. In them @DIR@ is the project's folder, and @OUTSIDE@ that of the machine.
	given []string
	// planning are arguments of the plan alone.
	planning []string
	// bare has jetson.yaml be what the tree has, without the lines that other projects get.
	bare bool
	// plan and build are parts of what a plan and a build say; empty where there is nothing to say, and it goes on.
	plan, build string
}

// marker is in everything that is outside of the build.
const marker = "MARKER-OF-THE-HOST"

const outside = "../../../outside/"

// plainPackage has a Dockerfile without a header.
const plainPackage = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"

func configured(config string, more files) hostileTree {
	return hostileTree{tree: files{"packages/a/Dockerfile": plainPackage, "packages/a/config.yaml": config}.and(more)}
}

func body(text string) hostileTree {
	return hostileTree{tree: files{"packages/a/Dockerfile": dockerfile("name: a", text)}}
}

func (h hostileTree) says(plan string) hostileTree {
	h.plan, h.build = plan, plan
	return h
}

func (h hostileTree) fails(build string) hostileTree {
	h.build = build
	return h
}

func (h hostileTree) with(more files) hostileTree {
	h.tree = h.tree.and(more)
	return h
}

func (h hostileTree) giving(args ...string) hostileTree {
	h.given = append(slices.Clone(h.given), args...)
	return h
}

// patience is how long a build may take on a busy machine; it needs seconds.
const patience = 5 * time.Minute

// bounded has a command end that takes more than 20 seconds of a processor or half a GiB: of inputs that are not hostile
// none takes a tenth.
func bounded(cmd *exec.Cmd) *exec.Cmd {
	limits := exec.Command("sh", append([]string{"-c", `ulimit -t 20 && ulimit -d 524288 && exec "$@"`, "sh"}, cmd.Args...)...)
	limits.Dir, limits.Env = cmd.Dir, cmd.Env
	return limits
}

// attack plans and builds a tree. What is wrong is said, nothing of the machine is read or written, nothing steers a
// terminal or forges a line, and all of it ends.
func (h hostileTree) attack(t *testing.T) {
	t.Helper()
	tree, given := files{"jetson.yaml": "packages: [a]\n"}.and(h.tree), h.given
	for name, content := range tree {
		tree[name] = strings.ReplaceAll(content, "@BASE@", base(t))
	}
	var p *project
	if h.bare {
		frontend, err := shared.FrontendImage(t.Context())
		require.NoError(t, err)
		given = append([]string{"--build-arg", "BUILDKIT_SYNTAX=" + frontend}, given...)
		p = newProject(t, files{})
		p.write(t, tree)
	} else {
		p = newProject(t, tree)
	}
	plantOutside(t, p.outside())
	given = p.filled(given)
	before := p.written(t)

	plan := slices.Concat([]string{"plan"}, h.planning, given)
	if !slices.ContainsFunc(given, func(arg string) bool { return strings.HasPrefix(arg, "BASE_IMAGE=") }) {
		plan = append(plan, "--base", base(t))
	}
	planned := runCommand(t, bounded(jetkitCommand(t, shared.Daemon, p.dir, plan...)))
	assertHarmless(t, planned.stdout+planned.stderr)
	assert.Contains(t, planned.stderr, h.plan)
	assert.Equal(t, h.plan == "", planned.code == 0, planned.stderr)

	b := p.try(t, push(), with(given...))
	assertHarmless(t, b.Stdout+b.Stderr)
	assert.Contains(t, b.Stderr, h.build)
	assert.Less(t, b.Duration, patience)
	if b.ExitCode == 0 {
		assertHarmless(t, p.build(t, with(given...), with("--call", "jetson.llb,format=json")).Stdout)
		b.assertHarmlessImage(t)
	} else {
		assert.NotEmpty(t, h.build, b.Stderr)
	}
	assert.Equal(t, before, p.written(t), "files of the machine")
}

// filled writes the folders into arguments.
func (p *project) filled(args []string) []string {
	folders := strings.NewReplacer("@DIR@", p.dir, "@OUTSIDE@", p.outside(), "@ID@", p.id)
	filled := make([]string, len(args))
	for i, arg := range args {
		filled[i] = folders.Replace(arg)
	}
	return filled
}

// outside is the folder that no build may have.
func (p *project) outside() string { return filepath.Join(filepath.Dir(p.dir), "outside") }

// plantOutside makes it.
func plantOutside(t *testing.T, dir string) {
	t.Helper()
	writeFiles(t, dir, "", files{
		"secret": marker + "\n", "Dockerfile": plainPackage + "LABEL of=" + marker + "\n", "config.yaml": "name: a\ndepends: " + marker + "\n",
		"config.json": `{"name": "a", "depends": "` + marker + `"}`, "test.sh": script("echo " + marker), "ignore": marker + "\n",
		"pkg/Dockerfile": plainPackage + "LABEL of=" + marker + "\n", "pkg/config.yaml": "name: a\n", marker: "",
	})
	_, err := os.Stat(filepath.Join(dir, "secret"))
	require.NoError(t, err)
}

// written lists the files of a project and outside of it, with their sizes and times.
func (p *project) written(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{p.dir, p.outside()} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err == nil {
				all = append(all, fs.FormatFileInfo(info)+" "+path)
			}
			return err
		}))
	}
	return all
}

// assertHarmless holds that a text has nothing of the machine in it, nothing that steers a terminal, and no line that only
// the input can have made.
func assertHarmless(t *testing.T, text string) {
	t.Helper()
	assert.NotContains(t, text, marker)
	assert.NotContains(t, text, "\x1b]")
	assert.NotContains(t, text, "root:x:0:0", "the machine's /etc/passwd")
	assert.NotRegexp(t, `(?m)^\s*`+forgery, text)
}

// forgery is a line that an input tries to have printed as if it were jetkit's, or docker's.
const forgery = "ERROR: all is well"

// assertHarmlessImage holds that the pushed image has nothing of the machine in its configuration and in its layers, and
// that nothing was done in it that only an input can have done.
func (b *built) assertHarmlessImage(t *testing.T) {
	t.Helper()
	image, err := shared.Image(t.Context(), b.image, "")
	require.NoError(t, err)
	config, err := image.RawConfigFile()
	require.NoError(t, err)
	assert.NotContains(t, string(config), marker)
	own, err := image.Layers()
	require.NoError(t, err)
	theirs := baseLayers(t)
	for _, layer := range own {
		digest, err := layer.Digest()
		require.NoError(t, err)
		if !slices.Contains(theirs, digest) {
			assertHarmlessLayer(t, layer)
		}
	}
}

// baseLayers are the digests of the base image's layers.
func baseLayers(t *testing.T) (digests []v1.Hash) {
	t.Helper()
	image, err := shared.Image(t.Context(), base(t), "")
	require.NoError(t, err)
	manifest, err := image.Manifest()
	require.NoError(t, err)
	for _, layer := range manifest.Layers {
		digests = append(digests, layer.Digest)
	}
	return digests
}

func assertHarmlessLayer(t *testing.T, layer v1.Layer) {
	t.Helper()
	archive, err := layer.Uncompressed()
	require.NoError(t, err)
	defer archive.Close()
	for entries := tar.NewReader(archive); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		assert.NotContains(t, entry.Name+entry.Linkname, marker)
		assert.NotEqual(t, "pwned", filepath.Base(entry.Name))
		const enough = 1 << 20 // of a file: the marker is at the beginning
		content, err := io.ReadAll(io.LimitReader(entries, enough))
		require.NoError(t, err)
		assert.NotContains(t, string(content), marker, entry.Name)
	}
}
