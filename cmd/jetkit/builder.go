package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/builder"
	"jetkit/pkgspec/diag"
)

func newBuilder(sys *system) *cobra.Command {
	cmd := &cobra.Command{
		Use:                   "builder COMMAND",
		DisableFlagsInUseLine: true,
		Short:                 "See which BuildKit builds, and keep a private one",
		Long: `jetkit builds with a BuildKit that is there, and starts a private one where there is none. The first
of these is taken:

  1. the builder named by --builder: one of docker buildx, a Docker context, an address such as
     tcp://jetson:1234, or "jetkit", the private one
  2. the builder that the variable BUILDX_BUILDER names, in the same forms
  3. the builder chosen by docker buildx use
  4. the daemon at BUILDKIT_HOST
  5. Docker's own engine
  6. a private buildkitd, if buildkitd is on the PATH

What is named, by 1, 2 or 4, must work. What is only found, by 3 or 5, is skipped if it does not answer or
is too old, and the reason is told.`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBuilderList(sys), newBuilderStart(sys), newBuilderStop(sys), newBuilderStatus(sys), newBuilderUsage(sys), newBuilderPrune(sys))
	return cmd
}

// builderOptions are those of every command that looks for a builder.
func builderOptions(sys *system, name string) builder.Options {
	return builder.Options{Name: name, Env: sys.env, Machine: sys.machine, Notes: sys.err}
}

// builderFlag adds --builder.
func builderFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "builder", "", "the `NAME` of the builder, or its address (default: see jetkit builder --help)")
}

func newBuilderList(sys *system) *cobra.Command {
	var name, format string
	cmd := &cobra.Command{
		Use:                   "ls [OPTIONS]",
		DisableFlagsInUseLine: true,
		Short:                 "List where a builder may be, which one a build would take, and why not the others",
		Long: `List where a builder may be, in the order in which they are tried. A star marks the one that a build would
take. Nothing is started.`,
		Example: `  jetkit builder ls
  jetkit builder ls --builder jetson --format json`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			attempts, err := builder.Describe(cmd.Context(), builderOptions(sys, name))
			defer builder.CloseAll(attempts)
			if err != nil {
				return err
			}
			places := listPlaces(attempts)
			if format == "json" {
				return writeJSON(sys.out, places)
			}
			tw := tabwriter.NewWriter(sys.out, 0, 0, 3, ' ', 0)
			fmt.Fprintln(tw, "BUILDER\tBUILDKIT\tPLATFORMS\tREASON")
			for _, p := range places {
				star := ""
				if p.Chosen {
					star = "*"
				}
				fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", diag.Clean(p.Builder)+star, cmp.Or(diag.Clean(p.BuildKit), "-"),
					cmp.Or(strings.Join(withoutVariants(p.Platforms), ","), "-"), oneLine(p.Reason))
			}
			return tw.Flush()
		},
	}
	builderFlag(cmd, &name)
	oneOf(cmd, &format, "format", "list", "table", "json")
	return cmd
}

// withoutVariants leaves out the variants of amd64, which say how new a processor
// is.
func withoutVariants(platforms []string) []string {
	return slices.DeleteFunc(slices.Clone(platforms), func(p string) bool { return strings.HasPrefix(p, "linux/amd64/") })
}

// oneLine makes a text fit for a table.
func oneLine(text string) string { return diag.Clean(strings.ReplaceAll(text, "\n", "; ")) }

// place is one line of jetkit builder ls.
type place struct {
	Builder   string   `json:"builder"`
	Kind      string   `json:"kind,omitempty"`
	Chosen    bool     `json:"chosen"`
	Starts    bool     `json:"starts,omitempty"` // a build would start it
	BuildKit  string   `json:"buildkit,omitempty"`
	Docker    string   `json:"docker,omitempty"`
	Platforms []string `json:"platforms,omitempty"`
	Devices   []string `json:"devices,omitempty"`
	Reason    string   `json:"reason,omitempty"`
}

