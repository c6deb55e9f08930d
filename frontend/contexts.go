package frontend

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/packages"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
)

// contexts provides access to the files of a build: the build context and the named
// ones. Contexts are read twice, each time only as far as needed: first the
// metadata of all packages, then the folders of the chain.
type contexts struct {
	// ctx is the whole build's: files are still read to explain an error after
	// the work for a platform has ended, and with it that work's context.
	ctx    context.Context //nolint:containedctx // it outlives the calls that get one
	client client.Client
	ui     *dockerui.Client
	own    *program // nil if no step can run it
	names  []string // of the named contexts, sorted

	// remotes has the plan.Remote of each tree that jetson.yaml names, by remoteKey.
	remotes sync.Map

	mu sync.Mutex
	// read is the metadata of contexts, by name; see contextsFor.key.
	read map[string]*metadata
}

// metadata is what was read of a context before the build.
type metadata struct {
	files fs.FS
	state llb.State
}

func newContexts(ctx context.Context, c client.Client, ui *dockerui.Client, own *program) *contexts {
	cs := &contexts{ctx: ctx, client: c, ui: ui, own: own, read: map[string]*metadata{}}
	for k := range ui.BuildOpts().Opts {
		if name, ok := strings.CutPrefix(k, "context:"); ok {
			name, _, _ = strings.Cut(name, "::")
			cs.names = append(cs.names, name)
		}
	}
	slices.Sort(cs.names)
	cs.names = slices.Compact(cs.names)
	return cs
}

// Names lists the named contexts.
func (c *contexts) Names() []string { return c.names }

// Example is how a missing context is given.
func (c *contexts) Example() string { return "DIR (or =https://host/repo.git, =docker-image://ref)" }

func (c *contexts) has(name string) bool { return slices.Contains(c.names, name) }

// unbuilt is an error if a named context is another target of bake and has not
// been built: for --call bake builds nothing and passes the target's name.
func (c *contexts) unbuilt(name string) error {
	if target, ok := strings.CutPrefix(c.ui.BuildOpts().Opts["context:"+name], "target:"); ok {
		return fmt.Errorf("the named context %q is the image of target %s, which bake does not build for --call", name, target)
	}
	return nil
}

// anyUnbuilt reports whether some named context is a target of bake that has not been built.
func (c *contexts) anyUnbuilt() bool {
	return slices.ContainsFunc(c.names, func(name string) bool { return c.unbuilt(name) != nil })
}

// contextsFor are the contexts of a build for a platform. A named context that is
// the result of another build, a linked target of bake, is one of that platform.
type contextsFor struct {
	*contexts
	platform ocispecs.Platform
}

var _ project.Contexts = contextsFor{}

// key names a context apart from the same one of another platform, where there
// is one for each.
func (c contextsFor) key(name string) string {
	if _, ok := c.remote(name); ok {
		return c.remoteKey(name)
	}
	own := name + "::" + platforms.FormatAll(platforms.Normalize(c.platform))
	if _, ok := c.ui.BuildOpts().Opts["context:"+own]; ok {
		return own
	}
	return name
}

// Open reads the metadata of the packages in some folders of a context. Builds
// for several platforms share it.
func (c contextsFor) Open(ctx context.Context, name string, dirs []string) (fs.FS, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := c.key(name)
	if read := c.read[key]; read != nil {
		return read.files, nil
	}
	read, err := c.load(ctx, name, dirs)
	if err != nil {
		return nil, fmt.Errorf("reading package metadata: %w", err)
	}
	c.read[key] = read
	return read.files, nil
}

// of returns the metadata of an open context.
func (c contextsFor) of(name string) (*metadata, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if read := c.read[c.key(name)]; read != nil {
		return read, nil
	}
	return nil, fmt.Errorf("the context %q was not read", name)
}

// files returns the tree that a package's folder is in.
func (c contextsFor) files(o plan.Origin) (fs.FS, error) {
	if o.Kind == plan.Builtin {
		return packages.FS, nil
	}
	read, err := c.of(o.Name)
	if err != nil {
		return nil, err
	}
	return read.files, nil
}

// state returns a context as the options of local sources restrict it. Contexts
// that do not come from the client (Git, HTTP, images) are whole. The purpose
// keeps transfers of one context from overwriting each other in BuildKit's store.
func (c contextsFor) state(ctx context.Context, name, purpose string, options ...llb.LocalOption) (llb.State, error) {
	local := append([]llb.LocalOption{
		llb.SharedKeyHint(strings.Join([]string{"jetkit", purpose, name}, ":")),
		dockerui.WithInternalName("load package " + purpose),
	}, options...)
	if name == "" {
		st, err := c.ui.MainContext(ctx, local...)
		if err != nil {
			return llb.State{}, err
		}
		return *st, nil
	}
	if remote, ok := c.remote(name); ok {
		return c.remoteState(remote), nil
	}
	if err := c.unbuilt(name); err != nil {
		return llb.State{}, err
	}
	nc, err := c.ui.NamedContext(name, dockerui.ContextOpt{Platform: &c.platform, AsyncLocalOpts: func() []llb.LocalOption {
		return append(local, llb.WithCustomName("[context "+name+"] load package "+purpose))
	}})
	if err != nil {
		return llb.State{}, err
	}
	if nc == nil {
		return llb.State{}, fmt.Errorf("there is no named context %q", name)
	}
	st, _, err := nc.Load(ctx)
	if err != nil {
		return llb.State{}, fmt.Errorf("named context %q: %w", name, err)
	}
	return *st, nil
}
