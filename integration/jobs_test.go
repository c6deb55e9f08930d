//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/platforms"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"jetkit/integration/harness"
	"jetkit/integration/progress"
	"jetkit/pkgspec/plan/jobs"
)

// graphTree has packages that can be built at the same time: base, then left, middle and the row right1, right2, then top.
// Each takes some seconds, given as the argument of sleep, and has a test.
func graphTree(seconds string) files {
	needs := map[string]string{"base": "", "left": "base", "middle": "base", "right1": "base", "right2": "right1", "top": "left, middle, right2"}
	tree := files{"jetson.yaml": "layers: packages\npackages: [top]\n"}
	for name, needed := range needs {
		tree["packages/"+name+"/Dockerfile"] = dockerfile("name: "+name+"\ndepends: ["+needed+"]\ntest: test.sh",
			"COPY data.txt /"+name+"\nRUN sleep "+seconds+" && echo @ID@ >> /"+name+"\n")
		tree["packages/"+name+"/data.txt"] = name + " of @ID@\n"
		tree["packages/"+name+"/test.sh"] = script("cat /" + name)
	}
	return tree
}

// jobsOf asks for the jobs of a project. Their caches are in the registry.
func (p *project) jobsOf(t *testing.T, options ...buildOption) jobs.Jobs {
	t.Helper()
	b := p.build(t, append(options, arg("JETKIT_JOBS_CACHE="+shared.Ref(p.id+":{job}")), with("--call", "jetson.jobs,format=json"))...)
	var found jobs.Jobs
	require.NoError(t, json.Unmarshal([]byte(b.Stdout), &found), b.Stdout)
	return found
}

// options are what a job adds to the command that builds everything.
func options(job jobs.Job, mode string) []buildOption {
	o := []buildOption{cacheFrom(job.CacheFrom...), with("--cache-to", "type=registry,mode="+mode+",ref="+job.CacheTo)}
	if job.Target != "" {
		o = append(o, with("--target", job.Target), arg("TESTS="+job.Tests))
	}
	return o
}

// packagesOf names the packages whose instructions or own tests are among the steps, once each.
func packagesOf(steps []string) []string {
	of := regexp.MustCompile(`^\[(?:test )?([^] ]+)[] ]`)
	var names []string
	seen := map[string]bool{}
	for _, step := range steps {
		m := of.FindStringSubmatch(step)
		if len(m) == 2 && !seen[m[1]] && !strings.Contains(step, " on image]") {
			seen[m[1]] = true
			names = append(names, m[1])
		}
	}
	return names
}

// workflow is a workflow of GitHub Actions, as far as its shell goes. Aliases are read as what they stand for.
type workflow struct {
	Jobs map[string]struct {
		Steps []struct {
			ID, Run string
		}
	}
}

// run runs the shell step of a job of the workflow as GitHub does, with the registry of the tests for GitHub's.
func (w *workflow) run(t *testing.T, p *project, on *harness.Daemon, name string, env ...string) *built {
	t.Helper()
	for _, step := range w.Jobs[name].Steps {
		if step.Run == "" {
			continue
		}
		registry, _, _ := strings.Cut(shared.Ref("x"), "/")
		shell := strings.ReplaceAll(step.Run, "ghcr.io/", registry+"/")
		run := harness.BuildxRun{
			Daemon: on, Dir: p.dir, Args: []string{"--noprofile", "--norc", "-eo", "pipefail", "-c", shell},
			Env: append([]string{"GITHUB_REPOSITORY=Robots/" + p.id, "GITHUB_SHA=0123abcd", "PLATFORMS=" + platforms.DefaultString()}, env...),
		}
		b := &built{Result: shared.Bash(t.Context(), run), image: registry + "/robots/" + p.id + "/robot:0123abcd-" + runtime.GOARCH}
		b.steps = progress.Parse(b.Stderr)
		return b
	}
	require.Fail(t, "the job "+name+" has no shell step")
	return nil
}

// outputsOf reads a file that a step wrote its outputs to.
func outputsOf(t *testing.T, file string) map[string]string {
	t.Helper()
	dt, err := os.ReadFile(file)
	require.NoError(t, err)
	outputs := map[string]string{}
	for line := range strings.Lines(string(dt)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		outputs[name] = value
	}
	return outputs
}

