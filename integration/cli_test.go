//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// TestCLIPlansAsFrontend compares the plan of the jetkit command with the one
// that the frontend gives through buildx: the same JSON for the same inputs.
func TestCLIPlansAsFrontend(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	frontend, err := shared.FrontendImage(ctx)
	require.NoError(t, err)
	cli := filepath.Join(t.TempDir(), "jetkit")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", cli, "jetkit/cmd/jetkit").CombinedOutput()
	require.NoError(t, err, "%s", out)
	python := pythonImage(t)
	dir := planInputs(t, frontend)
	target := []string{"--platform", "linux/arm64"}
	for name, args := range map[string][]string{
		"file":           {},
		"arguments":      {"--build-arg", "CUDA_VERSION=12.4", "--build-arg", "MAX_JOBS=4", "--build-arg", "SKIP_PACKAGES=ninja"},
		"other packages": {"--build-arg", "PACKAGES=numpy,./robot", "--build-arg", "L4T_VERSION=35.4.1"},
		"own base":       {"--build-context", "base=docker-image://" + base(t)},
		"config.py":      {"--build-arg", "PACKAGES=program", "--build-arg", "PYTHON_IMAGE=" + python},
		"moved target":   {"--build-arg", "PACKAGES=program,versions", "--build-arg", "VERSIONS_VERSION=2", "--build-arg", "PYTHON_IMAGE=" + python},
	} {
		t.Run(name, func(t *testing.T) {
			args := append(append([]string{"-f", "jetson.yaml", "--build-context", "company=company"}, target...), args...)
			res := shared.Buildx(ctx, harness.BuildxRun{Dir: dir, Args: append(args, "--call=jetson.plan,format=json", ".")})
			require.NoError(t, res.Err())
			cmd := exec.CommandContext(ctx, cli, append([]string{"plan", "--format", "json", "--run-config-py"}, args...)...)
			cmd.Dir = dir
			var errs bytes.Buffer
			cmd.Stderr = &errs
			own, err := cmd.Output()
			require.NoError(t, err, errs.String())
			got, want := compact(t, own), compact(t, []byte(res.Stdout))
			assert.Equal(t, want, got, "jetkit plan gives\n%s\nand the frontend", got)
		})
	}
}

// TestLargeTree plans from a tree that is packed before it is read, and has files that a package should not have: the plan is
// that of the jetkit command, and with nothing changed the builder has the pack.
func TestLargeTree(t *testing.T) {
	t.Parallel()
	cli := filepath.Join(t.TempDir(), "jetkit")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", cli, "jetkit/cmd/jetkit").CombinedOutput()
	require.NoError(t, err, "%s", out)
	tree := files{
		"jetson.yaml":                           "packages: [p599, linked]\n",
		"packages/p0/link.yaml":                 "-> /etc/passwd",
		"packages/linked/Dockerfile":            "-> parts/Dockerfile.real",
		"packages/large/Dockerfile":             dockerfile("name: large", strings.Repeat("RUN echo @ID@\n", 10000)),
		"packages/huge/Dockerfile":              dockerfile("name: huge", strings.Repeat("RUN echo @ID@\n", 300000)),
		"packages/ odd !x/Dockerfile":           dockerfile("name: odd", "RUN echo @ID@\n"),
		"packages/linked/parts/Dockerfile.real": dockerfile("name: linked\ndepends: [large, odd]", "RUN echo @ID@\n"),
	}
	for i := range 600 {
		depends := ""
		if i > 590 {
			depends = fmt.Sprintf("\ndepends: p%d", i-1)
		}
		tree[fmt.Sprintf("packages/p%d/Dockerfile", i)] = dockerfile(fmt.Sprintf("name: p%d", i)+depends, "RUN echo @ID@\n")
	}
	p := newProject(t, tree)
	require.NoError(t, syscall.Mkfifo(filepath.Join(p.dir, "packages/p1/pipe.yaml"), 0o644))
	platform := "linux/" + runtime.GOARCH
	for _, cached := range []bool{false, true} {
		b := p.build(t, noBase(), with("--platform", platform, "--call", "jetson.plan,format=json"))
		cmd := exec.CommandContext(t.Context(), cli, "plan", "--platform", platform, "--format", "json")
		cmd.Dir = p.dir
		own, err := cmd.Output()
		require.NoError(t, err)
		assert.Equal(t, compact(t, []byte(b.Stdout)), compact(t, own))
		assert.Equal(t, cached, b.step(t, "[internal] read package metadata").Cached)
		assert.Contains(t, b.Stdout, "packages/linked")
	}
}

// planInputs writes a context with everything that a plan depends on.
func planInputs(t *testing.T, frontend string) string {
	t.Helper()
	dir := t.TempDir()
	const dockerfile = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
	writeFiles(t, dir, "", files{
		"jetson.yaml": "# syntax=" + frontend + "\ntarget: {jetpack: 6.2}\npackages: [part, ./robot, extra]\n" +
			"sources: [{dir: packages}, {context: company}, builtin]\ntests: {gpu: skip}\n",
		".dockerignore":                     "packages/hidden\n**/*.md\n",
		"packages/part/Dockerfile":          "#---\n# name: part:2\n# alias: part\n# depends: [cmake, ninja]\n# test: test.sh\n#---\n" + dockerfile,
		"packages/part/test.sh":             "true\n",
		"packages/hidden/Dockerfile":        "#---\n# name: extra\n#---\n" + dockerfile,
		"packages/several/config.json":      `{"several:a": {"depends": "part"}, "several:b": {"depends": "numpy"}}`,
		"packages/program/Dockerfile":       "#---\n# depends: [part]\n#---\n" + dockerfile,
		"packages/program/config.py":        "from jetson_containers import CUDA_VERSION\nfrom .version import NAME, machine\npackage['name'] = NAME\npackage['alias'] = 'program'\npackage['build_args'] = {'CUDA': CUDA_VERSION, 'MACHINE': machine()}\n",
		"packages/program/version.py":       "import os, platform, random, socket, time, uuid\nNAME = 'program:' + os.environ['L4T_VERSION']\ndef machine():\n    return [platform.uname(), socket.gethostname(), time.time(), os.urandom(8), random.random(), uuid.uuid1(), os.cpu_count(), os.getpid(), sorted(os.listdir())]\n",
		"packages/versions/Dockerfile":      "#---\n# variants: [{version: 1}, {version: 2, requires: cu124}]\n#---\n" + dockerfile,
		"robot/Dockerfile":                  dockerfile,
		"robot/test.py":                     "print()\n",
		"robot/main.cpp":                    "int main() {}\n",
		"company/extra/Dockerfile":          "#---\n# requires: '>=35'\n# depends: several:*\n#---\n" + dockerfile,
		"company/.dockerignore":             "secret\n",
		"company/secret/x/Dockerfile":       dockerfile,
		"company/extra/data/not/a/test.txt": "",
	})
	return dir
}

// compact returns JSON without white space.
func compact(t *testing.T, dt []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, dt), "%s", dt)
	return b.String()
}
