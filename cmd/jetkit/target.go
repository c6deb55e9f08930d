package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/machine"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/plan/printer"
	"jetkit/pkgspec/platform"
)

// targetAnswer is the JSON form of jetkit target.
type targetAnswer struct {
	Machine machineAnswer `json:"machine"`
	Target  plan.Target   `json:"target"`
	Base    plan.Value    `json:"base"`
	// Variables are the target's values by the names that jetson-containers gives
	// them.
	Variables map[string]string `json:"variables"`
}

// machineAnswer is what the machine is.
type machineAnswer struct {
	machine.Board
	Jetson bool           `json:"jetson"`
	L4T    string         `json:"l4t,omitempty"`
	Arch   string         `json:"arch"`
	OS     machine.OS     `json:"os"`
	Kernel string         `json:"kernel,omitempty"`
	Driver string         `json:"driver,omitempty"`
	CUDA   string         `json:"cuda,omitempty"`
	Memory machine.Memory `json:"memory"`
	Power  string         `json:"power_mode,omitempty"`
}

// systemArch is jetson-containers' variable for the processor, which it prints beside
// those of the target.
const systemArch = "SYSTEM_ARCH"

func newTarget(sys *system) *cobra.Command {
	var flags requestFlags
	var format string
	cmd := &cobra.Command{
		Use:                   "target [OPTIONS]",
		DisableFlagsInUseLine: true,
		Short:                 "Show what this machine is, and the target that follows: L4T, JetPack, CUDA, Python, Ubuntu, with reasons",
		Long: `Show the machine, and the target that packages are built for on it. It is the target of jetkit plan
with the same options. Without options it is that of the Jetson that this runs on; on another machine,
that of the newest release.

--format env prints the values as variables, by the names that jetson-containers gives them.`,
		Example: `  jetkit target
  jetkit target --jetpack 6.2 --cuda 12.4 --platform linux/arm64
  jetkit target -f robot/jetson.yaml
  jetkit target --format env`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			answer, problems, err := flags.targetAnswer(cmd, sys)
			if err != nil {
				if format == "text" && answer != nil { // what the machine is has no part in it
					_ = answer.Machine.print(sys.out)
				}
				return err
			}
			printWarnings(sys.err, problems)
			switch format {
			case "json":
				return writeJSON(sys.out, answer)
			case "env":
				for _, f := range answer.Target.Facts() {
					fmt.Fprintf(sys.out, "%s=%s\n", f.Variable, diag.Clean(f.Value.Value))
				}
				fmt.Fprintf(sys.out, "%s=%s\n", systemArch, answer.Variables[systemArch])
				return nil
			}
			return answer.print(sys.out)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&flags.file, "file", "f", "", "show the target of this jetson.yaml `FILE`, - for standard input")
	flags.target.register(cmd)
	cmd.Flags().StringVar(&flags.platform, "platform", "", "`PLATFORM` to build for, such as linux/arm64 (default: what the arch means, else this machine's)")
	cmd.Flags().StringArrayVar(&flags.args, "arg", nil, "build argument `NAME=VALUE`")
	cmd.Flags().StringArrayVar(&flags.contexts, "build-context", nil, "named context with facts of releases: facts=`DIR`")
	cmd.Flags().BoolVar(&flags.noHost, "no-host", false, "do not take the L4T version of the Jetson that this runs on")
	completeFlag(cmd, "platform", knownPlatforms)
	_ = cmd.MarkFlagFilename("file", "yaml", "yml") // an error would mean that there is no such flag
	oneOf(cmd, &format, "format", "answer", "text", "json", "env")
	return cmd
}

// targetAnswer resolves the target. The problems are warnings. With an error there
// may still be an answer that has the machine.
func (f *requestFlags) targetAnswer(cmd *cobra.Command, sys *system) (*targetAnswer, diag.List, error) {
	var names []string
	if f.file == "" {
		names = []string{everything}
	}
	r, err := f.request(cmd, names, sys)
	if err != nil {
		return nil, nil, err
	}
	if !r.platformNamed { // the machine's own, as on it this is the default
		if r.platform, err = parsePlatform("linux/" + sys.machine.Arch()); err != nil {
			return nil, nil, err
		}
	}
	w, err := load(cmd.Context(), r)
	if err != nil {
		return nil, nil, err
	}
	defer w.close()
	target, base, problems := platform.Resolve(w.Spec.Target)
	answer := &targetAnswer{Machine: describe(sys.machine), Target: target, Base: base, Variables: map[string]string{}}
	if problems.HasErrors() {
		return answer, nil, w.fail(problems)
	}
	answer.Variables[systemArch] = map[bool]string{true: "x86_64", false: "aarch64"}[target.Arch.Value == string(machine.X86)]
	for _, fact := range target.Facts() {
		answer.Variables[fact.Variable] = fact.Value.Value
	}
	return answer, withoutCommandLine(problems), nil
}

// describe reads what a machine is. A release that cannot be read was an error
// before, if anybody needs it.
func describe(m *machine.Machine) machineAnswer {
	l4t, _ := m.Release()
	board := m.Board()
	return machineAnswer{
		Board: board, Jetson: m.Jetson(), L4T: l4t, Arch: m.Arch(), OS: m.OS(), Kernel: m.Kernel(),
		Driver: m.Driver(), CUDA: m.CUDA(), Memory: m.Memory(), Power: m.PowerMode(),
	}
}

// print shows the answer as people read it.
func (a *targetAnswer) print(out io.Writer) error {
	if err := a.Machine.print(out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s", printer.Target(a.Target, a.Base))
	return err
}

// print shows the machine as people read it.
func (m *machineAnswer) print(out io.Writer) error {
	fmt.Fprintln(out, "Machine")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, values ...string) {
		if value := joined(values); value != "" {
			fmt.Fprintf(w, "  %s\t%s\n", name, diag.Clean(value))
		}
	}
	row("Board", m.Model)
	row("Module", m.Module, m.Name)
	row("GPU", m.SoC, capability(m.SM), prefixed("driver ", m.Driver))
	row("System", m.OS.Name, prefixed("Linux ", m.Kernel), m.Arch)
	row("L4T", m.L4T)
	row("CUDA", m.CUDA, when(m.CUDA != "", "installed on the machine itself"))
	if m.Memory.Total > 0 {
		row("Memory", units.BytesSize(float64(m.Memory.Total)), "swap "+units.BytesSize(float64(m.Memory.SwapTotal)))
	}
	row("Power", m.Power)
	return w.Flush()
}

// joined puts the values that there are behind each other.
func joined(values []string) string {
	var some []string
	for _, v := range values {
		if v != "" {
			some = append(some, v)
		}
	}
	return strings.Join(some, ", ")
}

func prefixed(prefix, value string) string { return when(value != "", prefix+value) }

func when(holds bool, text string) string {
	if holds {
		return text
	}
	return ""
}

// capability writes a compute capability as NVIDIA does.
func capability(sm int) string {
	return when(sm > 0, fmt.Sprintf("compute capability %d.%d", sm/10, sm%10))
}
