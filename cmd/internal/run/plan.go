// Package run makes the command line that starts a container on a Jetson: which of the machine's devices, files and
// settings it gets, and why.
package run

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"jetkit/cmd/internal/machine"
	"jetkit/pkgspec/diag"
)

// Facts is everything that the command line depends on.
type Facts struct {
	Line    *Line
	Machine *machine.Machine
	Engine  Engine
	User    User
	Env     func(name string) (string, bool)
	// Terminal reports whether standard input and output are one.
	Terminal bool
	// Now is the local time: containers are named by it.
	Now time.Time
	// WorkDir is the current folder.
	WorkDir string
	// State is the user's own folder for what is made for containers; empty if there can be none.
	State string
	// Cookies are the X server's, as xauth nlist prints them; empty if it asks for none.
	Cookies string
	// Webcams are the devices that CSI cameras are turned into, and CSI the cameras' own, which are not passed then.
	Webcams, CSI []string
	// ReadFile reads a file of the user's; LookPath finds a program.
	ReadFile func(name string) ([]byte, error)
	LookPath func(name string) (string, error)
}

// User is who runs the engine.
type User struct {
	ID     int
	Name   string
	Groups []int
}

// Option is a flag that jetkit passes to the engine.
type Option struct {
	Flag   string // "--device"
	Value  string // empty for a flag that takes none
	Thing  string // the name of the thing that it belongs to
	Reason string
	Risk   string // what whoever is in the container can do by it; empty for nothing of note
}

// Words returns the option as arguments.
func (o Option) Words() []string {
	if o.Value == "" {
		return []string{o.Flag}
	}
	return []string{o.Flag, o.Value}
}

// Left is a thing that could have been passed and is not.
type Left struct{ Thing, Why string }

// File is one that has to be made before the container is started.
type File struct {
	Path    string
	Content []byte
	Mode    fs.FileMode
	Why     string
}

// Plan is a container to be started.
type Plan struct {
	// Program is the engine, or sudo and the engine.
	Program []string
	// Sudo says why sudo is needed; empty if it is not.
	Sudo     string
	Options  []Option
	Left     []Left
	Files    []File // folders have a mode with [fs.ModeDir]
	Warnings []string
	// Name is the container's.
	Name string
	// Xhost reports whether local root has to be let at the X server.
	Xhost bool
	// Before are commands that are run before the container is started, for [Plan.Print].
	Before [][]string
	// Terminal reports whether signals of a terminal reach the engine without us.
	Terminal bool

	line *Line
}

// Argv returns the whole command.
func (p *Plan) Argv() []string {
	argv := append(slices.Clone(p.Program), "run")
	for _, option := range p.Options {
		argv = append(argv, option.Words()...)
	}
	argv = append(argv, p.line.Words...)
	if strings.HasPrefix(p.line.Image, "-") {
		argv = append(argv, "--")
	}
	return append(append(argv, p.line.Image), p.line.Command...)
}

// planner collects a plan.
type planner struct {
	*Facts
	plan  *Plan
	thing *Thing
	// found are the options of the thing.
	found  []Option
	jetson bool
	errs   []error
}

// Make decides what is passed. It reads the machine and changes nothing.
func Make(f *Facts) (*Plan, error) {
	p := &planner{Facts: f, plan: &Plan{line: f.Line, Terminal: f.Terminal}, jetson: isJetson(f.Machine)}
	things := Things()
	if err := checkNames(f.Line.Own); err != nil {
		return nil, err
	}
	p.program()
	if f.Engine.remote() {
		p.warn("the engine is on another machine (%s): the devices and files of this one mean nothing there", f.Engine.Address)
	}
	for i := range things {
		p.consider(&things[i])
	}
	p.userRisks()
	p.plan.Name, _ = f.Line.last("name")
	for _, option := range p.plan.Options {
		if option.Flag == "--name" {
			p.plan.Name = option.Value
		}
	}
	p.plan.preserve(f.Env)
	if err := errors.Join(p.errs...); err != nil {
		return nil, err
	}
	return p.plan, nil
}

// UsageError is a command line that cannot be understood.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// checkNames refuses names of things that there are not.
func checkNames(own Own) error {
	names := Names()
	for _, list := range []struct {
		flag  string
		given []string
	}{{"--with", own.With}, {"--without", own.Without}} {
		for _, name := range list.given {
			if !slices.Contains(names, name) {
				meant := hint(name, names)
				if meant == "" {
					meant = ": there are " + diag.And(names)
				}
				return &UsageError{fmt.Errorf("%s %s: there is no such thing to pass%s", list.flag, name, meant)}
			}
		}
	}
	for _, name := range own.With {
		if slices.Contains(own.Without, name) {
			return &UsageError{fmt.Errorf("--with %s and --without %s contradict each other", name, name)}
		}
	}
	return nil
}

