package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/machine"
	container "jetkit/cmd/internal/run"
	"jetkit/pkgspec/diag"
)

// exitError ends the program with an exit code that another program gave, which has said why.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func newRun(sys *system) *cobra.Command {
	cmd := &cobra.Command{
		Use:                   "run [FLAGS] IMAGE [COMMAND]",
		DisableFlagsInUseLine: true,
		// The flags are docker's, which are passed on as they were given.
		DisableFlagParsing: true,
		Short:              "Start a container with the GPU, cameras, sound and screen of this machine",
		Long: `jetkit run is docker run with what programs on a Jetson need: the GPU, cameras, sound, I2C and
serial ports, the screen, and a folder /data that outlives the container. It passes what the machine
has, and nothing else. All flags of docker run can be given, and win over jetkit's.

  jetkit run $(jetkit autotag pytorch)
  jetkit run --volume /path/on/host:/path/in/container IMAGE
  jetkit run IMAGE my_app --abc xyz
  jetkit run --dry-run IMAGE          # what would be passed, and why

The exit code is the container's.`,
		RunE: func(cmd *cobra.Command, args []string) error { return runContainer(cmd, sys, args) },
	}
	for _, flag := range container.OwnFlags() {
		if flag.Valued {
			cmd.Flags().String(flag.Name, "", flag.Usage)
		} else {
			cmd.Flags().Bool(flag.Name, false, flag.Usage)
		}
	}
	cmd.Flags().Bool("help", false, "Print this help") // -h is docker's --hostname
	return cmd
}

func runContainer(cmd *cobra.Command, sys *system, args []string) error {
	line, err := container.Parse(args)
	if err != nil {
		return usagef(cmd, "%w", err)
	}
	if line.Own.Help {
		return cmd.Help()
	}
	if line.Own.MachineRoot != "" {
		sys.machine = machine.At(line.Own.MachineRoot)
	}
	facts := container.Gather(cmd.Context(), line, sys.machine, sys.env, sys.session(), sys.cache)
	plan, err := container.Make(facts)
	if _, isUsage := errors.AsType[*container.UsageError](err); isUsage {
		return usagef(cmd, "%w", err)
	}
	if err != nil {
		return err
	}
	sayRunRisks(sys, plan)
	if line.Own.DryRun {
		plan.Print(sys.out)
		return nil
	}
	if plan.Sudo != "" {
		fmt.Fprintf(sys.err, "using sudo: %s\n", plan.Sudo)
	}
	code, err := plan.Start(cmd.Context(), container.Streams{In: sys.in, Out: sys.out, Err: sys.err}, nil)
	if err != nil {
		fmt.Fprintf(sys.err, "ERROR: %s\n", diag.Clean(err.Error()))
	}
	if code != 0 {
		return &exitError{code}
	}
	return nil
}

// sayRunRisks names what is wrong with the machine for a container, and what a container could do to the machine.
func sayRunRisks(sys *system, plan *container.Plan) {
	for _, warning := range plan.Warnings {
		fmt.Fprintf(sys.err, "WARNING: %s\n", diag.Clean(warning))
	}
	var named []string
	for _, option := range plan.Options {
		if option.Risk != "" && !slices.Contains(named, option.Thing) {
			named = append(named, option.Thing)
			fmt.Fprintf(sys.err, "WARNING: %s: %s (--without %s leaves it out)\n", option.Thing, option.Risk, option.Thing)
		}
	}
}
