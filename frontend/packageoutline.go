package frontend

import (
	"context"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/llb/chain"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// addPackages adds what the packages' Dockerfiles take. An argument's description names
// the packages that take it. Secrets and SSH agents have no description, so the
// outline's own says which packages use them; the source of their place names one too.
func (b *build) addPackages(ctx context.Context, p *plan.Plan, o *outline.Outline) error {
	platform := b.targetPlatform(b.firstPlatform())
	sources, err := contextsFor{b.contexts, platform}.sources(ctx, p)
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, a := range o.Args {
		own[a.Name] = true
	}
	all := &packageOutlines{into: o}
	for _, step := range p.Steps {
		if step.Dockerfile == "" {
			continue
		}
		of, err := chain.Outline(ctx, chain.Options{Plan: p, Sources: sources, Client: b.client, Platform: platform}, step)
		if err != nil {
			return err
		}
		of.Args = slices.DeleteFunc(of.Args, func(a outline.Arg) bool { return own[a.Name] })
		all.add(step.Name, of)
	}
	for _, step := range p.Steps {
		all.addTests(&step)
	}
	all.describe()
	return nil
}

// packageOutlines merges the outlines of packages.
type packageOutlines struct {
	into *outline.Outline
	// users are the packages that take a thing, by a key of it.
	users map[string][]string
	order []string
}

func (m *packageOutlines) add(name string, of *outline.Outline) {
	at := int32(len(m.into.Sources)) // one per package
	m.into.Sources = append(m.into.Sources, of.Sources...)
	for _, a := range of.Args {
		a.Value = diag.Clean(a.Value)
		setSource(a.Location, at)
		if m.use("argument "+a.Name+"="+a.Value, name) {
			m.into.Args = append(m.into.Args, a)
		}
	}
	for _, s := range of.Secrets {
		s.Name = diag.Clean(s.Name)
		setSource(s.Location, at)
		m.addSecret(s, name)
	}
	for _, s := range of.SSH {
		s.Name = diag.Clean(s.Name)
		setSource(s.Location, at)
		m.addSSH(s, name)
	}
}

// addTests adds what jetson.yaml gives to a package's tests.
func (m *packageOutlines) addTests(s *plan.Step) {
	users := "tests of " + s.Name
	for _, secret := range s.TestSecrets {
		m.addSecret(outline.Secret{Name: secret.ID, Required: !secret.Optional, Location: locationOf(secret.At)}, users)
	}
	for _, agent := range s.TestSSH {
		m.addSSH(outline.SSH{Name: agent.ID, Required: !agent.Optional, Location: locationOf(agent.At)}, users)
	}
}

// locationOf is a place in the outline's first source, jetson.yaml.
func locationOf(at diag.Range) *pb.Location {
	return &pb.Location{Ranges: ranges(at)}
}

func (m *packageOutlines) addSecret(s outline.Secret, users string) {
	if m.use("secret "+s.Name, users) {
		m.into.Secrets = append(m.into.Secrets, s)
	} else if s.Required {
		i := slices.IndexFunc(m.into.Secrets, func(other outline.Secret) bool { return other.Name == s.Name })
		m.into.Secrets[i].Required = true
	}
}

func (m *packageOutlines) addSSH(s outline.SSH, users string) {
	if m.use("SSH agent "+s.Name, users) {
		m.into.SSH = append(m.into.SSH, s)
	} else if s.Required {
		i := slices.IndexFunc(m.into.SSH, func(other outline.SSH) bool { return other.Name == s.Name })
		m.into.SSH[i].Required = true
	}
}

func setSource(at *pb.Location, index int32) {
	if at != nil {
		at.SourceIndex = index
	}
}

// use notes that a package takes a thing, and reports whether it is the first.
func (m *packageOutlines) use(what, name string) bool {
	if m.users == nil {
		m.users = map[string][]string{}
	}
	first := m.users[what] == nil
	if first {
		m.order = append(m.order, what)
	}
	m.users[what] = append(m.users[what], name)
	return first
}

// describe writes which packages take what.
func (m *packageOutlines) describe() {
	for i := range m.into.Args {
		a := &m.into.Args[i]
		if users := m.users["argument "+a.Name+"="+a.Value]; users != nil {
			about := "of " + diag.Some(users, ", ", maxUsers)
			if a.Description != "" {
				about += ": " + diag.Clean(a.Description)
			}
			a.Description = about
		}
	}
	for _, what := range m.order {
		if !strings.HasPrefix(what, "argument ") {
			m.into.Description = strings.TrimPrefix(m.into.Description+"; ", "; ") + what + " for " + diag.Some(m.users[what], ", ", maxUsers)
		}
	}
}

// maxUsers is how many packages are named that take one thing.
const maxUsers = 4