// The workflow's jobs on four builders: three build packages, and one that built none of them the image.
func TestLayersWorkflow(t *testing.T) {
	t.Parallel()
	var w workflow
	dt, err := os.ReadFile("../examples/ci/github/layers.yml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(dt, &w))
	tree := graphTree("0")
	tree["jetson.yaml"] += "base: " + base(t) + "\n"
	p := newProject(t, tree)

	output, summary := filepath.Join(t.TempDir(), "output"), filepath.Join(t.TempDir(), "summary")
	require.NoError(t, w.run(t, p, nil, "plan", "GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+summary).Err())
	outputs := outputsOf(t, output)
	require.Equal(t, "3", outputs["waves"])
	text, err := os.ReadFile(summary)
	require.NoError(t, err)
	assert.Contains(t, string(text), "builds right1, right2; after base")

	matrix := func(name string) []json.RawMessage {
		var m struct{ Include []json.RawMessage }
		require.NoError(t, json.Unmarshal([]byte(outputs[name]), &m), name)
		return m.Include
	}
	builders := []*harness.Daemon{shared.Daemon, secondDaemon(t), remoteDaemon(t)}
	next := 0
	for _, wave := range []string{"wave1", "wave2", "wave3"} {
		var running sync.WaitGroup // parallel tests within this one would wait for all others to end, wave by wave
		for _, dt := range matrix(wave) {
			var job jobs.Job
			require.NoError(t, json.Unmarshal(dt, &job))
			builder := builders[next%len(builders)]
			next++
			running.Go(func() {
				b := w.run(t, p, builder, wave, "JOB="+string(dt))
				if assert.NoError(t, b.Err()) {
					assert.ElementsMatch(t, job.Packages, packagesOf(b.executed()), "packages that the job of %s built", job.Name)
				}
			})
		}
		running.Wait()
		require.False(t, t.Failed(), wave)
	}
	require.Len(t, matrix("image"), 1)
	job := "JOB=" + string(matrix("image")[0])
	b := w.run(t, p, startDaemon(t, "fresh", harness.DaemonOptions{}), "image", job)
	require.NoError(t, b.Err())
	assert.Empty(t, packagesOf(b.executed()), "packages that the job of the image built")
	assert.Len(t, b.executed(), 6, "tests on the image")
	for _, name := range []string{"base", "left", "middle", "right1", "right2", "top"} {
		assert.Equal(t, name+" of "+p.id+"\n"+p.id+"\n", b.file(t, "/"+name))
	}

	again := w.run(t, p, gpuDaemon(t), "image", job) // another builder that built nothing
	require.NoError(t, again.Err())
	again.assertExecuted(t)
	assert.Equal(t, b.digest(t), again.digest(t))
}

// The script does the same with the builders that buildx knows. Here each runs one step at a time, as one would whose
// packages keep all its cores busy.
func TestWavesScript(t *testing.T) {
	t.Parallel()
	p := newProject(t, graphTree("1"))
	daemons := make([]*harness.Daemon, 4)
	for i := range daemons {
		daemons[i] = startDaemon(t, "wave", harness.DaemonOptions{MaxParallelism: 1})
	}
	alone := p.build(t, on(daemons[3]), pushTimeless("alone"), with("--provenance=false"))

	args := []string{shared.Ref(p.id + ":{job}")}
	for _, d := range daemons[:3] {
		args = append(args, d.Builder)
	}
	together := &built{image: shared.Ref(p.id + ":together")}
	args = append(args, "--", "-f", "jetson.yaml", "--build-arg", "BASE_IMAGE="+base(t), "--build-arg", "SOURCE_DATE_EPOCH=1700000000",
		"--provenance=false", "--tag", together.image, "--output", "type=image,push=true,rewrite-timestamp=true", ".")
	together.Result = shared.Example(t.Context(), "ci/waves.sh", harness.BuildxRun{Dir: p.dir, Args: args})
	require.NoError(t, together.Err())

	for i, d := range daemons[:3] {
		// The third has a job only while the first two have one.
		assert.Contains(t, together.Stdout, d.Builder+": ", "builder %d has built nothing", i+1)
	}
	assert.Contains(t, together.Stdout, fmt.Sprintf("%s: image\n", daemons[0].Builder))
	assert.Equal(t, alone.digest(t), together.digest(t), "image")
	t.Logf("one builder %.1fs, three builders %.1fs", alone.Duration.Seconds(), together.Duration.Seconds())
}

// Who keeps no test results can do with the layers alone: a package's layer is one of the image of its job.
func TestJobsWithoutTests(t *testing.T) {
	t.Parallel()
	p := newProject(t, graphTree("0"))
	found := p.jobsOf(t, arg("TESTS=none"))
	builders := []*harness.Daemon{shared.Daemon, secondDaemon(t)}
	for _, wave := range found.Waves {
		for i, job := range wave.Include {
			b := p.build(t, append(options(job, "min"), on(builders[i%2]))...)
			assert.ElementsMatch(t, job.Packages, packagesOf(b.executed()), "packages that the job of %s built", job.Name)
		}
	}
	b := p.build(t, append(options(found.Image.Include[0], "min"), on(remoteDaemon(t)), arg("TESTS=none"), push())...)
	b.assertExecuted(t)
	assert.Equal(t, "top of "+p.id+"\n"+p.id+"\n", b.file(t, "/top"))
}
