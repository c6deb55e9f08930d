package jobs

import (
	"slices"

	"jetkit/pkgspec/plan"
)

// divided is the plan of one platform as jobs.
type divided struct {
	waves [][]Job
	image Job
}

// divide makes jobs of a plan's packages. Packages without a Dockerfile are no job.
func divide(p Platform, cache CachePattern) divided {
	name := idsOf(p)
	d := divided{image: Job{ID: imageID(p), Name: ImageName, Platform: p.Name, GPU: testNeedsGPU(p.Plan.Steps, onImage)}}
	jobs := nodes(p.Plan)
	if !p.Plan.Layers.ByPackage() {
		d.image.GPU = d.image.GPU || slices.ContainsFunc(jobs, func(n node) bool { return n.gpu })
		jobs = nil
	}
	tests := testsOfWaves(p.Plan)
	made := make([]Job, len(jobs))
	for i, n := range jobs {
		job := Job{Platform: p.Name, Tests: tests, GPU: n.gpu}
		for _, s := range n.steps {
			job.Packages = append(job.Packages, p.Plan.Steps[s].Name)
		}
		job.Target = job.Packages[len(job.Packages)-1]
		job.ID, job.Name = name(job.Target), job.Target
		for _, need := range n.needs {
			job.Needs = append(job.Needs, made[need].ID)
		}
		job.CacheTo = cache.ref(job.ID)
		for _, below := range n.below {
			job.CacheFrom = append(job.CacheFrom, cache.refs(made[below].ID)...)
		}
		job.CacheFrom = append(job.CacheFrom, cache.refs(job.ID)...)
		made[i] = job
		if n.wave == len(d.waves) {
			d.waves = append(d.waves, nil)
		}
		d.waves[n.wave] = append(d.waves[n.wave], job)
		d.image.CacheFrom = append(d.image.CacheFrom, cache.refs(job.ID)...)
		d.image.Needs = append(d.image.Needs, job.ID)
	}
	d.image.CacheTo = cache.ref(d.image.ID)
	d.image.CacheFrom = append(d.image.CacheFrom, cache.refs(d.image.ID)...)
	return d
}

// node is a job of the graph.
type node struct {
	steps []int // the packages, each built on the one before it; indexes of the plan's steps
	needs []int // the jobs that it is built on directly
	below []int // the jobs that it is built on, directly or not
	wave  int
	gpu   bool
}

// nodes returns the jobs of a plan, each after those that it needs. Packages in a row,
// each needed by the next one alone, are one job: another machine would gain nothing, and
// would fetch what they are built on again. But a GPU is not kept busy with packages that
// do without one.
func nodes(p *plan.Plan) []node {
	on := onPackages(p)
	direct := directNeeds(on)
	users := make([]int, len(p.Steps))
	for _, needs := range direct {
		for _, need := range needs {
			users[need]++
		}
	}
	var jobs []node
	jobOf := make([]int, len(p.Steps))
	for i := range p.Steps {
		if p.Steps[i].Dockerfile == "" {
			continue
		}
		gpu := p.Steps[i].BuildGPU != "" || testNeedsGPU(p.Steps[i:i+1], onStage)
		if needs := direct[i]; len(needs) == 1 && users[needs[0]] == 1 && jobs[jobOf[needs[0]]].gpu == gpu {
			jobOf[i] = jobOf[needs[0]]
			jobs[jobOf[i]].steps = append(jobs[jobOf[i]].steps, i)
			continue
		}
		n := node{steps: []int{i}, gpu: gpu}
		for _, need := range direct[i] {
			n.needs = append(n.needs, jobOf[need])
			n.wave = max(n.wave, jobs[jobOf[need]].wave+1)
		}
		for _, below := range on[i] {
			n.below = append(n.below, jobOf[below])
		}
		slices.Sort(n.needs)
		slices.Sort(n.below)
		n.below = slices.Compact(n.below)
		jobOf[i] = len(jobs)
		jobs = append(jobs, n)
	}
	return jobs
}

// onPackages is BuiltOn without the packages that only group others.
func onPackages(p *plan.Plan) [][]int {
	on := p.BuiltOn()
	for i := range on {
		if p.Steps[i].Dockerfile == "" {
			on[i] = nil
		}
		on[i] = slices.DeleteFunc(on[i], func(s int) bool { return p.Steps[s].Dockerfile == "" })
	}
	return on
}

// directNeeds leaves out of what packages are built on what comes with something else.
func directNeeds(on [][]int) [][]int {
	direct := make([][]int, len(on))
	for i := range on {
		direct[i] = slices.DeleteFunc(slices.Clone(on[i]), func(s int) bool {
			return slices.ContainsFunc(on[i], func(other int) bool { return slices.Contains(on[other], s) })
		})
	}
	return direct
}

func onStage(t plan.Test) bool { return t.Intermediate }

func onImage(t plan.Test) bool { return t.Final }

// testNeedsGPU reports whether a test that runs at a place needs a GPU.
func testNeedsGPU(steps []plan.Step, at func(plan.Test) bool) bool {
	return slices.ContainsFunc(steps, func(s plan.Step) bool { return s.GPU && slices.ContainsFunc(s.Tests, at) })
}

// testsOfWaves returns the value of TESTS for jobs of packages: tests on the image wait
// for the image, and no test runs that would not run there.
func testsOfWaves(p *plan.Plan) string {
	for _, s := range p.Steps {
		if slices.ContainsFunc(s.Tests, onStage) {
			return "intermediate"
		}
	}
	return "none"
}
