package main

import (
	"errors"
	"fmt"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/build"
	"jetkit/cmd/internal/shell"
	"jetkit/frontend"
)

func newShell(sys *system) *cobra.Command {
	flags := &buildFlags{}
	cmd := &cobra.Command{
		Use:                   "shell [OPTIONS] [-f jetson.yaml] [PACKAGE] [-- COMMAND [ARG...]]",
		DisableFlagsInUseLine: true,
		Short:                 "Open a terminal in a package's stage, as its tests have it, or run a command there",
		Long: `Build the chain up to a package, without its tests, and open a shell in the container that the tests
would have: the image as far as it is then, with its environment, user and folder, the package's own
files in /test, and the tests' /data, network and privileges. What changes there is kept nowhere.

Without a package it is the finished image of the jetson.yaml. With -f the package is one of the
file's chain, and otherwise one to build as jetkit build would.

After --, a command runs instead of the shell; jetkit ends with its exit code. Without a terminal the
shell reads its commands from standard input.

The container is the builder's, through BuildKit's gateway. BuildKit gives such containers no CDI
devices and no resource limits; a GPU is there if the tests use NVIDIA's runtime (tests.gpu: runtime).`,
		Example: `  jetkit shell numpy
  jetkit shell -f robot/jetson.yaml ros
  jetkit shell numpy -- python3 /test/test.py
  echo 'pip list' | jetkit shell -f robot/jetson.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error { return flags.shell(cmd, args, sys) },
	}
	flags.registerShell(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	return cmd
}

// registerShell adds the flags of jetkit shell.
func (f *buildFlags) registerShell(cmd *cobra.Command) {
	f.registerFiles(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&f.platforms, "platform", nil, "`PLATFORM` to build for, such as linux/arm64 (default: the builder's own)")
	f.registerPackages(cmd)
	f.registerLayers(cmd)
	flags.StringArrayVar(&f.cacheFrom, "cache-from", nil, "external `CACHE` to read, as in buildx; repeatable")
	flags.StringArrayVar(&f.secrets, "secret", nil, "secret for RUN steps that mount it, and tests: `id=ID[,src=FILE|,env=NAME]`; repeatable")
	flags.StringArrayVar(&f.ssh, "ssh", nil, "SSH agent or keys for RUN steps that mount them, and tests: `default|ID[=SOCKET|KEY[,KEY]]`; repeatable")
	flags.StringArrayVar(&f.hosts, "add-host", nil, "name of a host for the steps: `HOST:IP`; repeatable")
	flags.StringArrayVar(&f.allow, "allow", nil, "permission that the steps and the shell may use without asking: `ENTITLEMENT`, network.host or security.insecure; repeatable")
	registerPolicy(flags, &f.policy)
	flags.BoolVarP(&f.yes, "yes", "y", false, "allow what the packages need without asking")
	flags.StringVar(&f.progress, "progress", "", "`FORMAT` of the progress: auto, plain, tty, quiet, rawjson or none")
	flags.StringVar(&f.builder, "builder", "", "`NAME` of the builder")
}

// shell executes jetkit shell.
func (f *buildFlags) shell(cmd *cobra.Command, args []string, sys *system) error {
	names, command := args, []string(nil)
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		names, command = args[:dash], args[dash:]
	}
	if len(names) > 1 {
		return usagef(cmd, "a shell is in one package's stage; a command to run there comes after --")
	}
	title := "Finished image, as tests have it."
	if len(names) > 0 {
		f.upTo = names[0]
		title = fmt.Sprintf("Stage of package %s, as its tests have it, with its files in /test.", names[0])
	}
	if f.file != "" {
		names = nil
	}
	sys, err := f.variables(sys, names)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		f.takePlatform(sys)
	}
	b, err := f.builds(cmd, sys)
	if err != nil {
		return err
	}
	b.stage = func(r *build.Request, p *build.Progress) gateway.BuildFunc {
		s := &shell.Shell{In: sys.in, Out: sys.stdout(), Err: sys.err, Suspend: p.Suspend}
		return s.InStage(frontend.StageWith(frontend.Options{Complete: r.Complete, Flags: r.Flags}), title, command)
	}
	defer b.close()
	_, err = b.build(names)
	if exit, ok := errors.AsType[*shell.ExitError](err); ok {
		return &exitError{code: exit.Code} // the command said itself what is wrong
	}
	return err
}

// hooks returns what looks on at a build, and steps in where it fails.
func (b *builds) hooks(r *build.Request, p *build.Progress) build.Hooks {
	hooks := build.Hooks{OnStatus: p.Write}
	switch {
	case b.stage != nil:
		hooks.Wrap = func(gateway.BuildFunc) gateway.BuildFunc { return b.stage(r, p) }
	case b.flags.onError == onErrorShell:
		// Standard output is for results.
		hooks.Wrap = (&shell.Shell{In: b.in, Out: b.err, Err: b.err, Suspend: p.Suspend}).OnError
	}
	return hooks
}

// Words of --on-error.
const (
	onErrorStop  = "stop"
	onErrorShell = "shell"
)

// registerOnError adds the flag that says what happens where a step fails.
func (f *buildFlags) registerOnError(cmd *cobra.Command) {
	words := []string{onErrorStop, onErrorShell}
	f.onError = onErrorStop
	cmd.Flags().Var(&choice{value: &f.onError, words: words}, "on-error", "what to do where a step fails: `stop|shell`; shell opens one in the step's container")
	// An error would mean that there is no such flag.
	_ = cmd.RegisterFlagCompletionFunc("on-error", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// checkOnError refuses a shell that nobody can type in.
func (f *buildFlags) checkOnError(cmd *cobra.Command, sys *system) error {
	if f.onError == onErrorShell && !sys.asks() {
		return usagef(cmd, "--on-error=shell needs a terminal: standard input and standard error are not one")
	}
	return nil
}
