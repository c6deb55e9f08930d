//go:build integration

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// transferred matches what the progress says of a transfer: its size and unit.
var transferred = regexp.MustCompile(`transferring [\w.-]*: ([0-9.]+)([kMG]?B)`)

// Before the plan the builder gets names, and contents of nothing but metadata.
func TestMetadataTransferIsBounded(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("@ID@ is not metadata\n", 1<<19) // 10 MB and more
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a]\n",
		".dockerignore":         "**/Dockerfile*\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: tests/run.sh", "RUN echo @ID@ > /a\n"),
		"packages/a/bin/run":    script("grep @ID@ /a"), "packages/a/tests/run.sh": "-> ../bin/run",
		"packages/other/test_data/model.bin": big, "packages/other/model.json": big, "packages/other/part.json/x": big,
		"packages/dockerfiles/Dockerfile": dockerfile("name: other", "RUN false\n"), "packages/dockerfiles/data": big,
	})
	b := p.build(t, with("--call", "jetson.plan"))
	assertContains(t, b.Stdout, "./packages/a", "tests/run.sh")
	sizes := transferred.FindAllStringSubmatch(b.Stderr, -1)
	require.NotEmpty(t, sizes)
	for _, size := range sizes {
		require.Contains(t, []string{"B", "kB"}, size[2], "%s of\n%s", size[0], b.Stderr)
	}
	p.build(t) // and a link inside the package is a test
}

// BenchmarkLargeTree plans from a tree of 10,000 packages, on disk and through the gateway: there once with nothing on the
// builder, and then with nothing changed.
func BenchmarkLargeTree(b *testing.B) {
	dir := b.TempDir()
	for i := range 10000 {
		depends := "[]"
		if i%50 > 0 {
			depends = fmt.Sprintf("[p%d]", i-1)
		}
		folder := filepath.Join(dir, "packages", fmt.Sprintf("group%d", i%20), fmt.Sprintf("p%d", i))
		require.NoError(b, os.MkdirAll(folder, 0o755))
		header := fmt.Sprintf("#---\n# name: p%d\n# alias: alias%d\n# depends: %s\n# requires: '>=35'\n# test: test.sh\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n", i, i, depends)
		require.NoError(b, os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte(header), 0o644))
		require.NoError(b, os.WriteFile(filepath.Join(folder, "test.sh"), []byte("true\n"), 0o755))
	}
	ref, err := shared.FrontendImage(b.Context())
	require.NoError(b, err)
	text := "# syntax=" + ref + "\ntarget: {l4t: 36.4.3}\npackages: [p49]\n"
	require.NoError(b, os.WriteFile(filepath.Join(dir, "jetson.yaml"), []byte(text), 0o644))
	cli := filepath.Join(b.TempDir(), "jetkit")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-o", cli, "jetkit/cmd/jetkit").CombinedOutput()
	require.NoError(b, err, string(out))

	fromDisk := func() int64 {
		cmd := exec.CommandContext(b.Context(), cli, "plan", "--platform", "linux/arm64")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(b, err, string(out))
		return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	}
	throughGateway := func() {
		res := shared.Buildx(b.Context(), harness.BuildxRun{Dir: dir, Args: []string{"-f", "jetson.yaml", "--platform", "linux/arm64", "--call", "jetson.plan", "."}})
		require.NoError(b, res.Err())
	}
	start := time.Now()
	throughGateway()
	first := time.Since(start)
	var disk, gateway time.Duration
	memory := int64(0)
	for b.Loop() { // in turn, so that other work on the machine slows both
		start := time.Now()
		memory = max(memory, fromDisk())
		middle := time.Now()
		throughGateway()
		disk, gateway = disk+middle.Sub(start), gateway+time.Since(middle)
	}
	b.ReportMetric(first.Seconds(), "first-gateway-s")
	b.ReportMetric(disk.Seconds()/float64(b.N), "disk-s/op")
	b.ReportMetric(gateway.Seconds()/float64(b.N), "gateway-s/op")
	b.ReportMetric(gateway.Seconds()/disk.Seconds(), "gateway/disk")
	b.ReportMetric(float64(memory)/1024, "disk-MiB")
}
