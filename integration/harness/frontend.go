//go:build linux

package harness

import (
	"context"
	"path/filepath"
)

// FrontendImage builds jetkit's frontend from this checkout, pushes it to the Env's registry with
// `make frontend-image`, and returns what to write after "# syntax=". The work is done once per Env.
func (e *Env) FrontendImage(ctx context.Context) (string, error) {
	return e.frontend.do(func() (string, error) {
		defer e.timed("frontend image pushed")()
		result := e.run(ctx, command{
			argv: []string{
				"make", "--no-print-directory", "frontend-image",
				"REGISTRY=" + e.Ref("jetkit"), "TAG=test", "BUILDER=" + e.Daemon.Builder,
				"FRONTEND_OUT=" + filepath.Join(e.Root, "frontend"),
			},
			dir: e.repo,
			// A make above us (make integration) must not hand its flags down.
			env: []string{"MAKEFLAGS=", "MAKELEVEL="},
		})
		return e.Ref("jetkit:test"), result.Err()
	})
}
