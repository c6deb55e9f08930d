//go:build linux

package harness

import (
	"context"
	"os"
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

// DockerfileFrontendImage pushes BuildKit's own Dockerfile frontend, of the version that the daemons have built in, and returns
// what to write after "# syntax=". .cache/bin has it after `integration/setup.sh bench`.
func (e *Env) DockerfileFrontendImage(ctx context.Context) (string, error) {
	dir := filepath.Join(e.Root, "dockerfile-frontend")
	program, err := os.ReadFile(e.tool("dockerfile-frontend"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "dockerfile-frontend"), program, 0o755); err != nil {
		return "", err
	}
	// The labels and the entry point of docker/dockerfile.
	dockerfile := `FROM scratch
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts"
COPY dockerfile-frontend /bin/dockerfile-frontend
ENTRYPOINT ["/bin/dockerfile-frontend"]
`
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644); err != nil {
		return "", err
	}
	ref := e.Ref("dockerfile:bench")
	return ref, e.Buildx(ctx, BuildxRun{Dir: dir, Args: []string{"--push", "--tag", ref, "."}}).Err()
}
