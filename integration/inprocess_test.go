//go:build integration

package integration

import (
	"maps"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/stretchr/testify/require"
	"github.com/tonistiigi/fsutil"

	"jetkit/frontend"
	"jetkit/integration/harness"
	"jetkit/integration/progress"
)

// inProcess is a build that runs the frontend in the test's own process, against a real daemon.
type inProcess struct {
	daemon *harness.Daemon
	// attrs are frontend options, such as "build-arg:TESTS": "none".
	attrs map[string]string
	// contexts are further named contexts, by name: folders.
	contexts map[string]string
	exports  []client.ExportEntry
}

// buildInProcess builds a project's jetson.yaml with frontend.Build called here instead of in a gateway image.
func (p *project) buildInProcess(t *testing.T, b inProcess) (*built, error) {
	t.Helper()
	var statuses []*client.SolveStatus
	_, err := p.solveInProcess(t, b, frontend.Options{}, func(s *client.SolveStatus) { statuses = append(statuses, s) })
	return &built{steps: collect(statuses)}, err
}

// solveInProcess is buildInProcess with options of the frontend, for those who want all of the progress and the response.
func (p *project) solveInProcess(t *testing.T, b inProcess, o frontend.Options, each func(*client.SolveStatus)) (*client.SolveResponse, error) {
	t.Helper()
	ctx := t.Context()
	daemon := b.daemon
	if daemon == nil {
		daemon = shared.Daemon
	}
	c, err := client.New(ctx, daemon.Addr)
	require.NoError(t, err)
	defer func() { _ = c.Close() }() // nothing is lost when that fails
	opt := client.SolveOpt{
		FrontendAttrs: map[string]string{"filename": "jetson.yaml", "build-arg:BASE_IMAGE": base(t)},
		LocalMounts:   map[string]fsutil.FS{},
		Exports:       b.exports,
	}
	mount := func(name, dir string) {
		opt.LocalMounts[name], err = fsutil.NewFS(dir)
		require.NoError(t, err)
	}
	mount("context", p.dir)
	mount("dockerfile", p.dir)
	for name, dir := range b.contexts {
		mount(name, dir)
		opt.FrontendAttrs["context:"+name] = "local:" + name
	}
	maps.Copy(opt.FrontendAttrs, b.attrs)
	statuses := make(chan *client.SolveStatus)
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		for s := range statuses {
			each(s)
		}
	}()
	res, err := c.Build(ctx, opt, "", frontend.BuildWith(o), statuses) // closes statuses
	<-collected
	return res, err
}

// collect turns BuildKit's progress into the steps that buildx would show.
func collect(statuses []*client.SolveStatus) []*progress.Step {
	var steps []*progress.Step
	byDigest := map[string]*progress.Step{}
	for _, status := range statuses {
		for _, v := range status.Vertexes {
			step, ok := byDigest[v.Digest.String()]
			if !ok {
				step = &progress.Step{Name: v.Name}
				byDigest[v.Digest.String()] = step
				steps = append(steps, step)
			}
			step.Cached = step.Cached || v.Cached
			step.Failed = step.Failed || v.Error != ""
			step.Ran = step.Ran || v.Completed != nil && v.Error == "" && !v.Cached
		}
	}
	return steps
}

// pushTo exports the image of a build to the registry.
func pushTo(ref string) []client.ExportEntry {
	return []client.ExportEntry{{Type: client.ExporterImage, Attrs: map[string]string{"name": ref, "push": "true"}}}
}
