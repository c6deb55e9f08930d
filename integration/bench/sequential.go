//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"jetkit/integration/harness"
)

// workload is the packages that all sides build: each on top of the one before, and with a test.
type workload struct {
	packages int
	// seconds is how long each takes to build, and each test to run.
	seconds int
	// untested packages have no test.
	untested bool
}

// writeTree makes the packages, and a jetson.yaml that asks for the last. All its tests may run at once, as those of a
// hand-written Dockerfile do.
func writeTree(dir, frontend string, w workload) error {
	files := map[string]string{
		"jetson.yaml": fmt.Sprintf("# syntax=%s\ntarget: {l4t: 36.4.3}\npackages: [p%d]\ntests: {parallel: 256}\n", frontend, w.packages),
	}
	for i := 1; i <= w.packages; i++ {
		depends := ""
		if i > 1 {
			depends = fmt.Sprintf("# depends: p%d\n", i-1)
		}
		pkg := fmt.Sprintf("packages/p%d/", i)
		files[pkg+"Dockerfile"] = fmt.Sprintf("#---\n# name: p%d\n%s#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN sleep %d && echo %d > /p%d\n", i, depends, w.seconds, i, i)
		if w.untested {
			continue
		}
		files[pkg+"test.sh"] = fmt.Sprintf("set -e\nsleep %d\ntest \"$(cat /p%d)\" = %d\n", w.seconds, i, i)
	}
	return writeFiles(dir, files)
}

func writeFiles(dir string, files map[string]string) error {
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// sequential is jetson-containers' way, on a Docker engine of its own.
type sequential struct {
	docker *harness.Dockerd
	dir    string
	data   string
	base   string
}

func newSequential(ctx context.Context, env *harness.Env, dir, base string) (*sequential, error) {
	docker, err := env.Dockerd(ctx)
	if err != nil {
		return nil, err
	}
	s := &sequential{docker: docker, dir: dir, data: filepath.Join(env.Root, "data"), base: base}
	if err := os.MkdirAll(s.data, 0o755); err != nil {
		return nil, err
	}
	return s, s.run(ctx, "pull", "--quiet", base)
}

// build runs the commands that jetson-containers would, and times them.
func (s *sequential) build(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	base := s.base
	for i := 1; i <= packageCount; i++ {
		folder := filepath.Join(s.dir, "packages", fmt.Sprintf("p%d", i))
		image := fmt.Sprintf("p%d:bench-p%d", packageCount, i)
		err := s.run(ctx, "build", "--network=host", "--shm-size=8g", "--tag", image, "--file", filepath.Join(folder, "Dockerfile"),
			"--build-arg", "BASE_IMAGE="+base, "--build-arg", "NVIDIA_DRIVER_CAPABILITIES=all", folder)
		if err != nil {
			return 0, err
		}
		if err := s.test(ctx, image, folder); err != nil {
			return 0, err
		}
		base = image
	}
	final := fmt.Sprintf("p%d:bench", packageCount)
	if err := s.run(ctx, "tag", base, final); err != nil {
		return 0, err
	}
	for i := 1; i <= packageCount; i++ {
		if err := s.test(ctx, final, filepath.Join(s.dir, "packages", fmt.Sprintf("p%d", i))); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// test is jetson-containers' docker run, but for --runtime=nvidia and --privileged,
// which a machine without a GPU, or inside a container, does not have.
func (s *sequential) test(ctx context.Context, image, folder string) error {
	return s.run(ctx, "run", "--rm", "--network=host", "--shm-size=8g",
		"--volume", folder+":/test", "--volume", s.data+":/data", image, "/bin/bash", "-c", "/bin/bash /test/test.sh")
}

func (s *sequential) run(ctx context.Context, args ...string) error {
	return s.docker.Docker(ctx, harness.DockerRun{Args: args, Env: []string{"DOCKER_BUILDKIT=0"}}).Err()
}
