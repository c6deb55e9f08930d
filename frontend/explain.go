package frontend

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"

	"jetkit/llb/teststep"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// explain says in the user's terms why a solve failed: which test of which
// package, or what the builder lacks. Other errors, a failing RUN for one, come
// from BuildKit with their source already.
func (c *compiled) explain(err error) error {
	if hint := deviceHint(err, c.plan.Tests.Device); hint != "" {
		return c.withGPUTests(fmt.Errorf("%w\n%s", err, hint))
	}
	vertex, ok := errors.AsType[*errdefs.VertexError](err)
	if !ok {
		return err
	}
	name := c.definition.Metadata[digest.Digest(vertex.Digest)].Description["llb.customname"]
	platform := ""
	if c.platform != "" {
		name = "[" + strings.TrimPrefix(name, "["+c.platform+" ")
		platform = " for " + c.platform
	}
	for _, run := range c.runs {
		if name == run.Label() {
			return c.withPlatformHint(testFailure(run, platform, err))
		}
	}
	if m := chainStep.FindStringSubmatch(name); m != nil {
		return c.withPlatformHint(fmt.Errorf("package %s failed%s in step %s%s: %w", m[1], platform, m[2], firstPlace(err), err))
	}
	return err
}

// chainStep matches the progress names of a package's instructions, as
// chain.Label makes them.
var chainStep = regexp.MustCompile(`^\[(.+) (\d+/\d+)\] `)

// firstPlace gives " (file:line)" of an error's source, or nothing.
func firstPlace(err error) string {
	for _, s := range errdefs.Sources(err) {
		if len(s.Ranges) > 0 {
			return fmt.Sprintf(" (%s:%d)", s.Info.GetFilename(), s.Ranges[0].GetStart().GetLine())
		}
	}
	return ""
}

// withGPUTests adds to an error which tests need the GPU, and where they are
// declared.
func (c *compiled) withGPUTests(err error) error {
	var names []string
	var at []diag.Range
	for _, run := range c.runs {
		if run.Step.GPU && !slices.Contains(at, run.Test.At) {
			names = append(names, fmt.Sprintf("%s of %s (%s)", run.Test.Name, run.Step.Name, run.Test.At))
			at = append(at, run.Test.At)
		}
	}
	if len(at) == 0 {
		return err
	}
	return &placedError{error: fmt.Errorf("%w\nGPU tests of this build: %s", err, strings.Join(names, ", ")), at: at[:1]}
}

// testFailure names the test that an error comes from, and " for" which platform
// it was in a build for several.
func testFailure(run teststep.Run, platform string, err error) error {
	where := "its own stage"
	if run.Where == teststep.OnImage {
		where = "the finished image"
	}
	reason := ""
	if exit, ok := errors.AsType[*gwpb.ExitError](err); ok {
		reason = fmt.Sprintf(" with exit code %d", exit.ExitCode)
	}
	return fmt.Errorf("test %q of package %s failed%s on %s%s (declared at %s): %w",
		run.Test.Name, run.Step.Name, platform, where, reason, run.Test.At, err)
}

// deviceHint recognises BuildKit's refusals of a CDI device, which it gives as
// text only. Source: solver/llbsolver and cdidevices of moby/buildkit v0.33.
func deviceHint(err error, device string) string {
	if device == "" {
		return ""
	}
	text := err.Error()
	var cause, fix string
	switch {
	case !strings.Contains(text, "device"):
		return ""
	case strings.Contains(text, "not allowed by build daemon configuration"):
		cause = "the builder's configuration does not let builds use devices"
		fix = `add insecure-entitlements = ["device"] to its buildkitd.toml`
	case strings.Contains(text, "requested by the build but not allowed"), strings.Contains(text, "entitlement device"),
		strings.Contains(text, "device is not allowed"):
		cause = "GPU tests use the device " + device + ", which this build was not allowed to use"
		fix = "add --allow device to the command (in a bake file: entitlements = [\"device\"])"
	case strings.Contains(text, "CDI device support is disabled"):
		cause = "the builder's configuration turns CDI devices off"
		fix = "set disabled = false below [cdi] in its buildkitd.toml"
	case strings.Contains(text, "not registered"), strings.Contains(text, "unresolvable CDI devices"), strings.Contains(text, "CDI device injection failed"):
		cause = "the builder has no device " + device
		fix = "on a Jetson run: sudo nvidia-ctk cdi generate --mode=csv --output=/etc/cdi/nvidia.yaml\n" +
			"  (`docker buildx inspect` lists a builder's devices), or name another one with tests.device"
	default:
		return ""
	}
	return cause + "\n  " + fix + "\n  or build without GPU tests: --build-arg TEST_GPU=" + string(plan.GPUSkip)
}
