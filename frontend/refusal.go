package frontend

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/entitlements"

	"jetkit/llb/chain"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// The entitlements that jetkit's steps may need.
var (
	networkHost = entitlements.EntitlementNetworkHost.String()
	insecure    = entitlements.EntitlementSecurityInsecure.String()
	device      = entitlements.EntitlementDevice.String()
)

// refusal is why a builder does not let a step have something: a device or an
// entitlement.
type refusal struct {
	// what is the entitlement.
	what string
	// device is a CDI device's name.
	device     string
	cause, fix string
	// allowable reports that the user of the build can allow it.
	allowable bool
}

// RefusedError is a builder's refusal of a build that its user can allow, before any
// step of the image has run.
type RefusedError struct {
	error
	// Needed lists all that the build must be allowed to do: what was refused, and what
	// would be refused next.
	Needed []plan.Entitlement
}

func (e *RefusedError) Unwrap() error { return e.error }

// BuildKit reports refusals as text only. Sources: solver/llbsolver/vertex.go,
// solver/llbsolver/cdidevices, util/entitlements of moby/buildkit v0.33.
//
// Errors also hold text of packages: commands, names of files and devices. None of it
// may make jetkit advise its user to allow what nobody was refused, so each pattern
// matches a whole text. Quotes and line breaks in a name or step are escaped there.
var (
	notAllowed        = regexp.MustCompile(`^failed to load LLB: (network\.host|security\.insecure) is not allowed$`)
	deviceNotAllowed  = regexp.MustCompile(`^failed to load LLB: devices? (\S+?)(?:, .*)? (?:is|are) requested by the build but not allowed$`)
	deviceUnsupported = regexp.MustCompile(`^(?:failed to load LLB: )?CDI device "([^"\\]+)" is required by step "(?:[^"\\]|\\.)*", but CDI device support is disabled$`)
	deviceMissing     = regexp.MustCompile(`^(?:failed to load LLB: |(?:process "(?:[^"\\]|\\.)*" did not complete successfully: )?CDI device injection failed: )?(?:required device "([^"\\]+)" is not registered|unresolvable CDI devices (\S+?)(?:, \S+)*)$`)
)

// newSpecification tells how a builder on a Jetson gets a device.
const newSpecification = "sudo nvidia-ctk cdi generate --mode=csv --output=/etc/cdi/nvidia.yaml, then jetkit builder stop; the next build starts it anew"

// refusalOf recognises a builder's refusal.
func refusalOf(text string) (refusal, bool) {
	allow := func(what string) string {
		return fmt.Sprintf("add --allow %s to the command (in a bake file: entitlements = [%[1]q])", what)
	}
	if m := notAllowed.FindStringSubmatch(text); m != nil {
		return refusal{what: m[1], allowable: true, cause: "the build was not allowed to use " + m[1], fix: allow(m[1])}, true
	}
	if m := deviceNotAllowed.FindStringSubmatch(text); m != nil {
		return refusal{
			what: device, device: m[1], allowable: true, fix: allow(device),
			cause: "the build uses the device " + m[1] + ", which it was not allowed to",
		}, true
	}
	if m := deviceUnsupported.FindStringSubmatch(text); m != nil {
		return refusal{
			what: device, device: m[1], cause: "the builder's configuration turns CDI devices off",
			fix: "set disabled = false below [cdi] in its buildkitd.toml, and start it again; jetkit's own builder: " + newSpecification,
		}, true
	}
	if m := deviceMissing.FindStringSubmatch(text); m != nil {
		name := m[1] + m[2]
		return refusal{
			what: device, device: name, cause: "the builder has no device " + name,
			fix: "on a Jetson with JetPack 6 or later: " + newSpecification + "\n" +
				"  (`docker buildx inspect` lists a builder's devices), or name another one: --build-arg TEST_DEVICE=NAME for tests, BUILD_DEVICE for RUN steps",
		}, true
	}
	return refusal{}, false
}

