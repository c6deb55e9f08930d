package plan

import "jetkit/pkgspec/diag"

// Entitlement is a permission that a build needs from whoever starts it:
// BuildKit refuses it unless the command says --allow NAME.
type Entitlement struct {
	// Name is "device", "network.host" or "security.insecure".
	Name string
	// Uses says what needs it, in words: "RUN steps of zed", "tests of zed". Of
	// many packages only the first are named.
	Uses []string
}

// Entitlements lists the permissions that the plan's settings make necessary,
// sorted by name. Steps without a Dockerfile and tests that are skipped need
// none.
//
// What Dockerfiles ask for themselves (RUN --security=insecure, --network=host
// or --device) is not in a plan, and so not here.
func (p *Plan) Entitlements() []Entitlement {
	var built, tested, builtWith, testedWith, builtFreely, testedFreely []string
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Dockerfile != "" {
			built = append(built, s.Name)
			builtWith = appendIf(builtWith, s.BuildGPU == GPUCDI, s.Name)
			builtFreely = appendIf(builtFreely, s.BuildPrivileged, s.Name)
		}
		if s.runsTests() {
			tested = append(tested, s.Name)
			testedWith = appendIf(testedWith, s.GPU && p.Tests.GPU == GPUCDI, s.Name)
			testedFreely = appendIf(testedFreely, s.TestPrivileged, s.Name)
		}
	}
	var hostUses []string
	hostUses = appendIf(hostUses, p.Build.Network == NetworkHost && len(built) > 0, "RUN steps (build.network)")
	hostUses = appendIf(hostUses, p.Tests.Network == NetworkHost && len(tested) > 0, "tests (tests.network)")
	var needed []Entitlement
	for _, e := range []Entitlement{
		{Name: "device", Uses: usesOf(builtWith, testedWith)},
		{Name: "network.host", Uses: hostUses},
		{Name: "security.insecure", Uses: usesOf(builtFreely, testedFreely)},
	} {
		if len(e.Uses) > 0 {
			needed = append(needed, e)
		}
	}
	return needed
}

func appendIf(list []string, condition bool, text string) []string {
	if condition {
		return append(list, text)
	}
	return list
}

// runsTests reports whether any of the package's tests is not skipped.
func (s *Step) runsTests() bool {
	for _, test := range s.Tests {
		if test.Skipped == "" {
			return true
		}
	}
	return false
}

// usesOf returns in words which packages' RUN steps and tests need something.
func usesOf(built, tested []string) []string {
	var uses []string
	uses = appendIf(uses, len(built) > 0, "RUN steps of "+diag.Some(built, ", ", maxNamed))
	return appendIf(uses, len(tested) > 0, "tests of "+diag.Some(tested, ", ", maxNamed))
}

// maxNamed is how many packages are named where all of them would be too many.
const maxNamed = 4
