package resolve

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// steps makes the plan's steps of a graph without faults.
func (r *resolver) steps(g *graph) []plan.Step {
	gpu, requested := g.dependOnCUDA(), g.requested()
	steps := make([]plan.Step, 0, len(g.order))
	for _, n := range g.order {
		p := n.pkg
		step := plan.Step{
			Name:       p.Name,
			Aliases:    p.Alias,
			Origin:     p.Origin,
			Dockerfile: p.Dockerfile,
			Needs:      n.needs(),
			Why:        g.why(n),
			BuildArgs:  stepArgs(p, r.spec.Args),
			Requested:  slices.ContainsFunc(n.askedBy, (*demand).isRequest),
			GPU:        gpu[n],
			At:         p.At,
			Kernels:    p.Kernels,
		}
		step.Constraints = r.constraints(n)
		if p.GPU != nil {
			step.GPU = *p.GPU
		}
		step.Tests = r.tests(p, step.GPU, requested[n])
		step.AfterAllReason = r.afterAll(p)
		step.AfterAll = step.AfterAllReason != ""
		r.allow(&step, p)
		steps = append(steps, step)
	}
	return steps
}

// allow sets what the steps of a package get and may do beyond others.
func (r *resolver) allow(step *plan.Step, p *catalog.Package) {
	build := r.spec.Build
	if p.Dockerfile != "" {
		step.BuildPrivileged = anyMatches(build.Privileged, p)
		if p.BuildkitDevice != "" && build.GPU != plan.GPUSkip {
			step.BuildGPU = build.GPU
		}
		if step.BuildGPU == plan.GPUCDI {
			step.BuildDevice = cmp.Or(build.Device, p.BuildkitDevice)
		}
		step.Resources = r.resources(p)
		step.BuildTimeout = or(cmp.Or(p.BuildTimeout, build.Timeout), 0)
	}
	if len(step.Tests) > 0 {
		step.TestPrivileged = anyMatches(r.spec.Tests.Privileged, p)
		step.TestSecrets, step.TestSSH = r.testSecrets(p), r.testSSH(p)
	}
}

// resources returns what the RUN steps of a package may take: of several entries that match it
// the last that says something.
func (r *resolver) resources(p *catalog.Package) plan.Resources {
	var all plan.Resources
	for _, entry := range r.spec.Resources {
		if p.Matches(entry.Package.Value) {
			all = all.With(entry.Resources)
		}
	}
	return all
}

// testSecrets returns the secrets that a package's tests get. Two that would take the same
// place are an error.
func (r *resolver) testSecrets(p *catalog.Package) []plan.Secret {
	var secrets []plan.Secret
	taken := map[string]string{}
	for _, secret := range r.spec.Tests.Secrets {
		if !anyMatches(secret.Packages, p) {
			continue
		}
		for _, place := range []string{secret.Env, secret.Target} {
			if other, ok := taken[place]; ok && place != "" {
				r.problems.Errorf(rules.ConflictingKeys, secret.At, "give one of them another env or target, or name other packages",
					"tests.secrets: the tests of %s get %s in the place of %s: %s", p.Name, secret.ID, other, place)
			}
			taken[place] = secret.ID
		}
		secrets = append(secrets, secret.Secret)
	}
	return secrets
}

// testSSH returns the SSH agents that a package's tests can ask.
func (r *resolver) testSSH(p *catalog.Package) []plan.SSHAgent {
	var agents []plan.SSHAgent
	for _, agent := range r.spec.Tests.SSH {
		if anyMatches(agent.Packages, p) {
			agents = append(agents, agent.SSHAgent)
		}
	}
	return agents
}

// or returns a value, or another where there is none.
func or[T any](value *T, unset T) T {
	if value == nil {
		return unset
	}
	return *value
}

// afterAll returns who wants a package to be built on all before it, or "".
func (r *resolver) afterAll(p *catalog.Package) string {
	if !r.spec.Layers.ByPackage() {
		return ""
	}
	for _, text := range r.spec.Layers.Chain {
		if p.Matches(text.Value) {
			return "layers.chain has " + text.Value + in(text.At)
		}
	}
	if p.AfterAll != nil {
		return "its metadata has layers: chain" + in(*p.AfterAll)
	}
	return ""
}

// needs lists the steps that a package depends on directly, as it declares them.
func (n *node) needs() []string {
	var needs []string
	seen := map[*node]bool{n: true}
	for _, d := range n.demands {
		if d.to != nil && !d.to.skipped && !seen[d.to] {
			seen[d.to] = true
			needs = append(needs, d.to.pkg.Name)
		}
	}
	return needs
}

