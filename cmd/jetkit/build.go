package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/build"
	"jetkit/cmd/internal/builder"
	"jetkit/cmd/internal/engine"
	"jetkit/cmd/internal/report"
	"jetkit/cmd/internal/stepcache"
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

The builder is that of --builder, BUILDX_BUILDER, docker buildx use or BUILDKIT_HOST, else Docker's
own, else a private buildkitd that jetkit starts and keeps: see jetkit builder. Which one, and why, is
the first line of the output.

The image is called as jetson-containers calls it: the last package's name, with a tag that says what
it was built for; --name gives another name with such a tag, and --tag a name that stays as it is.
It goes to Docker, or else to podman or nerdctl, or else into a file of the user's, unless --output,
--load or --push say where. An image that Docker has already is not loaded again.

Packages may need more than a build may do by itself: devices, the host's network, privileges. On a
terminal jetkit asks, naming packages and reasons; scripts say --yes, or --allow for each.

The flags of jetson-containers build are understood, and so is a file .env of this folder, which it
also reads: its variables win over those of the environment.`,
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
	sys, err := sys.withEnvFile(false)
	if err != nil {
		return err
	}
	if len(names) > 0 && f.file == "" {
		f.takePlatform(sys)
	}
	if err := f.checkOnError(cmd, sys); err != nil {
		return err
	}
	if err := f.translate(cmd, sys); err != nil {
		return err
	}
	if err := f.checkNames(cmd); err != nil {
		return err
	}
	if ask := f.question(); ask != nil {
		return ask(cmd, names, sys)
	}
	b, err := f.builds(cmd, sys)
	if err != nil {
		return err
	}
	defer b.close()
	if f.multiple {
		err = b.multiple(names)
	} else {
		err = b.single(names)
	}
	return b.report(err)
}

// builds starts a run.
func (f *buildFlags) builds(cmd *cobra.Command, sys *system) (*builds, error) {
	recorder, err := f.reports.recorder(f.multiple)
	return &builds{system: sys, flags: f, ctx: cmd.Context(), cmd: cmd, allowed: f.allow, recorder: recorder}, err
}

// builds is one run of jetkit build: what its builds have in common.
type builds struct {
	*system
	ctx   context.Context //nolint:containedctx // it is that of the command, which this is
	cmd   *cobra.Command
	flags *buildFlags
	// config is Docker's, with the user's credentials for registries.
	config  *configfile.ConfigFile
	builder *builder.Builder
	// recorder has what the builds did.
	recorder *report.Recorder
	closers  []func() error
	// asked are the exports that --output names, and annotations are those of images.
	asked       []build.Export
	annotations map[string]string
	// allowed are the entitlements that builds may use.
	allowed []string
	// stage is what is built instead of the image: nothing leaves the builder.
	stage func(*build.Request, *build.Progress) gateway.BuildFunc
}

// single builds one image.
func (b *builds) single(names []string) error {
	if err := b.unmark(); err != nil {
		return err
	}
	result, err := b.build(names)
	if err != nil {
		return err
	}
	return b.finish(result)
}

// read reads what is asked for.
func (b *builds) read(names []string) (*request, error) {
	r, err := b.flags.remote(b.cmd, names, b.system)
	if r == nil && err == nil {
		r, err = b.flags.request(b.cmd, names, b.system)
	}
	return r, err
}

// connect finds the builder, and says which it is and why.
func (b *builds) connect() error {
	var err error
	if b.config, err = engine.Config(b.env); err != nil {
		return err
	}
	b.builder, err = builder.Find(b.ctx, builder.Options{Name: b.flags.builder, Env: b.env, Machine: b.machine, Notes: b.err})
	if err != nil {
		return err
	}
	b.closers = append(b.closers, b.builder.Close)
	if b.recorder != nil { // nothing is built where there is none
		b.recorder.SetBuilder(b.builder.Why)
	}
	if !b.flags.quiet {
		fmt.Fprintf(b.err, "builder: %s\n", diag.Clean(b.builder.Why))
	}
	return nil
}

// close closes what was opened. Nothing is lost when that fails.
func (b *builds) close() {
	for _, c := range b.closers {
		_ = c()
	}
}

// one builds an image, and asks for what the builder refuses it.
func (b *builds) one(r *build.Request, record *report.BuildRecorder) (*build.Result, error) {
	c, err := b.client(r.Platforms)
	if err != nil {
		return nil, err
	}
	own := r.Allow
	for {
		r.Allow = slices.Concat(own, b.allowed)
		result, warnings, err := b.try(c, r, record)
		if refused, ok := errors.AsType[*frontend.RefusedError](err); ok && b.ctx.Err() == nil {
			again, no := b.allow(refused)
			if no != nil {
				return nil, no
			}
			if again {
				record.Again()
				continue
			}
		}
		record.Done(b.outcome(c, result, err))
		if err != nil {
			return nil, asBuildError(err)
		}
		if !b.flags.quiet {
			printBuildWarnings(b.err, warnings)
		}
		return result, nil
	}
}

// try builds an image once, and shows the progress.
func (b *builds) try(c *client.Client, r *build.Request, record *report.BuildRecorder) (*build.Result, []client.VertexWarning, error) {
	progress, err := build.NewProgress(b.err, b.flags.progressMode(b.system))
	if err != nil {
		return nil, nil, usagef(b.cmd, "--progress: %w", err)
	}
	hooks := b.hooks(r, progress)
	steps := stepcache.NewRecorder(stepFiles(r))
	hooks.OnStatus = func(s *client.SolveStatus) { record.Write(s); progress.Write(s); steps.OnStatus(s) }
	hooks.OnCompiled = func(c frontend.Compiled) { record.Compiled(c); steps.Compiled(c.Definition) }
	result, err := build.Run(b.ctx, c, r, hooks)
	warnings := progress.Close()
	b.noteSteps(c, steps)
	return result, warnings, err
}
