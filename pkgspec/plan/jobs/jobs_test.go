package jobs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/distribution/reference"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// planOf makes a plan of lines such as "numpy: python": a package and what it needs.
func planOf(form plan.LayersForm, lines ...string) *plan.Plan {
	p := &plan.Plan{Layers: plan.Layers{Form: form}}
	for _, line := range lines {
		name, needs, _ := strings.Cut(line, " <")
		p.Steps = append(p.Steps, plan.Step{Name: name, Dockerfile: "Dockerfile", Needs: strings.Fields(needs)})
	}
	return p
}

// change edits a step of a plan.
func change(p *plan.Plan, name string, edit func(*plan.Step)) *plan.Plan {
	for i := range p.Steps {
		if p.Steps[i].Name == name {
			edit(&p.Steps[i])
		}
	}
	return p
}

// shape writes jobs as "a b+c | d": waves, and in each the jobs with their packages.
func shape(j *Jobs) string {
	waves := make([]string, len(j.Waves))
	for i, wave := range j.Waves {
		jobs := make([]string, len(wave.Include))
		for k, job := range wave.Include {
			jobs[k] = strings.Join(job.Packages, "+")
		}
		waves[i] = strings.Join(jobs, " ")
	}
	return strings.Join(waves, " | ")
}

func of(p *plan.Plan, pattern CachePattern) *Jobs {
	return Of([]Platform{{Name: "linux/arm64", Plan: p}}, pattern)
}

func TestWaves(t *testing.T) {
	const packages = plan.LayersPackages
	gpu := func(s *plan.Step) { s.BuildGPU = plan.GPUCDI }
	group := func(s *plan.Step) { s.Dockerfile = "" }
	for name, c := range map[string]struct {
		plan *plan.Plan
		want string
	}{
		"nothing":     {planOf(packages), ""},
		"independent": {planOf(packages, "a", "b", "c"), "a b c"},
		"a row":       {planOf(packages, "a", "b <a", "c <b"), "a+b+c"},
		"a diamond":   {planOf(packages, "a", "b <a", "c <a", "d <b c"), "a | b c | d"},
		"rows beside each other": {
			planOf(packages, "base", "a1 <base", "b1 <base", "a2 <a1", "b2 <b1", "top <a2 b2"), "base | a1+a2 b1+b2 | top",
		},
		"a need that comes with another one": {planOf(packages, "a", "b <a", "c <a b"), "a+b+c"},
		"a package by another path too":      {planOf(packages, "a", "b <a", "c <b", "d <a c", "e <a"), "a | b+c+d e"},
		"after all":                          {change(planOf(packages, "a", "b", "app", "c <app"), "app", func(s *plan.Step) { s.AfterAll = true }), "a b | app+c"},
		"a need that the plan leaves out":    {planOf(packages, "a <gone"), "a"},
		"a group is no job":                  {change(planOf(packages, "a", "b", "all <a b", "c <all"), "all", group), "a b | c"},
		"a group in a row":                   {change(planOf(packages, "a", "all <a", "c <all"), "all", group), "a+c"},
		"a GPU in a row":                     {change(planOf(packages, "a", "b <a", "c <b"), "b", gpu), "a | b | c"},
		"a chain":                            {planOf("", "a", "b", "c"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			jobs := of(c.plan, "")
			assert.Equal(t, c.want, shape(jobs))
			require.Len(t, jobs.Image.Include, 1)
			assertOrder(t, jobs)
		})
	}
}

// assertOrder checks that each job needs jobs of waves before, and the image all of them.
func assertOrder(t *testing.T, jobs *Jobs) {
	t.Helper()
	done := []string{}
	for _, wave := range jobs.Waves {
		assert.LessOrEqual(t, len(wave.Include), MaxJobs)
		ids := make([]string, len(wave.Include))
		for i, job := range wave.Include {
			assert.Subset(t, done, job.Needs, "%s needs a job that is not done", job.Name)
			ids[i] = job.ID
		}
		done = append(done, ids...)
	}
	assert.ElementsMatch(t, done, jobs.Image.Include[0].Needs, "what the image needs")
}

