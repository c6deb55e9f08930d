package main

import (
	"context"

	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"

	"jetkit/cmd/internal/build"
	"jetkit/frontend"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// request makes what to build of a command line.
func (b *builds) request(r *request) (*build.Request, error) {
	f := b.flags
	req := &build.Request{
		File: r.file, Data: r.data, Ignore: r.ignore, Context: r.context, Contexts: r.contexts, Complete: r.completeFor,
		Args: r.args, Labels: map[string]string{}, Attrs: map[string]string{}, Attests: map[string]string{},
		Platforms: f.platforms, Target: f.target, NoCache: f.noCache, NoCacheFilter: f.noCacheFilter, Pull: f.pull,
		Allow: f.allow, Out: b.out,
		Names: b.names,
	}
	var err error
	if b.stage != nil {
		req.Names = nil
	} else if req.Exports, err = b.exports(); err != nil {
		return nil, err
	}
	req.Session = []session.Attachable{authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(b.config),
	})}
	return req, nil
}

// names returns what a planned image is called.
func (b *builds) names(p frontend.Planned) (build.Names, error) {
	own, err := b.ownNames(p)
	repo := b.flags.repository()
	if err != nil || repo == "" {
		return build.Names{Exported: own}, err
	}
	names := build.Names{Local: own}
	for _, name := range own {
		names.Exported = append(names.Exported, pushedName(repo, name))
	}
	return names, nil
}

// ownNames returns the names without the repository that --push gives.
func (b *builds) ownNames(p frontend.Planned) ([]string, error) {
	if len(b.flags.tags) > 0 && b.flags.name == "" {
		return b.flags.tags, nil
	}
	spec, last := p.Project.Spec, p.Plan.Steps[len(p.Plan.Steps)-1]
	found, err := p.Project.Catalog(context.Background(), p.Plan.Target) // it was made for the plan
	if err != nil {
		return nil, err
	}
	for _, pkg := range found.Lookup(last.Name) {
		if pkg.Origin == last.Origin {
			name := imageNameAs(b.flags.name, pkg, spec.Target.Tables.ForTree(p.Plan.Target), spec.Target.Python.Value != "")
			if name == "" {
				break
			}
			return append([]string{name}, b.flags.tags...), nil
		}
	}
	var l diag.List
	l.Errorf(rules.BadValue, diag.Range{}, "name it with --tag NAME", "the name and tag of package %s are no name of an image", last.Name)
	return nil, l.Err()
}
