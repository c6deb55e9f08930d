// Package pyeval runs the config.py files of a tree in one step of BuildKit's:
// without a network, on a read-only root file system, with the tree mounted
// read-only, and with an environment of its own. The step's cache key is the
// content of the tree, of the request and of the runner, so it runs once.
package pyeval

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/llb/files"
)

// Options are what to run.
type Options struct {
	// Python is an image with python3, and with its environment set.
	Python llb.State
	// Tree holds the tree, in the folder Dir.
	Tree llb.State
	Dir  string
	// Runner holds the program and its modules, Program its name among them.
	Runner  fs.FS
	Program string
	// Flags are the interpreter's, Env is its environment ("NAME=value").
	Flags, Env []string
	// Request is what the program reads.
	Request []byte
	// Name is the step's name in the progress display.
	Name string
	// NoCache runs the step though its result is known.
	NoCache bool
}

// Result is the file of the resulting state that holds what the program wrote.
const Result = "out/result.json"

// Empty is a folder of the resulting state that the program cannot reach, so
// that it is empty whatever the result. Who copies it depends on the step, and
// on nothing that the step writes.
const Empty = "/empty"

// The places of the step's mounts.
const (
	runnerDir  = "/jetkit/runner"
	requestDir = "/jetkit/request"
	resultDir  = "/jetkit/result"
	treeDir    = "/jetkit/tree"
)

// Run returns the state that holds the result.
func Run(o Options) (llb.State, error) {
	runner, err := files.State(o.Runner, internal("runner"))
	if err != nil {
		return llb.State{}, fmt.Errorf("the runner of config.py files: %w", err)
	}
	request := llb.Scratch().File(llb.Mkfile("/request.json", 0o644, o.Request, fixedTime()), internal("request"))
	args := append([]string{"python3"}, o.Flags...)
	args = append(args, path.Join(runnerDir, o.Program), path.Join(requestDir, "request.json"), path.Join(resultDir, path.Base(Result)), treeDir)
	opts := []llb.RunOption{
		llb.Args(args),
		llb.Dir("/"),
		llb.Network(pb.NetMode_NONE),
		llb.ReadonlyRootFS(),
		llb.WithCustomName(o.Name),
		llb.AddMount(runnerDir, runner, llb.Readonly),
		llb.AddMount(requestDir, request, llb.Readonly),
		llb.AddMount(treeDir, o.Tree, llb.Readonly, llb.SourcePath(path.Join("/", o.Dir))),
	}
	for _, variable := range o.Env {
		if name, value, ok := strings.Cut(variable, "="); ok {
			opts = append(opts, llb.AddEnv(name, value))
		}
	}
	if o.NoCache {
		opts = append(opts, llb.IgnoreCache)
	}
	folder := path.Dir(Result)
	out := llb.Scratch().File(llb.Mkdir("/"+folder, 0o755, fixedTime()).Mkdir(Empty, 0o755, fixedTime()), internal("result"))
	return o.Python.User("0").Run(opts...).AddMount(resultDir, out, llb.SourcePath("/"+folder)), nil
}

// fixedTime keeps the clock out of the files.
func fixedTime() llb.CreatedTime { return llb.WithCreatedTime(time.Unix(0, 0)) }

// internal names a step that users need not see.
func internal(what string) llb.ConstraintsOpt {
	return dockerui.WithInternalName("prepare the " + what + " of config.py files")
}