func TestManyJobs(t *testing.T) {
	lines := make([]string, 2*MaxJobs+1)
	for i := range lines {
		lines[i] = fmt.Sprintf("p%d", i)
	}
	jobs := of(planOf(plan.LayersPackages, lines...), "")
	require.Len(t, jobs.Waves, 3)
	assert.Len(t, jobs.Waves[2].Include, 1)
	assertOrder(t, jobs)
}

func TestJob(t *testing.T) {
	p := planOf(plan.LayersPackages, "base", "Torch:2.8 <base", "cv <base", "app <Torch:2.8 cv")
	change(p, "Torch:2.8", func(s *plan.Step) { s.GPU, s.Tests = true, []plan.Test{{Name: "test.py", Intermediate: true}} })
	change(p, "app", func(s *plan.Step) { s.GPU, s.Tests = true, []plan.Test{{Name: "test.py", Final: true}} })
	jobs := of(p, "example.com/cache:main-{job}")

	assert.Equal(t, Job{
		ID: "torch-2.8-linux-arm64", Name: "Torch:2.8", Target: "Torch:2.8", Packages: []string{"Torch:2.8"}, Platform: "linux/arm64",
		Needs: []string{"base-linux-arm64"}, GPU: true, Tests: "intermediate",
		CacheFrom: []string{"example.com/cache:main-base-linux-arm64", "example.com/cache:main-torch-2.8-linux-arm64"},
		CacheTo:   "example.com/cache:main-torch-2.8-linux-arm64",
	}, jobs.Waves[1].Include[0])
	assert.False(t, jobs.Waves[2].Include[0].GPU, "the job of app, whose only test waits for the image")
	image := jobs.Image.Include[0]
	assert.True(t, image.GPU, "the image's job runs a test that needs a GPU")
	assert.Empty(t, image.Tests+image.Target)
	assert.Len(t, image.CacheFrom, 5, "the packages' caches and its own")
	assert.Equal(t, "example.com/cache:main-image-linux-arm64", image.CacheTo)

	change(p, "Torch:2.8", func(s *plan.Step) { s.Tests[0] = plan.Test{Name: "test.py", Skipped: "tests.run is none"} })
	jobs = of(p, "")
	assert.False(t, jobs.Waves[1].Include[0].GPU, "a job whose tests are skipped")
	assert.Equal(t, "none", jobs.Waves[1].Include[0].Tests)
	assert.Empty(t, jobs.Waves[1].Include[0].CacheFrom)
}

// A chain is one job, which needs what any of its packages needs.
func TestChain(t *testing.T) {
	jobs := of(change(planOf("", "a", "b"), "a", func(s *plan.Step) { s.BuildGPU = plan.GPURuntime }), "example.com/c:{job}")
	assert.Equal(t, plan.LayersChain, jobs.Layers)
	assert.Contains(t, jobs.Note, "LAYERS=packages")
	assert.Equal(t, []Job{{
		ID: "image-linux-arm64", Name: "image", Platform: "linux/arm64", GPU: true,
		CacheFrom: []string{"example.com/c:image-linux-arm64"}, CacheTo: "example.com/c:image-linux-arm64",
	}}, jobs.Image.Include)
}

func TestPlatforms(t *testing.T) {
	arm := planOf(plan.LayersPackages, "a", "b", "c <a b")
	amd := planOf(plan.LayersPackages, "a")
	jobs := Of([]Platform{{"linux/arm64", arm}, {"linux/amd64", amd}}, "example.com/c:{job}")
	assert.Equal(t, "a b a | c", shape(jobs))
	assert.Equal(t, "a on linux/amd64", jobs.Waves[0].Include[2].Name)
	assert.Equal(t, "image on linux/amd64", jobs.Image.Include[1].Name)
	assert.Equal(t, []string{"example.com/c:a-linux-amd64", "example.com/c:image-linux-amd64"}, jobs.Image.Include[1].CacheFrom)
	assert.Contains(t, jobs.Text(), "  c on linux/arm64  after a on linux/arm64, b on linux/arm64; cache")
}

