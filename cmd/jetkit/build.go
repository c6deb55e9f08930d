package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/docker/cli/cli/config/configfile"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/build"
	"jetkit/cmd/internal/builder"
	"jetkit/cmd/internal/engine"
	"jetkit/frontend"
	"jetkit/pkgspec/diag"
)

func newBuild(sys *system) *cobra.Command {
	flags := &buildFlags{}
	cmd := &cobra.Command{
		Use:                   "build [OPTIONS] [-f jetson.yaml | PACKAGE...]",
		DisableFlagsInUseLine: true,
		Short:                 "Build an image of packages, with their tests",
		Long: `Build the image of a jetson.yaml, or of packages named on the command line, on a BuildKit. jetkit's
frontend runs inside this command: nothing is pushed anywhere for it, and the "# syntax=" line of the
file is not used. Plan, cache and image are those of docker buildx build with the same file.

Without -f and without packages, jetson.yaml of the context is built.

The image is called as jetson-containers calls it: the last package's name, with a tag that says what
it was built for; --name gives another name with such a tag, and --tag a name that stays as it is.
It goes to Docker, or else to podman or nerdctl, or else into a file of the user's, unless --output,
--load or --push say where.`,
		Example: `  jetkit build numpy
  jetkit build --name robot ros:humble-desktop pytorch
  jetkit build -f robot/jetson.yaml --tag registry.example.com/robot:1 --push
  jetkit build --multiple --skip-errors 'ros:humble*'
  jetkit build pytorch --base nvcr.io/nvidia/l4t-jetpack:r36.4.0 --push=registry.example.com/user`,
		RunE: func(cmd *cobra.Command, names []string) error { return flags.run(cmd, names, sys) },
	}
	flags.register(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	return cmd
}

// run executes jetkit build.
func (f *buildFlags) run(cmd *cobra.Command, names []string, sys *system) error {
	if err := f.checkOnError(cmd, sys); err != nil {
		return err
	}
	return (&builds{system: sys, flags: f}).run(cmd, names)
}

// run builds what a command line says.
func (b *builds) run(cmd *cobra.Command, names []string) error {
	r, err := b.flags.request(cmd, names, b.system)
	if err != nil {
		return err
	}
	b.ctx = cmd.Context()
	if b.config, err = engine.Config(b.env); err != nil {
		return err
	}
	if err := b.connect(); err != nil {
		return err
	}
	defer b.close()
	req, err := b.request(r)
	if err != nil {
		return err
	}
	return b.one(req)
}

// builds is one run of jetkit build: what its builds have in common.
type builds struct {
	*system
	ctx   context.Context //nolint:containedctx // it is that of the command, which this is
	flags *buildFlags
	// config is Docker's, with the user's credentials for registries.
	config  *configfile.ConfigFile
	builder *builder.Builder
	closers []func() error
	// stage is what is built instead of the image: nothing leaves the builder.
	stage func(*build.Request, *build.Progress) gateway.BuildFunc
}

// one builds an image, and asks for what the builder refuses it.
func (b *builds) one(r *build.Request) error {
	progress, err := build.NewProgress(b.err, b.flags.progressMode(b.system))
	if err != nil {
		return fmt.Errorf("--progress: %w", err)
	}
	c, err := b.client(r.Platforms)
	if err != nil {
		return err
	}
	result, err := build.Run(b.ctx, c, r, b.hooks(r, progress))
	warnings := progress.Close()
	if refused, ok := errors.AsType[*frontend.RefusedError](err); ok && b.ctx.Err() == nil {
		allowed, ask := b.allow(r, refused)
		if ask != nil {
			return ask
		}
		if len(allowed) > 0 {
			r.Allow = append(r.Allow, allowed...)
			return b.one(r)
		}
	}
	if err != nil {
		return asBuildError(err)
	}
	if !b.flags.quiet {
		printBuildWarnings(b.err, warnings)
	}
	return b.finish(result)
}

// finish tells what came of a build.
func (b *builds) finish(result *build.Result) error {
	if b.flags.quiet {
		fmt.Fprintln(b.out, result.ImageID())
		return nil
	}
	if where := whereTo(result); where != "" {
		fmt.Fprintln(b.err, diag.CleanLines(where))
	}
	for _, name := range result.Names {
		fmt.Fprintln(b.out, diag.Clean(name))
	}
	return nil
}
