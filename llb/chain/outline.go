package chain

import (
	"context"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/subrequests/outline"

	"jetkit/pkgspec/plan"
)

// Outline returns what the Dockerfile of one of the plan's steps takes from the command
// line (arguments, secrets and SSH agents), with the arguments' values in this plan. The
// result's one source is the Dockerfile.
func Outline(ctx context.Context, opt Options, step plan.Step) (*outline.Outline, error) {
	files, err := openFolder(ctx, opt.Sources, step)
	if err != nil {
		return nil, err
	}
	convert, err := alone(opt, step, files)
	if err != nil {
		return nil, err
	}
	o, err := dockerfile2llb.Dockerfile2Outline(ctx, files.sourceMap.Data, convert)
	if err != nil {
		return nil, &StepError{Step: step, SourceMap: files.sourceMap, Err: err}
	}
	return o, nil
}

// alone returns how to convert a step's Dockerfile without the steps before it.
func alone(opt Options, step plan.Step, files *folder) (dockerfile2llb.ConvertOpt, error) {
	bc, err := newStepClient(opt.Client, opt.Plan, step, stepInput{
		base: llb.Scratch(), image: EmptyImage(opt.Platform), context: files.context, platform: opt.Platform,
	})
	if err != nil {
		return dockerfile2llb.ConvertOpt{}, err
	}
	return dockerfile2llb.ConvertOpt{
		Config: bc.Config, Client: bc, SourceMap: files.sourceMap, MetaResolver: opt.Client, TargetPlatform: &opt.Platform,
	}, nil
}