// refused explains a refusal: what to do, and which packages and tests it is for.
func (c *compiled) refused(err error, r refusal) error {
	lines := []string{r.cause, "  " + r.fix}
	needed := entitlementsOf(c.plan, c.required)
	for _, e := range needed {
		if r.allowable && e.Name != r.what {
			lines = append(lines, fmt.Sprintf("  the build needs --allow %s too, for %s", e.Name, strings.Join(e.Uses, " and ")))
		}
	}
	if r.what == device {
		lines = append(lines, c.withoutGPU()...)
	}
	uses, at := c.usesOf(r)
	if len(uses) > 0 {
		lines = append(lines, "needed by "+strings.Join(uses, ", "))
	}
	err = fmt.Errorf("%w\n%s", err, strings.Join(lines, "\n"))
	if r.allowable {
		err = &RefusedError{error: err, Needed: needed}
	}
	if len(at) == 0 || len(errdefs.Sources(err)) > 0 {
		return err
	}
	return &placedError{error: err, at: at[:1]}
}

// withoutGPU lists how to build without the plan's devices.
func (c *compiled) withoutGPU() []string {
	var ways []string
	if c.plan.Tests.GPU == plan.GPUCDI && slices.ContainsFunc(c.runs, func(run teststep.Run) bool { return run.Step.GPU }) {
		ways = append(ways, "  or build without GPU tests: --build-arg TEST_GPU="+string(plan.GPUSkip))
	}
	if slices.ContainsFunc(c.plan.Steps, func(s plan.Step) bool { return s.BuildDevice != "" }) {
		ways = append(ways, "  or let RUN steps do without the GPU: --build-arg BUILD_GPU="+string(plan.GPUSkip))
	}
	return ways
}

// usesOf lists the RUN steps and tests that use what was refused, and where they are
// declared.
func (c *compiled) usesOf(r refusal) (uses []string, at []diag.Range) {
	add := func(use string, place diag.Range) {
		if place.String() != "" {
			use += " (" + place.String() + ")"
		}
		if !slices.Contains(uses, use) {
			uses, at = append(uses, use), append(at, place)
		}
	}
	for _, s := range c.plan.Steps {
		switch {
		case s.Dockerfile == "":
		case r.usedByRUN(c.plan, s):
			add("the RUN steps of "+s.Name, s.At)
		case r.askedBy(c.required[s.Name]):
			add("the Dockerfile of "+s.Name, s.At)
		}
	}
	for _, run := range c.runs {
		if r.usedByTest(c.plan, run.Step) {
			add(run.Test.Name+" of "+run.Step.Name, run.Test.At)
		}
	}
	if len(uses) == 0 && r.device != "" {
		// BuildKit calls it by another name than the plan: name all that use a device.
		r.device = ""
		return c.usesOf(r)
	}
	return uses, at
}

func (r refusal) usedByRUN(p *plan.Plan, s plan.Step) bool {
	switch r.what {
	case networkHost:
		return p.Build.Network == plan.NetworkHost
	case insecure:
		return s.BuildPrivileged
	}
	return s.BuildDevice != "" && r.isFor(s.BuildDevice)
}

func (r refusal) usedByTest(p *plan.Plan, s plan.Step) bool {
	switch r.what {
	case networkHost:
		return p.Tests.Network == plan.NetworkHost
	case insecure:
		return s.TestPrivileged
	}
	return s.GPU && p.Tests.GPU == plan.GPUCDI && r.isFor(p.Tests.Device)
}

// askedBy reports whether a Dockerfile itself requires what was refused.
func (r refusal) askedBy(required chain.Requirements) bool {
	if r.what != device {
		return askedFor(required, r.what)
	}
	return slices.ContainsFunc(required.Devices, func(d *pb.CDIDevice) bool { return r.isFor(d.GetName()) })
}

// isFor reports whether a refusal is about a device.
func (r refusal) isFor(name string) bool { return r.device == "" || r.device == name }
