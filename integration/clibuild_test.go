//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/integration/progress"
)

// ran is what came of a call of the jetkit command.
type ran struct {
	stdout, stderr string
	code           int
	steps          []*progress.Step
}

// jetkit runs the command in the project's folder, on the shared builder, and with the base image that tests build on.
// Env is added to its environment, "NAME=value".
func (p *project) jetkit(t *testing.T, env []string, args ...string) *ran {
	t.Helper()
	args = append([]string{"build", "--progress", "plain", "--base", base(t)}, args...)
	cmd := jetkitCommand(t, shared.Daemon, p.dir, args...)
	cmd.Env = append(cmd.Env, env...)
	return runCommand(t, cmd)
}

func runCommand(t *testing.T, cmd *exec.Cmd) *ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited {
		require.NoError(t, err)
	}
	return &ran{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), progress.Parse(stderr.String())}
}

// succeeded requires that the command did.
func (r *ran) succeeded(t *testing.T) *ran {
	t.Helper()
	require.Zero(t, r.code, "%s%s", r.stdout, r.stderr)
	return r
}

// executed names the steps of packages and tests that ran.
func (r *ran) executed() []string {
	return (&built{steps: r.steps}).executed()
}

// tested is a tree of one package with a test.
func tested() files {
	return one("name: a\ntest: test.sh", "COPY data /data.txt\nRUN echo @ID@ > /made\n").and(files{
		"packages/a/data": "data of @ID@\n", "packages/a/left": "out\n", "packages/a/.dockerignore": "left\n",
		"packages/a/test.sh": script("test -s /made"),
	})
}

// TestBuildAsFrontendImage builds with the jetkit command and through the frontend's image, in both orders: the second
// finds every step in the cache, and makes the same image.
func TestBuildAsFrontendImage(t *testing.T) {
	t.Parallel()
	steps := []string{"[a 1/2] COPY data /data.txt", "[a 2/2] RUN echo ", "[test a] test.sh"}
	begin := func(t *testing.T, names []string) {
		t.Helper()
		require.Len(t, names, len(steps), "%v", names)
	}
	digest := func(t *testing.T, ref string) string {
		t.Helper()
		image, err := shared.Image(t.Context(), ref, "")
		require.NoError(t, err)
		d, err := image.Digest()
		require.NoError(t, err)
		return d.String()
	}
	own := func(t *testing.T, p *project, ref string) *ran {
		t.Helper()
		return p.jetkit(t, nil, "-f", "jetson.yaml", "--build-arg", "SOURCE_DATE_EPOCH=1700000000",
			"--output", "type=image,push=true,rewrite-timestamp=true", "--tag", ref, "--provenance=false").succeeded(t)
	}
	for _, first := range []string{"image", "command"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			p := newProject(t, tested())
			ref := shared.Ref(p.id + ":own")
			if first == "image" {
				b := p.build(t, pushTimeless("image"))
				begin(t, b.executed())
				r := own(t, p, ref)
				assert.Empty(t, r.executed(), r.stderr)
				assert.Equal(t, digest(t, b.image), digest(t, ref))
				return
			}
			r := own(t, p, ref)
			begin(t, r.executed())
			assert.Equal(t, ref+"\n", r.stdout)
			b := p.build(t, pushTimeless("image"))
			assert.Empty(t, b.executed(), b.Stderr)
			assert.Equal(t, digest(t, b.image), digest(t, ref))
		})
	}
}