// why lists who asked for a package: the user's requests in their order, then
// packages by name.
func (g *graph) why(n *node) []string {
	var requests, needs []string
	for _, d := range n.askedBy {
		as := ""
		switch {
		case d.match.several:
			as = " as " + d.text.Value + ", which finds it first"
		case d.text.Value != n.pkg.Name && d.text.Value != "./"+n.pkg.Origin.Path:
			as = " as " + d.text.Value
		}
		switch {
		case d.variable != nil:
			requests = append(requests, "selected by "+d.variable.from+in(d.text.At))
		case d.by == nil:
			requests = append(requests, fmt.Sprintf("requested%s%s", as, at(d.text.At)))
		case d.by != n:
			needs = append(needs, fmt.Sprintf("needed by %s%s%s", d.by.pkg.Name, as, in(d.text.At)))
		}
	}
	slices.Sort(needs)
	reasons := slices.Concat(requests, slices.Compact(needs))
	if normal := g.adapted[n.pkg]; normal != nil {
		reasons = append(reasons, "in place of "+normal.Name+", which needs other versions of what is in the chain")
	}
	return reasons
}

// at and in print a place, if there is one.
func at(place diag.Range) string {
	if s := place.String(); s != "" {
		return " at " + s
	}
	return ""
}

func in(place diag.Range) string {
	if s := place.String(); s != "" {
		return " (" + s + ")"
	}
	return ""
}

// stepArgs returns the build arguments of a package's step. The variable that
// selects a declared version is the package's own: TENSORRT_VERSION=10.3 may
// stand for 10.3.0.30 in its Dockerfile.
func stepArgs(p *catalog.Package, users map[string]string) map[string]string {
	merged := mergeArgs(p.BuildArgs, users)
	if p.Variant == nil {
		return merged
	}
	if own, ok := p.BuildArgs[p.Variant.Set.Variable]; ok {
		merged[p.Variant.Set.Variable] = own
	}
	return merged
}

// mergeArgs lays the user's build arguments over the package's own.
func mergeArgs(own, users map[string]string) map[string]string {
	if len(own)+len(users) == 0 {
		return nil
	}
	merged := maps.Clone(own)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, users)
	return merged
}

// dependOnCUDA finds the packages that are or need, however indirectly, a
// package called cuda, whether or not the user leaves that out.
func (g *graph) dependOnCUDA() map[*node]bool {
	demanders := map[*node][]*node{}
	var queue []*node
	for _, n := range g.reached {
		for _, d := range n.demands {
			if d.to != nil {
				demanders[d.to] = append(demanders[d.to], n)
			}
		}
		if hasBase(n.pkg, "cuda") {
			queue = append(queue, n)
		}
	}
	found := map[*node]bool{}
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !found[n] {
			found[n] = true
			queue = append(queue, demanders[n]...)
		}
	}
	return found
}

// isRequest reports whether it is the user who asks, by name.
func (d *demand) isRequest() bool { return d.by == nil && d.variable == nil }

// requested finds the packages that the user asks for, by a package too that only groups others.
func (g *graph) requested() map[*node]bool {
	found := map[*node]bool{}
	for _, n := range slices.Backward(g.order) { // a package comes after all that it asks for
		if slices.ContainsFunc(n.askedBy, (*demand).isRequest) {
			found[n] = true
		}
		for _, d := range n.demands {
			if found[n] && n.pkg.Dockerfile == "" && d.to != nil {
				found[d.to] = true
			}
		}
	}
	return found
}

// tests makes a package's tests, with the reason for each that is left out. A runtime image
// is tested for what the user asks for: what that was built with is not in it.
func (r *resolver) tests(p *catalog.Package, gpu, requested bool) []plan.Test {
	settings := r.spec.Tests
	onImage := settings.Run != pkgspec.TestIntermediate && (requested || !r.spec.Image.IsRuntime())
	skipped := skipReason(settings, p, gpu)
	if skipped == "" && settings.Run == pkgspec.TestFinal && !onImage {
		skipped = "image.from: of what is not asked for, nothing is tested on the image"
	}
	tests := make([]plan.Test, 0, len(p.Tests))
	for _, text := range p.Tests {
		args, err := catalog.SplitTest(text.Value)
		if err != nil {
			continue // a problem of the package, reported when it was read
		}
		test := plan.Test{Name: text.Value, Args: args, Skipped: skipped, At: text.At}
		if skipped == "" {
			test.Intermediate, test.Final = settings.Run != pkgspec.TestFinal, onImage
			test.Timeout, test.Retries = or(cmp.Or(p.TestTimeout, settings.Timeout), plan.DefaultTestTimeout), or(cmp.Or(p.TestRetries, settings.Retries), 0)
		}
		tests = append(tests, test)
	}
	return slices.Clip(tests)
}

// skipReason returns why a package's tests do not run, or "".
func skipReason(settings pkgspec.Tests, p *catalog.Package, gpu bool) string {
	if settings.Run == pkgspec.TestNone {
		return "tests.run is none"
	}
	for _, text := range settings.Skip {
		if p.Matches(text.Value) {
			return "tests.skip has " + text.Value
		}
	}
	if len(settings.Only) > 0 && !anyMatches(settings.Only, p) {
		return "tests.only does not have " + p.Name
	}
	if gpu && settings.GPU == plan.GPUSkip {
		return "it needs a GPU, and tests.gpu is skip"
	}
	return ""
}
