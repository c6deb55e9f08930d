// Package jobs divides a plan among machines: waves of jobs that do not need each other,
// as matrices of a CI system.
package jobs

import (
	"encoding/json"
	"fmt"
	"slices"

	"jetkit/pkgspec/plan"
)

// MaxJobs is how many jobs one matrix has at most.
// Source: https://docs.github.com/en/actions/reference/limits
const MaxJobs = 256

// ImageName is the name of the jobs that build the image.
const ImageName = "image"

// Platform is a plan and what it is for.
type Platform struct {
	Name string // "linux/arm64"
	Plan *plan.Plan
}

// Jobs is a build, divided: the jobs of a wave need those of the waves before.
type Jobs struct {
	Layers plan.LayersForm `json:"layers"`
	// Note says why there is nothing to divide; empty if there is.
	Note  string   `json:"note,omitempty"`
	Waves []Matrix `json:"waves"`
	// Image has a job for each platform. They need the jobs of all waves.
	Image Matrix `json:"image"`
}

// Matrix has the form of a matrix of GitHub Actions.
type Matrix struct {
	Include []Job `json:"include"`
}

// Job is one command for one machine.
type Job struct {
	// ID has only characters that names in registries may have, and no other job has it.
	ID string `json:"id"`
	// Name is for people.
	Name string `json:"name"`
	// Target is the value of --target; empty in the jobs of the image.
	Target string `json:"target,omitempty"`
	// Packages are those that the job builds, and no other one does.
	Packages []string `json:"packages,omitempty"`
	Platform string   `json:"platform"`
	// Needs are the IDs of the jobs whose packages this one's are built on directly.
	Needs []string `json:"needs,omitempty"`
	// GPU tells that a step of the job's packages, or a test that the job runs, needs one.
	GPU bool `json:"gpu"`
	// Tests is what the build argument TESTS should be, so that tests on the image run
	// where the image is built; empty in the jobs of the image.
	Tests string `json:"tests,omitempty"`
	// CacheFrom and CacheTo are references in registries, if the caller has some.
	CacheFrom []string `json:"cache_from,omitempty"`
	CacheTo   string   `json:"cache_to,omitempty"`
}

// Of divides the plans of an image, one for each platform.
func Of(platforms []Platform, cache CachePattern) *Jobs {
	all := &Jobs{Layers: platforms[0].Plan.Layers.Form, Waves: []Matrix{}}
	if !platforms[0].Plan.Layers.ByPackage() {
		all.Layers = plan.LayersChain
		all.Note = chainNote
	}
	var waves [][]Job
	for _, p := range platforms {
		d := divide(p, cache)
		for w, jobs := range d.waves {
			if w == len(waves) {
				waves = append(waves, nil)
			}
			waves[w] = append(waves[w], jobs...)
		}
		all.Image.Include = append(all.Image.Include, d.image)
	}
	for _, wave := range waves {
		for part := range slices.Chunk(wave, MaxJobs) {
			all.Waves = append(all.Waves, Matrix{Include: part})
		}
	}
	if len(platforms) > 1 {
		all.nameByPlatform()
	}
	return all
}

// chainNote is what is said of a build that cannot be divided.
const chainNote = "layers: chain builds each package on the one before it, so one job builds all.\n" +
	"With layers: packages in jetson.yaml, or the build argument LAYERS=packages, packages that do not\n" +
	"need each other are jobs of their own."

// nameByPlatform tells the jobs of several platforms apart.
func (j *Jobs) nameByPlatform() {
	for _, m := range append(j.Waves, j.Image) {
		for i := range m.Include {
			m.Include[i].Name += " on " + m.Include[i].Platform
		}
	}
}

// JSON returns the jobs for programs, with a final newline.
func (j *Jobs) JSON() ([]byte, error) {
	dt, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the jobs: %w", err)
	}
	return append(dt, '\n'), nil
}