// TestBuildLoads loads into a Docker engine, under jetson-containers' name, and does not load what is there already.
func TestBuildLoads(t *testing.T) {
	t.Parallel()
	engine, err := shared.Dockerd(t.Context())
	require.NoError(t, err)
	p := newProject(t, tested())
	docker := []string{"DOCKER_HOST=" + engine.Host}
	args := []string{"a", "--l4t", "36.4.3", "--arch", "x86_64", "--name", strings.ToLower(p.id) + "/", "--push=" + shared.Ref("user-"+p.id)}
	r := p.jetkit(t, docker, append(args, "--metadata-file", "meta.json", "--iidfile", "id")...).succeeded(t)
	require.Regexp(t, `^\S+/a:\S+\n\S+/a:\S+\n$`, r.stdout)
	pushed, local, _ := strings.Cut(strings.TrimSpace(r.stdout), "\n")
	assert.True(t, strings.HasPrefix(pushed, shared.Ref("user-"+p.id)+"/a:"), pushed)
	assert.True(t, strings.HasPrefix(local, p.id+"/a:"), local)
	assert.Contains(t, r.stderr, "loaded into Docker\n")
	_, err = shared.ImageConfig(t.Context(), pushed)
	require.NoError(t, err, "the image should be in the registry")
	var meta map[string]any
	dt, err := os.ReadFile(filepath.Join(p.dir, "meta.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(dt, &meta))
	id, err := os.ReadFile(filepath.Join(p.dir, "id"))
	require.NoError(t, err)
	assert.Equal(t, string(id), meta["containerimage.config.digest"])
	inspect := engine.Docker(t.Context(), harness.DockerRun{Args: []string{"image", "inspect", "--format", "{{.Id}}", local}})
	require.NoError(t, inspect.Err())
	assert.Equal(t, string(id), strings.TrimSpace(inspect.Stdout))

	loads := func() int {
		// docker cuts times to whole seconds, and what is of this second is over in the next one.
		events := engine.Docker(t.Context(), harness.DockerRun{Args: []string{"events", "--since", "1h", "--until", "-1s", "--filter", "event=load"}})
		require.NoError(t, events.Err())
		return strings.Count(events.Stdout, string(id))
	}
	first := loads() // its ID stands in an event more than once
	require.NotZero(t, first)
	quiet := p.jetkit(t, docker, append(args, "--quiet")...).succeeded(t)
	assert.Equal(t, string(id)+"\n", quiet.stdout)
	assert.Empty(t, quiet.stderr)
	assert.Equal(t, first, loads(), "the image should not be loaded again")
}

// TestBuildOnAFreshMachine has neither Docker nor a builder: jetkit starts one of its own, and writes a file.
func TestBuildOnAFreshMachine(t *testing.T) {
	t.Parallel()
	p := newProject(t, tested())
	home := t.TempDir()
	program := jetkitProgram(t)
	run := func(args ...string) *ran {
		cmd := exec.Command(program, args...)
		cmd.Dir = p.dir
		tools, err := filepath.Abs(filepath.Join("..", ".cache", "bin"))
		require.NoError(t, err)
		cmd.Env = []string{
			"PATH=" + tools + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + home, "DOCKER_CONFIG=" + home,
			"JETKIT_BUILDER_DIR=" + filepath.Join(home, "b"), "DOCKER_HOST=unix://" + home + "/no-docker.sock",
		}
		return runCommand(t, cmd)
	}
	t.Cleanup(func() { run("builder", "stop") })
	args := []string{"build", "a", "--progress", "plain", "--base", base(t), "--tag", "fresh:1"}
	r := run(args...).succeeded(t)
	assert.Len(t, r.executed(), 3, r.stderr)
	assert.Contains(t, r.stderr, "nothing here loads images, so it is in the file\n")
	list, err := filepath.Glob(filepath.Join(home, ".local/share/jetkit/images/fresh_1.*.tar"))
	require.NoError(t, err)
	require.Len(t, list, 1)
	before, err := os.Stat(list[0])
	require.NoError(t, err)
	again := run(args...).succeeded(t)
	assert.Empty(t, again.executed(), again.stderr)
	after, err := os.Stat(list[0])
	require.NoError(t, err)
	assert.Equal(t, before.ModTime(), after.ModTime(), "the file should not be written again")
}

// TestBuildAsksForPrivileges has a test that runs without a sandbox.
func TestBuildAsksForPrivileges(t *testing.T) {
	t.Parallel()
	p := newProject(t, tested())
	args := []string{"a", "--output", "type=cacheonly", "--build-arg", "TEST_PRIVILEGED=a"}
	refused := p.jetkit(t, nil, args...)
	assert.Equal(t, 1, refused.code)
	assertContains(t, refused.stderr, "security.insecure is not allowed", "add --allow security.insecure to the command", "needed by test.sh of a")
	assert.Empty(t, refused.executed())
	r := p.jetkit(t, nil, append(args, "--yes")...).succeeded(t)
	assertContains(t, r.stderr, "security.insecure for tests of a: run as root of the builder's machine", "allowed, as --yes says")
	assert.Equal(t, 1, strings.Count(r.stderr, "\nPACKAGE "), "tables:\n%s", r.stderr)
	p.jetkit(t, nil, append(args, "--allow", "security.insecure")...).succeeded(t)

	term := onTerminal(t, jetkitCommand(t, shared.Daemon, p.dir, append([]string{"build", "--base", base(t), "--progress", "plain"}, args...)...))
	term.sees(t, "Allow it for this build? [y/N]")
	term.types(t, "n\n")
	term.sees(t, "ERROR: not allowed: security.insecure")
	assert.Equal(t, 1, term.ends(t))
}

// TestBuildMultiple builds an image of each package, and goes on after one that fails.
func TestBuildMultiple(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":               "packages: [a1]\n",
		"packages/below/Dockerfile": dockerfile("name: below", "RUN echo @ID@ > /below\n"),
		"packages/a1/Dockerfile":    dockerfile("name: a1\ndepends: below", "RUN echo 1 @ID@ > /a1\n"),
		"packages/a2/Dockerfile":    dockerfile("name: a2\ndepends: below", "RUN echo 2 @ID@; exit 3\n"),
		"packages/a3/Dockerfile":    dockerfile("name: a3\ndepends: below", "RUN echo 3 @ID@ > /a3\n"),
	})
	args := []string{"--multiple", "a*", "--output", "type=cacheonly"}
	r := p.jetkit(t, nil, append(args, "--skip-errors")...)
	assert.Equal(t, 1, r.code)
	assertContains(t, r.stderr, "[1/3] a1\n", "exit code: 3", "ERROR: 1 of 3 images failed")
	assert.Regexp(t, `(?m)^a1 +success `, r.stderr)
	assert.Regexp(t, `(?m)^a2 +failure `, r.stderr)
	assert.Regexp(t, `(?m)^a3 +success `, r.stderr)
	assert.Len(t, regexp.MustCompile(`(?m)^#\d+ \[below 1/1\] RUN`).FindAllString(r.stderr, -1), 3)
	assert.Empty(t, r.stdout, "nothing has the images' names")

	stopped := p.jetkit(t, nil, args...)
	assert.Equal(t, 1, stopped.code)
	assert.Contains(t, stopped.stderr, "1 more were not begun; --skip-errors goes on\n")
	assert.Empty(t, stopped.executed(), "what succeeded before is cached")
}

