//go:build linux

package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// findRepo looks for the jetkit checkout from the working directory upwards.
func findRepo() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(content), "module jetkit\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no jetkit checkout at or above %s: set Options.Repo", start)
		}
	}
}

func (e *Env) cacheDir() string        { return filepath.Join(e.repo, ".cache") }
func (e *Env) tool(name string) string { return filepath.Join(e.cacheDir(), "bin", name) }

// checkTools names all missing programs at once, before anything is started.
func (e *Env) checkTools() error {
	var missing []string
	for _, name := range []string{"buildkitd", "buildctl", "buildx", "registry"} {
		if _, err := os.Stat(e.tool(name)); err != nil {
			missing = append(missing, ".cache/bin/"+name)
		}
	}
	for _, name := range []string{"runc", "docker"} {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return errors.New("missing " + strings.Join(missing, ", ") + ": run integration/setup.sh (make setup)")
	}
	return nil
}

// environment is what every program gets: the caller's environment without anything that would point docker, buildx or
// buildctl somewhere else, plus the Env's own docker configuration.
func (e *Env) environment() []string {
	inherited := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		for _, prefix := range []string{"DOCKER_", "BUILDX_", "BUILDKIT_", "BUILDCTL_", "CONTAINERD_", "OTEL_"} {
			if strings.HasPrefix(entry, prefix) {
				return true
			}
		}
		return false
	})
	return append(inherited,
		"DOCKER_CONFIG="+e.dockerConfig(),
		"BUILDX_CONFIG="+filepath.Join(e.dockerConfig(), "buildx"),
		"BUILDKIT_PROGRESS=plain",
		"OTEL_TRACES_EXPORTER=none",
		rootVariable+"="+e.Root,
	)
}

func (e *Env) dockerConfig() string { return filepath.Join(e.Root, "docker") }

// tempDir is where daemons put temporary files; some do so in folders they would otherwise leave behind in /tmp.
func (e *Env) tempDir() string { return filepath.Join(e.Root, "tmp") }

// makeFolders makes the daemons' folder for temporary files and a docker configuration in which "docker buildx" is the
// buildx from .cache/bin.
func (e *Env) makeFolders() error {
	if err := os.Mkdir(e.tempDir(), 0o755); err != nil {
		return err
	}
	plugins := filepath.Join(e.dockerConfig(), "cli-plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		return err
	}
	return os.Symlink(e.tool("buildx"), filepath.Join(plugins, "docker-buildx"))
}