// isJetson reports whether the machine is one.
func isJetson(m *machine.Machine) bool {
	return m.Board().Jetson() || m.Exists(machine.ReleaseFile)
}

// consider passes a thing, or notes why not.
func (p *planner) consider(thing *Thing) {
	asked := slices.Contains(p.Line.Own.With, thing.Name)
	switch {
	case slices.Contains(p.Line.Own.Without, thing.Name):
		p.leave(thing.Name, "--without "+thing.Name)
		return
	case asked:
	case thing.Asked != nil && !thing.Asked(p):
		return
	case thing.Jetson && !p.jetson, thing.Elsewhere && p.jetson:
		return
	}
	if thing.Unless != nil {
		if why := thing.Unless(p.Line); why != "" {
			p.leave(thing.Name, "you gave "+why)
			return
		}
	}
	p.thing, p.found = thing, nil
	files := len(p.plan.Files)
	thing.options(p)
	if asked && len(p.found) == 0 {
		p.errs = append(p.errs, fmt.Errorf("--with %s: this machine has nothing of it to pass: %s", thing.Name, thing.When))
	}
	kept := 0
	for _, option := range p.found {
		if yours := p.taken(option); yours != "" {
			if len(p.found) > 1 {
				yours += ", so not " + strings.Join(option.Words(), " ")
			}
			p.leave(thing.Name, "you gave "+yours)
			continue
		}
		kept++
		p.plan.Options = append(p.plan.Options, option)
	}
	if kept == 0 {
		p.plan.Files = p.plan.Files[:files]
	}
}

func (p *planner) leave(thing, why string) {
	p.plan.Left = append(p.plan.Left, Left{thing, why})
}

func (p *planner) warn(format string, args ...any) {
	p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(format, args...))
}

// add passes a flag for the thing that is being considered.
func (p *planner) add(flag, value string) {
	p.because(p.thing.Reason, flag, value)
}

// because is add with a reason of its own.
func (p *planner) because(reason, flag, value string) {
	p.found = append(p.found, Option{Flag: flag, Value: value, Thing: p.thing.Name, Reason: reason, Risk: p.thing.Risk})
}

// bind mounts a file or folder of the machine, if it has it.
func (p *planner) bind(name, target string, more ...string) {
	if p.Machine.Exists(name) {
		p.mount(p.Machine.Path(name), target, more...)
	}
}

// mount passes a bind mount. Unlike --volume it does not make a folder where the source is missing, and a path may
// have any character.
func (p *planner) mount(source, target string, more ...string) {
	var text strings.Builder
	w := csv.NewWriter(&text)
	_ = w.Write(append([]string{"type=bind", "source=" + source, "target=" + target}, more...)) // a Builder takes everything
	w.Flush()
	p.add("--mount", strings.TrimSuffix(text.String(), "\n"))
}

// device passes a device, if the machine has it.
func (p *planner) device(name string) {
	if p.Machine.Exists(name) {
		p.add("--device", p.deviceValue(name))
	}
}

// deviceValue returns what passes a device of the machine under its own name.
func (p *planner) deviceValue(name string) string {
	if path := p.Machine.Path(name); path != name {
		return path + ":" + name
	}
	return name
}

// taken returns the flag of the user's that decides the same thing as an option of ours; empty if there is none.
func (p *planner) taken(o Option) string {
	name := strings.TrimPrefix(o.Flag, "--")
	switch o.Flag {
	case "--env":
		variable, _, _ := strings.Cut(o.Value, "=")
		if p.Line.setsEnv(variable, p.ReadFile) {
			return "--env " + variable
		}
	case "--mount":
		fields, _ := csv.NewReader(strings.NewReader(o.Value)).Read() // it was written by mount
		for _, field := range fields {
			target, isTarget := strings.CutPrefix(field, "target=")
			if isTarget && slices.Contains(p.Line.targets(), inContainer(target)) {
				return "a mount at " + target
			}
		}
	case "--device":
		target := o.Value[strings.LastIndex(o.Value, ":")+1:]
		if slices.Contains(p.Line.devices(), target) {
			return "--device " + target
		}
	case "--ulimit", "--security-opt":
		key := func(value string) string { return value[:strings.IndexAny(value+"=", "=:")] }
		for _, value := range p.Line.values(name) {
			if key(value) == key(o.Value) {
				return o.Flag + " " + value
			}
		}
	case "--cap-add", "--group-add":
	default:
		if value, found := p.Line.last(name); found {
			return o.Flag + "=" + value
		}
	}
	return ""
}