// Whatever a package is called, its job's ID can be in a tag and in a repository's name,
// and is no other one's.
func TestIDs(t *testing.T) {
	names := []string{
		"numpy", "cmake:apt", "cmake-apt", "CMAKE-apt", "image", "Image", "a__b", "a..b", "-x-", "日本", "p.", "_", "llama.cpp:0.1+cu126",
		strings.Repeat("long-", 40) + "1", strings.Repeat("long-", 40) + "2",
	}
	jobs := of(planOf(plan.LayersPackages, names...), "example.com/c/{job}:{job}")
	seen := map[string]string{jobs.Image.Include[0].ID: ImageName}
	for _, job := range jobs.Waves[0].Include {
		assert.Empty(t, seen[job.ID], "%s has the ID of another job, %s", job.Name, job.ID)
		seen[job.ID] = job.Name
		_, err := reference.ParseNormalizedNamed(job.CacheTo)
		assert.NoError(t, err, job.Name)
	}
	assert.Equal(t, "numpy", seen["numpy-linux-arm64"])
	assert.Equal(t, "cmake-apt", seen["cmake-apt-linux-arm64"], "the name that needs no change keeps the ID")
	assert.Equal(t, "llama.cpp:0.1+cu126", seen["llama.cpp-0.1-cu126-linux-arm64"])
}

func TestParseCachePattern(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"example.com/cache:main-{job}":    "",
		"ghcr.io/me/robots/cache/{job}":   "",
		"example.com/cache:main":          `--build-arg JETKIT_JOBS_CACHE: "example.com/cache:main" has no {job}, so all jobs would write one cache`,
		"example.com/Cache:{job}":         "is not a reference: ",
		"type=registry,ref=example:{job}": "is not a reference: ",
		"example.com/{job}@sha256:" + strings.Repeat("a", 64): "has a digest, so no job could write it",
	} {
		got, err := ParseCachePattern(text)
		if want == "" {
			require.NoError(t, err, text)
			assert.Equal(t, CachePattern(text), got)
			continue
		}
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "hint: for example registry.example.com/cache:{job}")
	}
}

func TestText(t *testing.T) {
	p := planOf(plan.LayersPackages, "base", "a <base", "b <a", "c <base", "app\n <b c")
	change(p, "c", func(s *plan.Step) { s.BuildGPU = plan.GPUCDI })
	assert.Equal(t, `Wave 1
  base

Wave 2
  b  builds a, b; after base
  c  after base; needs a GPU

Wave 3
  app  after b, c

Image
  image  after all waves
`, strings.ReplaceAll(of(p, "").Text(), `app\n`, "app"))
	assert.True(t, strings.HasPrefix(of(planOf("", "a"), "").Text(), "layers: chain builds"), "the note comes first")
}

// The workflow reads these keys.
func TestJSON(t *testing.T) {
	dt, err := of(planOf(plan.LayersPackages, "a", "b"), "example.com/c:{job}").JSON()
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(dt, &got))
	first := got["waves"].([]any)[0].(map[string]any)["include"].([]any)[0]
	assert.Equal(t, map[string]any{
		"id": "a-linux-arm64", "name": "a", "target": "a", "packages": []any{"a"}, "platform": "linux/arm64", "gpu": false, "tests": "none",
		"cache_from": []any{"example.com/c:a-linux-arm64"}, "cache_to": "example.com/c:a-linux-arm64",
	}, first)
	dt, err = of(planOf(""), "").JSON()
	require.NoError(t, err)
	assert.Contains(t, string(dt), `"waves": []`, "a list, also where it is empty")
}
