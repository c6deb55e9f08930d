package frontend

import (
	"context"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/lint"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/project"
)

// Plan plans the image of a request's first platform, and builds nothing: config.py
// files alone run.
func (o Options) Plan(ctx context.Context, c client.Client) (_ Planned, err error) {
	b, err := o.open(ctx, c)
	if err != nil {
		return Planned{}, err
	}
	defer func() { err = b.reported(recovered(recover(), err)) }()
	platform := b.targetPlatform(b.firstPlatform())
	resolved, problems, err := b.plan(ctx, platform)
	if err != nil {
		return Planned{}, err
	}
	return Planned{Platform: platform, Plan: resolved, Project: b.loaded.Load(), Problems: problems}, nil
}

// Check finds what is worth a look in a request, as --check does, and builds nothing: config.py
// files alone run.
func (o Options) Check(ctx context.Context, c client.Client) (_ *lint.LintResults, err error) {
	b, err := o.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = b.reported(recovered(recover(), err)) }()
	return b.lint(ctx)
}

// Lock returns the text of the lock of what a request would build now, as --call=jetson.lock
// does, and builds nothing: config.py files alone run.
func (o Options) Lock(ctx context.Context, c client.Client) (_ []byte, err error) {
	b, err := o.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = b.reported(recovered(recover(), err)) }()
	b.pins.making = true
	return b.makeLock(ctx)
}

// List finds all packages of a request, for its first platform. The problems are
// warnings.
func (o Options) List(ctx context.Context, c client.Client) (_ *project.Project, _ project.Listing, _ diag.List, err error) {
	b, err := o.open(ctx, c)
	if err != nil {
		return nil, project.Listing{}, nil, err
	}
	defer func() { err = b.reported(recovered(recover(), err)) }()
	loaded, problems, err := b.load(ctx, b.targetPlatform(b.firstPlatform()))
	if err != nil {
		return nil, project.Listing{}, problems, err
	}
	found, problems, err := loaded.List(ctx)
	if err == nil {
		err = problems.Err()
	}
	return loaded, found, problems, err
}

// Compile plans and compiles the image of a request's first platform, and builds nothing:
// config.py files alone run.
func (o Options) Compile(ctx context.Context, c client.Client) (found Compiled, err error) {
	o.Compiled = func(c Compiled) { found = c }
	b, err := o.open(ctx, c)
	if err != nil {
		return Compiled{}, err
	}
	defer func() { err = b.reported(recovered(recover(), err)) }()
	platform := b.targetPlatform(b.firstPlatform())
	resolved, _, err := b.plan(ctx, platform)
	if err != nil {
		return Compiled{}, err
	}
	_, err = b.compile(ctx, resolved, platform, false)
	return found, err
}
