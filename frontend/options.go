package frontend

import (
	"context"

	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/pkgspec"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
)

// Options are for a program that runs the frontend itself, next to its user and not
// in a container of the builder's: what it knows besides the request, and what it
// wants to know.
type Options struct {
	// Program is the program's path in the image that it runs in, as for [BuildAs].
	Program string
	// Complete adds to a jetson.yaml what the program knows, for every platform, before
	// the file's contexts are opened. The platform is set. It may be nil.
	Complete func(*pkgspec.Spec) error
	// Flags are what build arguments stand for that the user did not type as such, by the
	// argument's name: "environment CUDA_VERSION".
	Flags map[string]string
	// Planned is told the plan of each platform's image before any of its steps runs,
	// from several goroutines at once. It may be nil.
	Planned func(Planned)
	// Compiled is told what each platform's image consists of before its steps run,
	// also from several goroutines at once. It may be nil.
	Compiled func(Compiled)
}

// BuildWith is [Build] with options.
func BuildWith(o Options) client.BuildFunc { return o.build }

// StageWith is [Stage] with options.
func StageWith(o Options) func(context.Context, client.Client) (*Container, error) { return o.stage }

// Planned is what is known of one platform's image before it is built.
type Planned struct {
	Platform ocispecs.Platform
	Plan     *plan.Plan
	// Project is the jetson.yaml with its packages, as they were read for the platform.
	Project *project.Project
	// Problems are warnings. The build shows them in its progress.
	Problems diag.List
}

func (o Options) complete(spec *pkgspec.Spec) error {
	if o.Complete == nil {
		return nil
	}
	return o.Complete(spec)
}

func (o Options) planned(platform ocispecs.Platform, p *plan.Plan, loaded *project.Project, problems diag.List) {
	if o.Planned != nil {
		o.Planned(Planned{Platform: platform, Plan: p, Project: loaded, Problems: problems})
	}
}
