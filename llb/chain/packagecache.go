package chain

import (
	"context"
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/llb/files"
	"jetkit/pkgspec/plan"
)

// packageCache is what RUN steps get, so that a package manager downloads once what many
// builds need. A step makes the same files with it and without: otherwise the image would
// depend on what was built before.
type packageCache struct {
	name plan.PackageCache
	// dir is the folder that the steps find it in. No image has it: a step that removes
	// everything below /root/.cache or /var/cache would fail at a mount there.
	dir string
	// kept are the folders in dir that outlive the step, and all else in it is gone with
	// the step; empty means that all of dir stays.
	kept []string
	// sharing says what happens where two steps want it at once.
	sharing pb.CacheSharingOpt
	// in reports whether a step with these variables makes the same files with the cache.
	in func(env []string) bool
	// sets are variables that the step has, as NAME=VALUE, and drops are names of those
	// that it no longer has. The image keeps its own.
	sets, drops []string
	// programs is a folder with a script "run", which the step is run by, and what that
	// needs; empty if the cache needs none. A step without a shell has no cache with one.
	programs string
}

// programs are the folders of caches.
//
//go:embed apt
var programs embed.FS

// packageCaches are all there are, as the plan names them.
//
// pip without PIP_NO_CACHE_DIR leaves its cache in the layer, where an image with a mount
// in its place has nothing. What pip builds itself goes with the step: it finds a wheel
// again by where its source is from, whatever the step's compilers, variables and packages.
func packageCaches() []packageCache {
	const pip = "/.jetkit-pip"
	return []packageCache{
		{
			name: plan.CachePip, dir: pip, kept: []string{"http", "http-v2"}, sharing: pb.CacheSharingOpt_SHARED,
			in:   func(env []string) bool { return lookup(env, "PIP_NO_CACHE_DIR") != "" },
			sets: []string{"PIP_CACHE_DIR=" + pip}, drops: []string{"PIP_NO_CACHE_DIR"},
		},
		{
			name: plan.CacheApt, dir: "/.jetkit-apt", sharing: pb.CacheSharingOpt_PRIVATE,
			in:       func(env []string) bool { return lookup(env, "APT_CONFIG") == "" },
			programs: "apt",
		},
	}
}

// withPackageCaches gives the RUN steps of a stage's Dockerfile the plan's caches of
// package managers. Steps that mount something there themselves, or are of another user
// than root, are left as they are, as with [Stage.withCcache].
func (s *Stage) withPackageCaches(ctx context.Context, opt Options, in stepInput) error {
	for _, c := range packageCaches() {
		if !slices.Contains(opt.Plan.Build.Caches, c.name) {
			continue
		}
		programs, err := c.files()
		if err != nil {
			return err
		}
		id := cacheID(opt, string(c.name), targetName(opt))
		r := rewriter{
			base: in.base, of: s.SourceMap, adds: programs, matches: c.fits,
			rewrite: func(exec *pb.ExecOp, added pb.InputIndex) { c.add(exec, id, added) },
		}
		if s.State, _, err = r.apply(ctx, s.State, in.constraints); err != nil {
			return err
		}
	}
	return nil
}

// fits reports whether a step makes the same files with the cache.
func (c packageCache) fits(exec *pb.ExecOp) bool {
	meta := exec.GetMeta()
	return isRoot(meta.GetUser()) && !mountsAt(exec, c.dir) &&
		(c.programs == "" || inShell(exec) && !mountsAt(exec, c.programsDir())) && c.in(meta.GetEnv())
}

// files are the cache's programs; the zero state is none.
func (c packageCache) files() (llb.State, error) {
	if c.programs == "" {
		return llb.State{}, nil
	}
	folder, err := fs.Sub(programs, c.programs)
	if err != nil {
		return llb.State{}, err
	}
	return files.State(folder, dockerui.WithInternalName("load the cache of "+string(c.name)))
}

// programsDir is where a step finds the programs, and launcher that which runs it.
func (c packageCache) programsDir() string { return c.dir + "-step" }
func (c packageCache) launcher() string    { return c.programsDir() + "/run" }

// add adds the cache to a step.
func (c packageCache) add(exec *pb.ExecOp, id string, added pb.InputIndex) {
	keep := func(dir, id string) {
		exec.Mounts = append(exec.GetMounts(), &pb.Mount{
			Input: int64(pb.Empty), Output: int64(pb.SkipOutput), Dest: dir, MountType: pb.MountType_CACHE,
			CacheOpt: &pb.CacheOpt{ID: id, Sharing: c.sharing},
		})
	}
	if len(c.kept) == 0 {
		keep(c.dir, id)
	} else {
		exec.Mounts = append(exec.GetMounts(), &pb.Mount{Input: int64(pb.Empty), Output: int64(pb.SkipOutput), Dest: c.dir, MountType: pb.MountType_BIND})
	}
	for _, folder := range c.kept {
		keep(path.Join(c.dir, folder), id+"-"+folder)
	}
	meta := exec.GetMeta()
	if c.programs != "" {
		exec.Mounts = append(exec.GetMounts(), &pb.Mount{Input: int64(added), Output: int64(pb.SkipOutput), Dest: c.programsDir(), Readonly: true})
		meta.Args = slices.Concat([]string{c.launcher()}, meta.GetArgs())
	}
	sortMounts(exec)
	meta.Env = slices.DeleteFunc(slices.Clone(meta.GetEnv()), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains(c.drops, name) || slices.ContainsFunc(c.sets, func(set string) bool { return strings.HasPrefix(set, name+"=") })
	})
	meta.Env = append(meta.Env, c.sets...)
}

// targetName names the target in the name of a cache.
func targetName(opt Options) string {
	t := opt.Plan.Target
	parts := []string{archName(opt)}
	for _, part := range [][2]string{{"l4t", t.L4T.Value}, {"cuda", t.CUDA.Value}, {"python", t.Python.Value}, {"ubuntu", t.Ubuntu.Value}} {
		if part[1] != "" {
			parts = append(parts, part[0]+part[1])
		}
	}
	return strings.Join(parts, "-")
}

// lookup returns the value of a variable; empty if there is none.
func lookup(env []string, name string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
