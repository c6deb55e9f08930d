package build

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/tonistiigi/fsutil"

	"jetkit/frontend"
)

// product is what BuildKit's capabilities are asked for by: buildx's, as for the
// frontend's image.
const product = "buildx"

// Run builds an image. An error of the frontend's is returned as it is: its
// diagnostics, a *frontend.RefusedError, BuildKit's sources.
func Run(ctx context.Context, c *client.Client, r *Request, hooks Hooks) (*Result, error) {
	opt, err := r.solveOpt()
	if err != nil {
		return nil, err
	}
	outputs, err := r.exports(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer outputs.discard()
	run := &run{request: r, hooks: hooks}
	statuses := make(chan *client.SolveStatus)
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		for status := range statuses {
			if hooks.OnStatus != nil {
				hooks.OnStatus(status)
			}
		}
	}()
	callback := run.build
	if hooks.Wrap != nil {
		callback = hooks.Wrap(callback)
	}
	response, err := c.Build(ctx, *opt, product, run.keep(callback), statuses) // closes statuses
	<-shown
	if err != nil {
		return nil, run.errorOf(err)
	}
	if err := outputs.commit(); err != nil {
		return nil, err
	}
	result := &Result{
		Response: response.ExporterResponse, Planned: run.planned,
		Names: run.names.kept(r.Exports), Archive: outputs.archive,
	}
	for _, e := range r.Exports {
		if err := e.settle(ctx, result, run.names); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// Look asks the frontend something, and builds nothing. The callback gets the gateway
// and the frontend with the request's options.
func Look(ctx context.Context, c *client.Client, r *Request, ask func(context.Context, gateway.Client, frontend.Options) error) error {
	opt, err := r.solveOpt()
	if err != nil {
		return err
	}
	opt.Internal = true // it is no build of its own for docker buildx history
	var failure error
	_, err = c.Build(ctx, *opt, product, func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		failure = ask(ctx, c, frontend.Options{Complete: r.Complete, Flags: r.Flags})
		return gateway.NewResult(), failure
	}, nil)
	return cmp.Or(failure, err)
}

// run is one build.
type run struct {
	request *Request
	hooks   Hooks

	mu      sync.Mutex
	planned []frontend.Planned
	named   bool
	names   Names
	// failure is why the frontend failed, or the names.
	failure error
}

// build runs the frontend, and tells exporters the image's names.
func (r *run) build(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
	res, err := frontend.BuildWith(frontend.Options{
		Complete: r.request.Complete, Flags: r.request.Flags, Planned: r.onPlan, Compiled: r.hooks.OnCompiled,
	})(ctx, c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err = errors.Join(err, r.failure); err != nil {
		return nil, unjoin(err)
	}
	if r.named {
		res.AddMeta("image.name", []byte(strings.Join(r.names.Exported, ",")))
	}
	return res, nil
}

// unjoin returns the only error of a list as it is.
func unjoin(err error) error {
	if list, ok := err.(interface{ Unwrap() []error }); ok && len(list.Unwrap()) == 1 {
		return list.Unwrap()[0]
	}
	return err
}

func (r *run) onPlan(p frontend.Planned) {
	r.mu.Lock()
	r.planned = append(r.planned, p)
	switch known := r.request.Known; {
	case r.named:
	case known != nil:
		r.names, r.named = *known, true
	case r.request.Names != nil:
		r.names, r.failure = r.request.Names(p)
		r.named = true
	}
	r.mu.Unlock()
	if r.hooks.OnPlan != nil {
		r.hooks.OnPlan(p)
	}
}

// keep remembers why a callback fails. What comes back from the builder is a copy
// without types.
func (r *run) keep(callback gateway.BuildFunc) gateway.BuildFunc {
	return func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		res, err := callback(ctx, c)
		if err != nil {
			r.mu.Lock()
			r.failure = err
			r.mu.Unlock()
		}
		return res, err
	}
}

// errorOf returns why a build failed.
func (r *run) errorOf(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != nil {
		return r.failure
	}
	err = withConfiguration(err)
	if slices.ContainsFunc(r.request.Exports, func(e Export) bool { return e.Dest != "" || e.Folder != "" }) {
		return err // the disk that is full may be this machine's
	}
	return frontend.WithRemedy(err) // of an export, or of a cache's
}

// solveOpt makes the options that buildx makes of the same command line.
func (r *Request) solveOpt() (*client.SolveOpt, error) {
	opt := &client.SolveOpt{
		FrontendAttrs: map[string]string{}, LocalMounts: map[string]fsutil.FS{}, OCIStores: map[string]content.Store{},
		CacheExports: slices.Clone(r.CacheTo), CacheImports: r.CacheFrom,
		Session: r.Session, AllowedEntitlements: r.Allow, SourcePolicy: r.Policy,
	}
	attrs := opt.FrontendAttrs
	maps.Copy(attrs, r.Attrs)
	for name, value := range r.Args {
		attrs["build-arg:"+name] = value
	}
	for name, value := range r.Labels {
		attrs["label:"+name] = value
	}
	r.attests(attrs)
	if inline, _ := strconv.ParseBool(r.Args["BUILDKIT_INLINE_CACHE"]); inline {
		opt.CacheExports = append(opt.CacheExports, client.CacheOptionsEntry{Type: "inline", Attrs: map[string]string{}})
	}
	if several, _ := strconv.ParseBool(r.Args["BUILDKIT_MULTI_PLATFORM"]); several {
		attrs["multi-platform"] = "true"
	}
	if len(r.Platforms) > 0 {
		attrs["platform"] = strings.Join(r.Platforms, ",")
	}
	if r.Target != "" {
		attrs["target"] = r.Target
	}
	if r.NoCache {
		attrs["no-cache"] = ""
	} else if len(r.NoCacheFilter) > 0 {
		attrs["no-cache"] = strings.Join(r.NoCacheFilter, ",")
	}
	if r.Pull {
		attrs["image-resolve-mode"] = pb.AttrImageResolveModeForcePull
	}
	return opt, r.inputs(opt)
}

// attests asks for attestations: without any other wish a short provenance inside an
// image that is pushed, as buildx does.
func (r *Request) attests(attrs map[string]string) {
	for kind, value := range r.Attests {
		if value != "" {
			attrs["attest:"+kind] = value
		}
	}
	if _, given := r.Attests["provenance"]; !given {
		attrs["attest:provenance"] = "mode=min,inline-only=true"
	}
}
