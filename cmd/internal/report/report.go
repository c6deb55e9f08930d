// Package report records what a build does, by package: it reads BuildKit's progress,
// knows from the frontend which operation belongs to which package or test, and writes
// the table at the end, logs by step, and the report as a page, JSON and JUnit.
//
// Names, commands and output come from packages. The record holds them as they are, but
// for what only a terminal understands; each form cleans or escapes them itself.
package report

import (
	"time"

	"jetkit/pkgspec/plan"
)

// Version is the version of the report's JSON form.
const Version = 1

// Report is the record of a run of jetkit build. Times are in seconds from its start.
type Report struct {
	Version int       `json:"version"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	Result  Result    `json:"result"`
	// Builder says where the steps ran.
	Builder string `json:"builder,omitempty"`
	// LogDir is the folder of the logs by step, empty without one.
	LogDir string `json:"log_dir,omitempty"`
	// Builds are the requests that were sent to the builder, in order: one, or with
	// --multiple one for each package.
	Builds []Build `json:"builds"`
}

// Result is what became of a build, a step or a test.
type Result string

// The results. A build has one of the first three.
const (
	Success     Result = "success"
	Failure     Result = "failure"     // for a step: it ended with an error
	Interrupted Result = "interrupted" // for a step: it was stopped because of something else
	Ran         Result = "ran"         // the step ran to its end
	Cached      Result = "cached"      // the step's result was there, on the builder or in a registry
	NotRun      Result = "not-run"     // the build ended before
	Running     Result = "running"     // it had begun when the record ends
	Passed      Result = "passed"      // the test passed, now or when its cached result was made
	Skipped     Result = "skipped"     // the plan leaves the test out
)

// Build is one request to the builder.
type Build struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	// Error is why it failed, as the command line says it.
	Error   string  `json:"error,omitempty"`
	Start   float64 `json:"start"`
	Seconds float64 `json:"seconds"`
	// Tags are the names that the image was given, Digest is the image's.
	Tags   []string `json:"tags,omitempty"`
	Digest string   `json:"digest,omitempty"`
	// Images are the results by platform. There is none before the plan is made.
	Images []Image `json:"images"`
	// Steps are all operations, in the order in which they began; those that did
	// not begin come last.
	Steps []Step `json:"steps"`
	// Critical are the steps that decided how long the build took, by their IDs in order:
	// each began when the one before was done.
	Critical []int `json:"critical"`
	// Warnings are what the builder warned of.
	Warnings []string `json:"warnings,omitempty"`
}

// Image is the image of one platform.
type Image struct {
	Platform string     `json:"platform"`
	Plan     *plan.Plan `json:"plan"`
	// PlanDigest identifies the plan, reasons apart.
	PlanDigest string `json:"plan_digest"`
	// Packages are those of the chain, in build order.
	Packages []Package `json:"packages"`
	Tests    []Test    `json:"tests"`
	// Layers are those of the image, the lowest first, with their compressed sizes;
	// there is none where nobody could tell.
	Layers []Layer `json:"layers,omitempty"`
	// Size is the sum of the layers' sizes, zero if it is not known.
	Size int64 `json:"size,omitempty"`
}

// Package is what became of one package.
type Package struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	// Seconds is how long at least one instruction of its Dockerfile ran.
	Seconds float64 `json:"seconds"`
	// Steps counts the instructions, and CachedSteps those with a cached result.
	Steps       int `json:"steps"`
	CachedSteps int `json:"cached_steps"`
	// Size is that of its layers in bytes, nil if it is not known.
	Size *int64 `json:"size,omitempty"`
}

// Test is one run of a test.
type Test struct {
	Package string `json:"package"`
	Name    string `json:"name"`
	// Where is "package" for the package's own stage, "image" for the finished image.
	// A test of the last package may run once for both.
	Where []string `json:"where,omitempty"`
	// Result is Passed, Failure, Skipped, NotRun, Interrupted or Running.
	Result Result `json:"result"`
	Cached bool   `json:"cached,omitempty"`
	// Reason is why it was skipped, or how it failed.
	Reason string `json:"reason,omitempty"`
	// Step is the ID of its step, zero without one.
	Step    int     `json:"step,omitempty"`
	Seconds float64 `json:"seconds"`
}

// Layer is one layer of an image.
type Layer struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
	// Owner is "base", "package", "join", "copy" (of a runtime image) or "seal", empty if it is not known, and
	// Package the package's name.
	Owner   string `json:"owner,omitempty"`
	Package string `json:"package,omitempty"`
	// CreatedBy is the instruction that made it.
	CreatedBy string `json:"created_by,omitempty"`
}

// Phase is what sort of work a step is.
type Phase string

// The phases.
const (
	PhaseFiles  Phase = "files"  // reading the context and preparing files
	PhaseConfig Phase = "config" // config.py files
	PhaseBase   Phase = "base"   // the base image
	PhaseBuild  Phase = "build"  // an instruction of a package's Dockerfile
	PhaseLayers Phase = "layers" // making and joining layers of packages
	PhaseTest   Phase = "test"
	PhaseSeal   Phase = "seal"
	PhaseExport Phase = "export" // writing, sending and caching the result
)

// Step is one operation of the build.
type Step struct {
	// ID is the step's number in the report, from 1.
	ID     int    `json:"id"`
	Digest string `json:"digest"`
	Phase  Phase  `json:"phase"`
	// Name is what BuildKit's progress calls it.
	Name string `json:"name"`
	// Platform and Packages say whose it is; empty for what belongs to all. Packages has
	// several names where packages share a Dockerfile.
	Platform string   `json:"platform,omitempty"`
	Packages []string `json:"packages,omitempty"`
	Result   Result   `json:"result"`
	Error    string   `json:"error,omitempty"`
	// Start is when it began to run, and Seconds how long it ran.
	Start   float64 `json:"start"`
	Seconds float64 `json:"seconds"`
	// Spans are the times in which it ran, where it was several.
	Spans []Span `json:"spans,omitempty"`
	// Inputs are the IDs of the steps whose results it uses.
	Inputs []int   `json:"inputs,omitempty"`
	Output *Output `json:"output,omitempty"`
	// Log is the file below LogDir that has all of the output.
	Log string `json:"log,omitempty"`
}

// Span is a time in which a step ran.
type Span struct {
	Start   float64 `json:"start"`
	Seconds float64 `json:"seconds"`
}

// Output is what a step wrote.
type Output struct {
	// Text is as a terminal shows it, without colours. Of long output it has
	// the beginning and the end, and of a step that ran well, and is no test, the end.
	Text string `json:"text"`
	// Bytes is how much arrived, Missing how much of that is left out of Text.
	Bytes   int64 `json:"bytes"`
	Missing int64 `json:"missing,omitempty"`
	// Clipped is the limit ("2MiB", "200KiB/s") at which the builder dropped output
	// itself, so that the log is not complete either; empty if it did not.
	Clipped string `json:"clipped,omitempty"`
}
