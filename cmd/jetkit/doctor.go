package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/builder"
	"jetkit/cmd/internal/doctor"
)

// doctorFlags are what jetkit doctor is asked to do.
type doctorFlags struct {
	format, configFile, gpuTest, builder string
	fix, yes, restart, replaceDefault    bool
	quiet                                bool
}

func newDoctor(sys *system) *cobra.Command {
	var flags doctorFlags
	cmd := &cobra.Command{
		Use:                   "doctor [OPTIONS]",
		DisableFlagsInUseLine: true,
		Short:                 "Look for what keeps this machine from building and running containers, and repair it",
		Long: `Check the board and its release, memory and disk, Docker with its daemon.json, NVIDIA's container
toolkit with its CDI specifications, and the builder. Nothing is changed, started or pulled.

--fix changes daemon.json, and nothing else: it adds NVIDIA's runtime, makes it the default, or names
the program that is installed. Every other byte of the file stays as it is. The change is shown
first, and made after a yes; off a terminal it needs --yes. The old file is kept beside the new one.
Docker is told to read it, or restarted, only if you say so.

The exit code is 1 if there is an error among the findings, else 0. Warnings do not change it.`,
		Example: `  jetkit doctor
  jetkit doctor --format json
  sudo jetkit doctor --fix
  sudo jetkit doctor --fix --yes --restart
  jetkit doctor --gpu-test ubuntu:22.04`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.yes && !flags.fix || flags.restart && !flags.fix || flags.replaceDefault && !flags.fix {
				return usagef(cmd, "--yes, --restart and --replace-default-runtime go with --fix")
			}
			if strings.HasPrefix(flags.gpuTest, "-") {
				return usagef(cmd, "--gpu-test %s: name an image", flags.gpuTest)
			}
			return flags.run(cmd.Context(), sys)
		},
	}
	cmd.Flags().SortFlags = false
	oneOf(cmd, &flags.format, "format", "report", "text", "json")
	cmd.Flags().BoolVarP(&flags.quiet, "quiet", "q", false, "print warnings and errors only")
	cmd.Flags().BoolVar(&flags.fix, "fix", false, "repair daemon.json, after showing the change and asking")
	cmd.Flags().BoolVarP(&flags.yes, "yes", "y", false, "with --fix: change daemon.json without asking")
	cmd.Flags().BoolVar(&flags.restart, "restart", false, "with --fix: have Docker read the new file without asking, and restart it if need be; then its containers stop")
	cmd.Flags().BoolVar(&flags.replaceDefault, "replace-default-runtime", false, "with --fix: also replace a default runtime that daemon.json names")
	cmd.Flags().StringVar(&flags.configFile, "config-file", doctor.DefaultConfigFile, "Docker's daemon.json: `FILE`")
	cmd.Flags().StringVar(&flags.builder, "builder", "", "look at the builder of this `NAME` (BUILDX_BUILDER)")
	cmd.Flags().StringVar(&flags.gpuTest, "gpu-test", "", "start a container of `IMAGE` with the GPU, if the image is there")
	_ = cmd.MarkFlagFilename("config-file", "json") // an error would mean that there is no such flag
	return cmd
}

func (f *doctorFlags) run(ctx context.Context, sys *system) error {
	subject := f.subject(sys)
	outcomes := doctor.Run(ctx, doctor.Checks(), subject)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if f.format == "text" {
		doctor.Text(sys.out, outcomes, f.quiet)
	}
	var repair *doctor.RepairReport
	if f.fix {
		var err error
		if repair, err = f.repair(ctx, sys, subject, outcomes); err != nil {
			return err
		}
		if repair != nil && repair.Applied {
			subject = f.subject(sys)
			outcomes = doctor.Run(ctx, doctor.Checks(), subject)
			fmt.Fprintf(sys.err, "\nnow: %s\n", doctor.Totals(outcomes))
		}
	}
	if f.format == "json" {
		report := doctor.NewReport(subject, outcomes)
		report.Repair = repair
		if err := writeJSON(sys.out, report); err != nil {
			return err
		}
	}
	if doctor.Worst(outcomes) == doctor.Error {
		return &exitError{exitFailure}
	}
	return nil
}

// subject is this machine, as it is now.
func (f *doctorFlags) subject(sys *system) *doctor.Subject {
	who := sys.session().User
	return &doctor.Subject{
		Machine: sys.machine, Env: sys.env, ConfigFile: f.configFile, TestImage: f.gpuTest,
		User: doctor.User{Name: who.Name, UID: who.ID, Groups: who.Groups}, Disk: sys.disk,
		Builder: func(ctx context.Context) (*doctor.Builder, error) { return f.look(ctx, sys) },
	}
}

