package frontend

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/subrequests/outline"

	"jetkit/llb/chain"
	"jetkit/pkgspec"
	"jetkit/pkgspec/plan"
)

// outline lists the build arguments: jetkit's own with the values in force, and those
// that the packages' Dockerfiles take, with their secrets and SSH agents. The description
// says what the build must be allowed to do.
func (b *build) outline(ctx context.Context) (*outline.Outline, error) {
	p, _, err := b.requestPlan(ctx)
	if err != nil {
		return nil, err
	}
	required, err := b.requirements(ctx, p)
	if err != nil {
		return nil, err
	}
	o := &outline.Outline{Name: b.ui.Target, Description: describeEntitlements(entitlementsOf(p, required)), Sources: [][]byte{b.spec.Data}}
	for _, a := range pkgspec.KnownArgs() {
		o.Args = append(o.Args, outline.Arg{Name: a.Name, Description: "sets " + a.Key + ": " + a.About, Value: a.Value(p)})
	}
	if err := b.addPackages(ctx, p, o); err != nil {
		return nil, err
	}
	return o, nil
}

// requirements reads those of the packages' Dockerfiles, by package.
func (b *build) requirements(ctx context.Context, p *plan.Plan) (map[string]chain.Requirements, error) {
	all := map[string]chain.Requirements{}
	sources := &chainSources{contexts: contextsFor{b.contexts, b.targetPlatform(b.firstPlatform())}}
	for _, s := range p.Steps {
		if s.Dockerfile == "" {
			continue
		}
		dt, err := sources.ReadFile(ctx, s.Origin, s.Dockerfile)
		if err != nil {
			return nil, err
		}
		if all[s.Name], err = chain.RequirementsOf(dt); err != nil {
			sm := llb.NewSourceMap(nil, s.Origin.File(s.Dockerfile), "Dockerfile", dt)
			return nil, &chain.StepError{Step: s, SourceMap: sm, Err: err}
		}
	}
	return all, nil
}

// entitlementsOf lists what a build must be allowed to do: what the plan says, and
// what the packages' Dockerfiles ask for themselves.
func entitlementsOf(p *plan.Plan, required map[string]chain.Requirements) []plan.Entitlement {
	uses := map[string][]string{}
	for _, e := range p.Entitlements() {
		uses[e.Name] = e.Uses
	}
	for _, s := range p.Steps {
		for _, name := range []string{device, networkHost, insecure} {
			if askedFor(required[s.Name], name) {
				uses[name] = append(uses[name], "the Dockerfile of "+s.Name)
			}
		}
	}
	var all []plan.Entitlement
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		all = append(all, plan.Entitlement{Name: name, Uses: uses[name]})
	}
	return all
}

// askedFor reports whether a Dockerfile asks for an entitlement.
func askedFor(required chain.Requirements, entitlement string) bool {
	switch entitlement {
	case networkHost:
		return required.HostNetwork
	case insecure:
		return required.Insecure
	}
	return len(required.Devices) > 0
}

// describeEntitlements returns in a line which flags a build needs, and what for.
func describeEntitlements(needs []plan.Entitlement) string {
	var flags []string
	for _, e := range needs {
		flags = append(flags, fmt.Sprintf("--allow %s for %s", e.Name, strings.Join(e.Uses, " and ")))
	}
	if len(flags) == 0 {
		return ""
	}
	return "needs " + strings.Join(flags, ", ")
}
