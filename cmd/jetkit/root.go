package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/helptext"
	"jetkit/cmd/internal/machine"
	container "jetkit/cmd/internal/run"
	"jetkit/pkgspec/diag"
)

// Exit codes. They are Docker's: 125 is a command line that cannot be
// understood, 1 anything that is wrong with what it names.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 125
	exitInterrupted = 130
	// exitNone is what jetson-containers' autotag ends with where no image fits.
	exitNone = 127
)

// system is everything outside of the program that commands use, so that tests
// can stand in for it.
type system struct {
	in       io.Reader
	out, err io.Writer
	env      func(name string) (string, bool)
	// envFile has the lines of the variables that .env sets; nil if it was not read.
	envFile map[string]int
	// machine is the computer that this runs on.
	machine *machine.Machine
	// cache is the folder to keep results in from one run to the next; empty
	// keeps none.
	cache string
	// session tells who runs this, where and when.
	session func() container.Session
	// disk returns the free and all bytes of a folder's disk; nil asks the system.
	disk func(dir string) (free, total int64, err error)
}

// answer is standard output. It remembers that something could not be written, so that
// no command says that all is well on a full disk.
type answer struct {
	io.Writer
	err error
}

func (a *answer) Write(p []byte) (int, error) {
	n, err := a.Writer.Write(p)
	a.err = cmp.Or(a.err, err)
	return n, err
}

// stdout is where answers go, for programs that are to have it themselves, or a terminal.
func (s *system) stdout() io.Writer {
	if a, ok := s.out.(*answer); ok {
		return a.Writer
	}
	return s.out
}

// shownError is an error that has more to show than its text.
type shownError interface{ print(w io.Writer) }

// usageError is a command line that cannot be understood.
type usageError struct {
	err     error
	command string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usagef makes a usageError of a command.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), command: cmd.CommandPath()}
}

// run executes one command line and gives the exit code.
func run(ctx context.Context, args []string, sys *system) int {
	answer := &answer{Writer: sys.out}
	if _, isFile := sys.out.(*os.File); isFile {
		sys.out = answer
	}
	root := newRoot(sys)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = answer.err
	}
	var usage *usageError
	var shown shownError
	var exit *exitError
	var lines interface{ MultiLine() } // an error whose text has several lines on purpose
	var none *noImageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &usage):
		fmt.Fprintf(sys.err, "ERROR: %s\n\nRun '%s --help' for more information\n", diag.Clean(err.Error()), usage.command)
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintln(sys.err, "ERROR: interrupted")
		return exitInterrupted
	case errors.As(err, &shown):
		shown.print(sys.err)
	case errors.As(err, &lines):
		fmt.Fprintf(sys.err, "ERROR: %s\n", diag.CleanLines(err.Error()))
	case errors.As(err, &none):
		fmt.Fprintf(sys.err, "ERROR: %s\n", diag.CleanLines(err.Error()))
		return exitNone
	default:
		fmt.Fprintf(sys.err, "ERROR: %s\n", diag.Clean(err.Error()))
	}
	return exitFailure
}

// newRoot makes the command that holds all others.
func newRoot(sys *system) *cobra.Command {
	root := &cobra.Command{
		Use:                   "jetkit COMMAND",
		DisableFlagsInUseLine: true,
		Short:                 "Build and run containers for NVIDIA Jetson",
		Long: `jetkit builds containers for NVIDIA Jetson from packages, tests them, and runs them. Name packages,
or write a jetson.yaml; what is built, and why, is resolved to a plan before any step runs.

Commands that plan or list read files only. Commands that build, search or run images say in
their help what else they need.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Version:           thisBuild().Version,
		Args:              noSuchCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	// Tests look at other machines than the one they run on.
	root.PersistentFlags().Func("machine-root", "read the files of a machine below `DIR`", func(dir string) error {
		sys.machine = machine.At(dir)
		return nil
	})
	_ = root.PersistentFlags().MarkHidden("machine-root") // an error would mean that there is no such flag
	root.SetIn(sys.in)
	root.SetOut(sys.out)
	root.SetErr(sys.err)
	root.SetFlagErrorFunc(badFlag)
	root.SetUsageFunc(helptext.Usage)
	root.AddCommand(
		newAutotag(sys),
		newBake(sys),
		newBuild(sys),
		newBuilder(sys),
		newCompletion(sys),
		newDoctor(sys),
		newInit(sys),
		newLock(sys),
		newPackages(sys),
		newPlan(sys),
		newRun(sys),
		newSchema(sys),
		newShell(sys),
		newTarget(sys),
		newVersion(sys),
	)
	root.SetHelpCommand(newHelp())
	group(root)
	completeBuilders(root, sys)
	return root
}

// groups are the headings under which the help of jetkit lists its commands.
var groups = []struct {
	title    string
	commands []string
}{
	{"Build and run", []string{"init", "build", "run", "autotag", "shell", "bake"}},
	{"Look before building", []string{"plan", "lock", "packages"}},
	{"This machine", []string{"target", "doctor", "builder"}},
	{moreCommands, []string{"completion", "schema", "version"}},
}

// moreCommands is the heading that the help command is under too.
const moreCommands = "More"

// group puts the commands under their headings.
func group(root *cobra.Command) {
	for _, g := range groups {
		for _, name := range g.commands {
			if cmd, _, err := root.Find([]string{name}); err == nil && cmd != root {
				cmd.GroupID = g.title
			}
		}
		// A heading without commands would be shown too.
		inGroup := func(cmd *cobra.Command) bool { return cmd.GroupID == g.title }
		if slices.ContainsFunc(root.Commands(), inGroup) || g.title == moreCommands {
			root.AddGroup(&cobra.Group{ID: g.title, Title: g.title + ":"})
		}
	}
	root.SetHelpCommandGroupID(moreCommands)
}

// upstreamCommands are commands of jetson-containers that have another name here.
var upstreamCommands = map[string]string{
	"list":   "jetkit packages list lists packages",
	"show":   "jetkit packages show shows a package",
	"update": "git pull in the checkout updates packages",
	"root":   "jetkit needs no checkout, and --source names one",
	"data":   "jetkit run --dry-run IMAGE shows the folder behind /data",
}

// noSuchCommand refuses arguments of a command that only holds others.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	hint := diag.DidYouMean(args[0], names)
	if there, ok := upstreamCommands[args[0]]; ok && !cmd.HasParent() {
		hint = there
	}
	if hint != "" {
		hint = "; " + hint
	}
	return usagef(cmd, "there is no command %s %s%s", cmd.CommandPath(), args[0], hint)
}

// arguments bounds how many arguments a command takes, and makes anything else a
// usageError. A negative most is no bound.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return usagef(cmd, "usage: %s", cmd.UseLine())
		}
		return nil
	}
}

// oneOf adds a flag that takes one of a few words, the first by default.
func oneOf(cmd *cobra.Command, into *string, name, usage string, words ...string) { //nolint:unparam // a flag need not be called format
	choice := &choice{value: into, words: words}
	*into = words[0]
	cmd.Flags().Var(choice, name, "`FORMAT` of the "+usage+": "+strings.Join(words, ", "))
	// An error would mean that there is no such flag.
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// choice is the value of a flag that takes one of a few words.
type choice struct {
	value *string
	words []string
}

func (c *choice) String() string { return *c.value }
func (c *choice) Type() string   { return "string" }

func (c *choice) Set(value string) error {
	if slices.Contains(c.words, value) {
		*c.value = value
		return nil
	}
	return fmt.Errorf("it can be %s", strings.Join(c.words, ", "))
}