// look tells which builder would build, and starts none.
func (f *doctorFlags) look(ctx context.Context, sys *system) (*doctor.Builder, error) {
	b, err := builder.Find(ctx, builder.Options{Name: f.builder, Env: sys.env, Machine: sys.machine, Passive: true})
	stopped := &doctor.Builder{Name: "jetkit's own buildkitd", Stopped: true}
	var old *builder.TooOldError
	var none *builder.NoneError
	switch {
	case errors.As(err, &old):
		return &doctor.Builder{Name: "builder", Problem: old.Error()}, nil
	case errors.Is(err, builder.ErrStopped):
		return stopped, nil
	case errors.As(err, &none):
		var tried []error
		for _, skipped := range none.Skipped {
			if errors.Is(skipped.Reason, builder.ErrStopped) {
				return stopped, nil
			}
			tried = append(tried, fmt.Errorf("%s: %w", skipped.Source, skipped.Reason))
		}
		return nil, errors.Join(tried...)
	case err != nil:
		return nil, err
	}
	defer func() { _ = b.Close() }() // it was asked, and nothing more is wanted of it
	found := &doctor.Builder{Name: b.Name, Version: b.Facts.BuildKit}
	for _, d := range b.Facts.Devices {
		found.Devices = append(found.Devices, d.Name)
	}
	for _, policy := range b.Facts.GCPolicy {
		found.MaxUsed = max(found.MaxUsed, policy.MaxUsedSpace)
	}
	return found, nil
}

// repair shows the change of daemon.json, asks, and makes it.
func (f *doctorFlags) repair(ctx context.Context, sys *system, subject *doctor.Subject, outcomes []doctor.Outcome) (*doctor.RepairReport, error) {
	repair, err := doctor.PlanRepair(subject, outcomes, f.replaceDefault)
	if errors.Is(err, doctor.ErrNothingToRepair) {
		fmt.Fprintln(sys.err, "\nThere is nothing that --fix repairs.")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(sys.err, "\n--fix changes %s:\n", repair.File)
	for _, reason := range repair.Reasons {
		fmt.Fprintf(sys.err, "  it %s\n", reason)
	}
	report := &doctor.RepairReport{File: repair.File, Diff: repair.Diff()}
	fmt.Fprintf(sys.err, "\n%s\n", report.Diff)
	if yes, err := f.agreed(ctx, sys, f.yes, "Change "+repair.File+"?", "--yes"); err != nil || !yes {
		return report, err
	}
	done, err := repair.Apply(ctx, subject)
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			err = fmt.Errorf("%w; run it as root: sudo jetkit doctor --fix", err)
		}
		return nil, err
	}
	report.Applied, report.Backup, report.Notes = true, done.Backup, done.Notes
	fmt.Fprintf(sys.err, "changed %s", repair.File)
	if !sys.machine.Here() {
		fmt.Fprintf(sys.err, " below %s", sys.machine.Path("/"))
	}
	if done.Backup != "" {
		fmt.Fprintf(sys.err, "; the old file is %s", done.Backup)
	}
	fmt.Fprintln(sys.err)
	for _, note := range done.Notes {
		fmt.Fprintf(sys.err, "note: %s\n", note)
	}
	return report, f.restartDocker(ctx, sys, subject, repair, done)
}

// restartDocker has the engine read its configuration anew.
func (f *doctorFlags) restartDocker(ctx context.Context, sys *system, subject *doctor.Subject, repair *doctor.Repair, done *doctor.Applied) error {
	if why := subject.NoRestart(ctx); why != "" {
		fmt.Fprintf(sys.err, "Docker takes notice when it reads the file again. %s\n", why)
		return nil
	}
	fmt.Fprintln(sys.err, "Docker takes notice when it reads the file again: sudo systemctl reload docker\n"+
		"If that is not enough it has to be restarted, which stops all containers.")
	if yes, err := f.agreed(ctx, sys, f.restart, "Reload Docker now, and restart it if need be?", "--restart"); err != nil || !yes {
		return err
	}
	restarted, err := repair.Restart(ctx, subject, done)
	switch {
	case err != nil:
		return err
	case restarted:
		fmt.Fprintln(sys.err, "Docker was restarted")
	default:
		fmt.Fprintln(sys.err, "Docker has read the file; its containers went on")
	}
	return nil
}

// agreed asks a question, unless a flag has answered it. Off a terminal it says
// which flag does, and takes it for a no.
func (f *doctorFlags) agreed(ctx context.Context, sys *system, given bool, question, flag string) (bool, error) {
	if given {
		return true, nil
	}
	if !isTerminal(sys.in) {
		fmt.Fprintf(sys.err, "not done, as there is no terminal to ask on: %s does it without asking\n", flag)
		return false, nil
	}
	return sys.question(ctx, question, false)
}
