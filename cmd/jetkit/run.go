package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/machine"
	container "jetkit/cmd/internal/run"
	"jetkit/cmd/internal/webcam"
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

  IMAGE=$(jetkit autotag pytorch) && jetkit run "$IMAGE"
  jetkit run --volume /path/on/host:/path/in/container IMAGE
  jetkit run IMAGE my_app --abc xyz
  jetkit run --dry-run IMAGE          # what would be passed, and why

These things are passed where the machine has them, and can be left out by --without; docker.sock and
permissions only with --with:

` + wrapped(container.Names(), "  ", 96) + `

The exit code is the container's.`,
		RunE: func(cmd *cobra.Command, args []string) error { return runContainer(cmd, sys, args) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return container.Complete(args, begun), cobra.ShellCompDirectiveDefault
		},
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
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP)
	defer stop()
	facts := container.Gather(ctx, line, sys.machine, sys.env, sys.session(), sys.cache)
	around, before, err := csiWebcams(ctx, sys, facts)
	if err != nil {
		return err
	}
	plan, err := container.Make(facts)
	if err != nil {
		if _, isUsage := errors.AsType[*container.UsageError](err); isUsage {
			return usagef(cmd, "%w", err)
		}
		return err
	}
	plan.Before = before
	sayMissingImage(sys, line.Image)
	sayRunRisks(sys, plan)
	if line.Own.DryRun {
		plan.Print(sys.out)
		return nil
	}
	if plan.Sudo != "" {
		fmt.Fprintf(sys.err, "using sudo: %s\n", plan.Sudo)
	}
	code, err := plan.Start(ctx, container.Streams{In: sys.in, Out: sys.stdout(), Err: sys.err}, around...)
	switch {
	case ctx.Err() != nil && code == container.ExitFailed:
		return ctx.Err() // before there was a container
	case err != nil:
		fmt.Fprintf(sys.err, "ERROR: %s\n", diag.CleanLines(err.Error()))
		code = max(code, exitFailure)
	}
	if code != 0 {
		return &exitError{code}
	}
	return nil
}

// csiWebcams finds the cameras that --csi2webcam asks for, notes their devices as facts, and returns what is done for
// them. What a start that was killed has left is undone first.
func csiWebcams(ctx context.Context, sys *system, facts *container.Facts) (around []container.Around, before [][]string, err error) {
	own := facts.Line.Own
	setup := webcam.Setup{Machine: sys.machine, State: facts.State, Root: facts.User.ID == 0}
	if !own.DryRun {
		undone, err := webcam.Recover(ctx, setup)
		switch {
		case err != nil && own.CSI:
			return nil, nil, err
		case err != nil:
			fmt.Fprintf(sys.err, "warning: %s\n", diag.Clean(err.Error()))
		case undone:
			fmt.Fprintln(sys.err, "undid the webcams of a start that was killed")
		}
	}
	if !own.CSI {
		return nil, nil, nil
	}
	if setup.Capture, setup.Output, err = own.Resolutions(); err != nil {
		return nil, nil, err
	}
	webcams, err := webcam.Find(ctx, setup)
	if err != nil {
		for line := range strings.Lines(err.Error()) { // one for each thing that is wrong
			fmt.Fprintf(sys.err, "ERROR: --csi2webcam: %s\n", diag.Clean(strings.TrimSpace(line)))
		}
		return nil, nil, &exitError{exitFailure}
	}
	facts.CSI, facts.Webcams = webcams.Devices()
	before = [][]string{webcams.Load()}
	for _, camera := range webcams.Cameras {
		before = append(before, webcams.Pipeline(camera))
	}
	start := func(ctx context.Context) error { return webcams.Start(ctx, sys.err) }
	return []container.Around{{Do: start, Undo: webcams.Stop}}, before, nil
}

// sayRunRisks names what is wrong with the machine for a container, and what a container could do to the machine.
func sayRunRisks(sys *system, plan *container.Plan) {
	for _, warning := range plan.Warnings {
		fmt.Fprintf(sys.err, "warning: %s\n", diag.Clean(warning))
	}
	var named []string
	for _, option := range plan.Options {
		if option.Risk != "" && !slices.Contains(named, option.Thing) {
			named = append(named, option.Thing)
			fmt.Fprintf(sys.err, "warning: %s: %s (--without %s leaves it out)\n", option.Thing, option.Risk, option.Thing)
		}
	}
}

// sayMissingImage warns of an image that is called as a program is: so it is where the command that should print its
// name failed, and the shell went on with the next word.
func sayMissingImage(sys *system, image string) {
	if slices.Contains([]string{"python3", "python", "bash", "sh"}, image) {
		fmt.Fprintf(sys.err, "WARNING: the image to run is %s: did $(jetkit autotag ...) before it find none? It says why\n", image)
	}
}

// wrapped joins words with commas, in lines of at most so many characters.
func wrapped(words []string, indent string, width int) string {
	var lines []string
	line := indent
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if len(line)+1+len(word) > width {
			lines, line = append(lines, line), indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}
