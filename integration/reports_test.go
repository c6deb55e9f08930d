//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reportOf is what tests read of a report of jetkit build.
type reportOf struct {
	Result string
	Builds []struct {
		Name, Result, Error, Digest string
		Steps                       []struct {
			Name, Phase, Result, Log string
			Packages                 []string
			Output                   struct{ Text string }
		}
		Critical []int
		Images   []struct {
			Packages []struct {
				Name, Result string
				CachedSteps  int `json:"cached_steps"`
				Size         *int64
			}
			Tests []struct {
				Package, Name, Result string
				Cached                bool
			}
			Layers []struct{ Owner, Package string }
		}
	}
}

// reportBuild runs jetkit build with all kinds of reports, in the project's folder.
func (p *project) reportBuild(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	args = append([]string{"build", "--base", base(t), "--progress", "quiet", "--log-dir", "logs", "--report", "report.json", "--report", "report.html", "--junit", "junit.xml"}, args...)
	return jetkitCommand(t, shared.Daemon, p.dir, args...)
}

func (p *project) report(t *testing.T) *reportOf {
	t.Helper()
	var r reportOf
	require.NoError(t, json.Unmarshal([]byte(p.read(t, "report.json")), &r))
	require.Len(t, r.Builds, 1)
	for _, file := range []string{"report.html", "junit.xml"} {
		require.NotEmpty(t, p.read(t, file))
	}
	return &r
}

// A report knows of each step and layer whose it is, from a real builder.
func TestReports(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":           "packages: [b]\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "RUN echo made a: @ID@ && head -c 300000 /dev/urandom > /a\n"),
		"packages/a/test.sh":    script("echo testing a"),
		"packages/b/Dockerfile": dockerfile("name: b\ndepends: a", "RUN echo @ID@ > /b\n"),
	})
	var stderr bytes.Buffer
	cmd := p.reportBuild(t, "--output", "type=oci,dest=image.tar")
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Run(), "%s", &stderr)
	assert.Regexp(t, `(?m)^a +\d.*s +0/1 +2 passed, .*s +300kB$`, stderr.String())
	r := p.report(t)
	b := r.Builds[0]
	assert.Equal(t, "success", r.Result)
	assert.Equal(t, "b", b.Name)
	assert.NotEmpty(t, b.Digest)
	assert.NotEmpty(t, b.Critical)
	var owners []string
	for _, l := range b.Images[0].Layers {
		owners = append(owners, strings.TrimSpace(l.Owner+" "+l.Package))
	}
	assert.Equal(t, []string{"base", "package a", "package b", "seal"}, owners)
	assert.Greater(t, *b.Images[0].Packages[0].Size, int64(299000))
	assert.Equal(t, "# [a 1/1] RUN echo made a: "+p.id+" && head -c 300000 /dev/urandom > /a\nmade a: "+p.id+"\n# DONE ",
		p.read(t, "logs/build/01o02_a-1o1.txt")[:len("# [a 1/1] RUN echo made a:  && head -c 300000 /dev/urandom > /a\nmade a: \n# DONE ")+2*len(p.id)])

	require.NoError(t, p.reportBuild(t, "--output", "type=cacheonly").Run())
	again := p.report(t).Builds[0].Images[0]
	assert.Equal(t, "cached", again.Packages[0].Result)
	assert.Equal(t, 1, again.Packages[0].CachedSteps)
	assert.Nil(t, again.Packages[0].Size, "nobody knows sizes of no image")
	assert.True(t, again.Tests[0].Cached)
}

// A build that fails, is interrupted or killed leaves what there is to know.
func TestReportsOfFailures(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a]\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "RUN echo @ID@ > /a\n"),
		"packages/a/test.sh":    script("echo so far so bad; exit 3"),
	})
	err := p.reportBuild(t, "--output", "type=cacheonly").Run()
	require.Error(t, err)
	r := p.report(t)
	assert.Equal(t, "failure", r.Result)
	assert.Contains(t, r.Builds[0].Error, `test "test.sh" of package a failed`)
	assert.Contains(t, p.read(t, "report.html"), "so far so bad")
	assert.Contains(t, p.read(t, "junit.xml"), `failures="1"`)

	p.write(t, files{"packages/a/test.sh": script("echo it takes long; exec sleep 60")})
	log := "logs/test/01-1_a_test.sh.txt"
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGKILL: -1} {
		require.NoError(t, os.RemoveAll(filepath.Join(p.dir, "logs")))
		cmd := p.reportBuild(t, "--output", "type=cacheonly")
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool {
			dt, err := os.ReadFile(filepath.Join(p.dir, log))
			return err == nil && bytes.Contains(dt, []byte("it takes long\n"))
		}, 30*time.Second, 50*time.Millisecond)
		require.NoError(t, cmd.Process.Signal(signal))
		exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
		require.True(t, ok)
		assert.Equal(t, code, exit.ExitCode())
		assert.True(t, strings.HasPrefix(p.read(t, log), "# [test a] test.sh\nit takes long\n"))
		if signal == syscall.SIGINT {
			assert.Equal(t, "interrupted", p.report(t).Result)
		}
		left, err := filepath.Glob(filepath.Join(p.dir, ".jetkit-*"))
		require.NoError(t, err)
		assert.Empty(t, left, "half-written files")
	}
}

// Two builds that ask for the same at once get one run of it, and both know what it was.
func TestReportsOfSharedSteps(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a]\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "COPY test.sh /a\nRUN echo @ID@ && sleep 5\n"),
		"packages/a/test.sh":    script("true"),
	})
	both := func(args ...string) (texts []string, errs []error) {
		texts, errs = make([]string, 2), make([]error, 2)
		var wait sync.WaitGroup
		for i := range 2 {
			wait.Go(func() {
				args := append([]string{"build", "--base", base(t), "--progress", "plain", "--report", fmt.Sprintf("report%d.json", i)}, args...)
				text, err := jetkitCommand(t, shared.Daemon, p.dir, args...).CombinedOutput()
				texts[i], errs[i] = string(text), err
			})
		}
		wait.Wait()
		return texts, errs
	}
	texts, errs := both("--output", "type=cacheonly")
	for i := range 2 {
		require.NoError(t, errs[i], texts[i])
		var r reportOf
		require.NoError(t, json.Unmarshal([]byte(p.read(t, fmt.Sprintf("report%d.json", i))), &r))
		image := r.Builds[0].Images[0]
		assert.Equal(t, "ran", image.Packages[0].Result, texts[i])
		assert.Equal(t, "passed", image.Tests[0].Result, texts[i])
	}

	p.write(t, files{"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "COPY test.sh /a\nRUN echo @ID@ && sleep 5 && exit 7\n")})
	texts, errs = both("--output", "type=cacheonly")
	for i := range 2 {
		require.Error(t, errs[i])
		assert.Contains(t, texts[i], "package a failed in step 2/2 (packages/a/Dockerfile:")
	}
}
