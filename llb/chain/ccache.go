package chain

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"

	"jetkit/pkgspec/plan"
)

const (
	// ccacheLinks is where Debian's package of ccache has a link to it under the name of
	// each compiler. First in PATH, it makes every build system use the cache; where
	// there is no ccache there is no such folder, and PATH is what it was.
	ccacheLinks = "/usr/lib/ccache"
	// ccacheLaunchers tells CMake to run compilers by ccache, nvcc too, for which there
	// is no link. CMake fails where the launcher is missing, so that only the step itself
	// can tell, when it begins.
	ccacheLaunchers = `if command -v ccache >/dev/null; then ` +
		`export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_CUDA_COMPILER_LAUNCHER=ccache; fi; exec "$@"`
)

// ccacheStep is what RUN steps with a compiler cache are run by, if a shell runs them:
// then the image has one.
var ccacheStep = []string{"/bin/sh", "-c", ccacheLaunchers, "jetkit-ccache"}

// withCcache gives the RUN steps of a stage's Dockerfile the plan's compiler cache: a
// folder of the builder's, and variables that the image does not have. A step that
// mounts something there itself, or above it, is left as it is, and so is one of another
// user than root, who could not write to the folder: ccache would fail, and with it every
// compiler.
func (s *Stage) withCcache(ctx context.Context, opt Options, in stepInput) error {
	cache := opt.Plan.Build.Ccache
	id := cacheID(opt, "ccache", archName(opt))
	r := rewriter{
		base:    in.base,
		of:      s.SourceMap,
		matches: func(exec *pb.ExecOp) bool { return isRoot(exec.GetMeta().GetUser()) && !mountsAt(exec, cache.Dir) },
		rewrite: func(exec *pb.ExecOp, _ pb.InputIndex) { addCcache(exec, cache, id) },
	}
	st, _, err := r.apply(ctx, s.State, in.constraints)
	s.State = st
	return err
}

// cacheID names a cache, apart from those of other targets and of other namespaces.
func cacheID(opt Options, name, target string) string {
	return path.Join(opt.Client.BuildOpts().Opts[buildArgPrefix+"BUILDKIT_CACHE_MOUNT_NS"], "jetkit-"+name+"-"+target)
}

// archName is the architecture of NVIDIA's packages that is built for.
func archName(opt Options) string {
	return cmp.Or(opt.Plan.Target.Arch.Value, opt.Platform.Architecture)
}

// inShell reports whether a shell runs a step.
func inShell(exec *pb.ExecOp) bool {
	args := exec.GetMeta().GetArgs()
	return len(args) > 0 && slices.Contains([]string{"sh", "bash", "dash"}, path.Base(args[0]))
}

// isRoot reports whether a step's user is root, whatever its group.
func isRoot(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "root" || name == "0"
}

// mountsAt reports whether a step mounts something at a folder, or above it.
func mountsAt(exec *pb.ExecOp, dir string) bool {
	return slices.ContainsFunc(exec.GetMounts(), func(m *pb.Mount) bool {
		dest := path.Clean(m.GetDest())
		return dest != pb.RootMount && (dest == dir || strings.HasPrefix(dir, dest+"/"))
	})
}

// addCcache adds the compiler cache to a step. Steps share it while they run: ccache
// has locks of its own.
func addCcache(exec *pb.ExecOp, cache plan.Ccache, id string) {
	exec.Mounts = append(exec.GetMounts(), &pb.Mount{
		Input: int64(pb.Empty), Output: int64(pb.SkipOutput), Dest: cache.Dir, MountType: pb.MountType_CACHE,
		CacheOpt: &pb.CacheOpt{ID: id, Sharing: pb.CacheSharingOpt_SHARED},
	})
	sortMounts(exec)
	exec.Meta.Env = ccacheEnv(exec.GetMeta().GetEnv(), cache)
	if inShell(exec) {
		exec.Meta.Args = slices.Concat(ccacheStep, exec.GetMeta().GetArgs())
	}
}

// ccacheEnv returns a step's variables with those of the cache, which win: an image may
// have others, as jetson-containers' build-essential does. A compiler counts as the same
// only by its content, as images whose files all have one date have different compilers
// of one date.
func ccacheEnv(env []string, cache plan.Ccache) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(e string) bool {
		return strings.HasPrefix(e, "CCACHE_DIR=") || strings.HasPrefix(e, "CCACHE_MAXSIZE=") || strings.HasPrefix(e, "CCACHE_COMPILERCHECK=")
	})
	for i, e := range env {
		if list, ok := strings.CutPrefix(e, "PATH="); ok && !slices.Contains(strings.Split(list, ":"), ccacheLinks) {
			env[i] = "PATH=" + ccacheLinks + ":" + list
		}
	}
	return append(env, "CCACHE_DIR="+cache.Dir, "CCACHE_MAXSIZE="+cache.MaxSize, "CCACHE_COMPILERCHECK=content")
}