// TestBuildRunsConfigPyOnTheBuilder plans packages with a config.py without a Python here.
func TestBuildRunsConfigPyOnTheBuilder(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":           "packages: [p]\n",
		"packages/p/Dockerfile": dockerfile("name: p\nconfig: config.py", "ARG WHO\nRUN echo $WHO @ID@ > /who\n"),
		"packages/p/config.py":  "package['build_args'] = {'WHO': 'me'}\npackage['name'] = 'p:one'\n",
	})
	args := []string{"--build-arg", "PYTHON_IMAGE=" + pythonImage(t)}
	simulated := p.jetkit(t, nil, append(args, "--simulate", "p:one")...).succeeded(t)
	assert.Contains(t, simulated.stdout, "arg    WHO=me", simulated.stdout)
	assert.Regexp(t, `(?m)^  p:one-\S+$`, simulated.stdout)
	planned := runCommand(t, jetkitCommand(t, shared.Daemon, p.dir, append([]string{"plan", "p:one", "--builder", shared.Daemon.Addr}, args...)...)).succeeded(t)
	assert.Contains(t, planned.stdout, "arg    WHO=me")
	listed := p.jetkit(t, nil, append(args, "--list-packages", "p*")...).succeeded(t)
	assertContains(t, listed.stdout, "p:one\n")
	built := p.jetkit(t, nil, append(args, "--output", "type=cacheonly", "--multiple", "p:*")...).succeeded(t)
	assert.Regexp(t, `(?m)^p:one `, built.stderr)
	assert.Empty(t, built.stdout, "nothing has the image's name")
}

// TestPlanCheck finds what docker buildx build --check does.
func TestPlanCheck(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a", "RUN apt-get update\nCMD x\n").and(files{"jetson.yaml": "packages: [a]\ntests: {skip: [zz]}\n"}))
	check := func(more ...string) *ran {
		args := append([]string{"plan", "--check", "--builder", shared.Daemon.Addr, "--build-arg", "BASE_IMAGE=" + base(t)}, more...)
		return runCommand(t, jetkitCommand(t, shared.Daemon, p.dir, args...))
	}
	found := check()
	assert.Equal(t, 1, found.code, found.stderr)
	assert.Equal(t, `jetson.yaml:4: warning: tests.skip: no package of the chain goes by zz [unused-name]
packages/a/Dockerfile:6: warning: apt's lists of packages stay in the layer: a later instruction cannot take them out of it [apt-lists]
    hint: end the instruction with: && rm -rf /var/lib/apt/lists/*
packages/a/Dockerfile:7: warning: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals [JSONArgsRecommended]
    hint: JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals
`, found.stdout)
	var results lint.LintResults
	require.NoError(t, json.Unmarshal([]byte(check("--format", "json").stdout), &results))
	assert.Len(t, results.Warnings, 3)
	clean := check("--arg", "BUILDKIT_DOCKERFILE_CHECK=skip=all").succeeded(t)
	assert.Equal(t, "no warnings\n", clean.stdout)
}

// TestBuildListsWithoutConfigPy says which packages a list lacks, and why.
func TestBuildListsWithoutConfigPy(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":           "packages: [p]\n",
		"packages/p/Dockerfile": dockerfile("name: p\nconfig: config.py", "RUN true\n"),
		"packages/p/config.py":  "package['name'] = 'p:one'\n",
	})
	for _, question := range []string{"--list-packages", "--show-packages"} {
		failed := p.jetkit(t, nil, "--build-arg", "PYTHON_IMAGE=127.0.0.1:1/python", question, "p*")
		assert.Equal(t, 1, failed.code)
		assertContains(t, failed.stderr, "1 package is not known: its config.py could not run: ", "127.0.0.1:1/python")
	}
}

// TestBuildInterrupted ends a build with Ctrl-C.
func TestBuildInterrupted(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a", "RUN echo begun @ID@; sleep 100\n"))
	out := filepath.Join(p.dir, "image.tar")
	cmd := jetkitCommand(t, shared.Daemon, p.dir, "build", "a", "--base", base(t), "--progress", "plain", "--output", "type=oci,dest="+out, "--metadata-file", filepath.Join(p.dir, "meta.json"))
	term := onTerminal(t, cmd)
	term.sees(t, "begun "+p.id)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	assert.Equal(t, 130, term.ends(t))
	left, err := os.ReadDir(p.dir)
	require.NoError(t, err)
	for _, entry := range left {
		assert.Contains(t, []string{"jetson.yaml", "packages"}, entry.Name())
	}
}