func listPlaces(attempts []builder.Attempt) []place {
	places := make([]place, 0, len(attempts))
	chosen := false
	for _, a := range attempts {
		p := place{Builder: a.Source}
		switch {
		case a.Builder != nil:
			f := a.Builder.Facts
			p.Kind, p.BuildKit, p.Docker, p.Platforms = string(a.Builder.Kind), f.BuildKit, f.EngineVersion, f.PlatformNames()
			for _, d := range f.Devices {
				p.Devices = append(p.Devices, d.Name)
			}
		default:
			p.Reason = a.Reason.Error()
			p.Starts = errors.Is(a.Reason, builder.ErrStopped)
		}
		p.Chosen = !chosen && (a.Builder != nil || p.Starts)
		chosen = chosen || p.Chosen
		places = append(places, p)
	}
	return places
}

func newBuilderStart(sys *system) *cobra.Command {
	var group string
	cmd := &cobra.Command{
		Use:                   "start [OPTIONS]",
		DisableFlagsInUseLine: true,
		Short:                 "Start the private builder",
		Long: `Start the private builder, unless it runs. A build does this by itself where there is no other builder.

It is a buildkitd from the PATH, which goes on after this command. Without root it runs in a user namespace, by
rootlesskit. JETKIT_BUILDER_DIR puts its files into another folder, such as one on a larger disk.`,
		Example: `  jetkit builder start
  JETKIT_BUILDER_DIR=/mnt/nvme/jetkit jetkit builder start
  sudo jetkit builder start --group docker`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, started, err := builder.Start(cmd.Context(), builderOptions(sys, ""), group)
			if err != nil {
				return fmt.Errorf("the private builder does not start: %w", err)
			}
			what := "runs already"
			if started {
				what = "started"
			}
			fmt.Fprintf(sys.err, "builder: buildkitd %s %s, process %d, at unix://%s\n", s.Version, what, s.PID, s.Socket)
			fmt.Fprintln(sys.out, s.Name)
			return nil
		},
	}
	cmd.Flags().StringVar(&group, "group", "", "let the members of a `GROUP` build too; this makes them root")
	return cmd
}

func newBuilderStop(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:                   "stop",
		DisableFlagsInUseLine: true,
		Short:                 "Stop the private builder, and keep its cache",
		Long: `Stop the private builder and everything that it runs, and wait for the end. Its cache stays: the next build
starts it again. jetkit builder prune --all removes the cache.`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			stopped, err := builder.Stop(cmd.Context(), builderOptions(sys, ""))
			if err != nil {
				return err
			}
			if !stopped {
				fmt.Fprintln(sys.err, "builder: the private builder does not run")
				return nil
			}
			fmt.Fprintln(sys.out, builder.PrivateName)
			return nil
		},
	}
}

func newBuilderStatus(sys *system) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:                   "status [OPTIONS]",
		DisableFlagsInUseLine: true,
		Short:                 "Show the private builder: version, process, files, disk",
		Args:                  arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := builder.StatusOf(cmd.Context(), builderOptions(sys, ""))
			if err != nil {
				return err
			}
			if format == "json" {
				return writeJSON(sys.out, s)
			}
			return printStatus(sys, s)
		},
	}
	oneOf(cmd, &format, "format", "status", "text", "json")
	return cmd
}

func printStatus(sys *system, s builder.Status) error {
	state := "stopped"
	switch {
	case s.Running:
		state = "running"
	case s.Problem != "":
		state = "does not answer: " + oneLine(s.Problem)
	}
	tw := tabwriter.NewWriter(sys.out, 0, 0, 2, ' ', 0)
	row := func(name, value string) { fmt.Fprintf(tw, "%s\t%s\n", name, value) }
	row("Name", s.Name)
	row("State", state)
	if s.Running {
		row("BuildKit", diag.Clean(s.Version))
	}
	if s.PID != 0 {
		row("Process", fmt.Sprint(s.PID))
		row("Since", fmt.Sprintf("%s (%s)", s.Since.Local().Format(time.DateTime), units.HumanDuration(time.Since(s.Since))))
	}
	row("Socket", "unix://"+s.Socket)
	row("Data", s.Root)
	row("Config", s.Config)
	row("Log", s.Log)
	if s.Running {
		row("Cache", units.HumanSize(float64(s.Used)))
		row("Devices", diag.Clean(cmp.Or(strings.Join(s.Devices, ", "), "none")))
	}
	row("Disk free", units.HumanSize(float64(s.Free)))
	return tw.Flush()
}
