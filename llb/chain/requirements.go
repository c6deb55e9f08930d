package chain

import (
	"bytes"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"jetkit/llb/gpu"
)

// Requirements are what the RUN instructions of a Dockerfile need from the builder, by
// their flags.
type Requirements struct {
	// Devices are those of RUN --device, each once.
	Devices gpu.Devices
	// HostNetwork is set by RUN --network=host, Insecure by RUN --security=insecure.
	HostNetwork, Insecure bool
	// Triggers are the ONBUILD instructions of the last stage, without the word ONBUILD.
	Triggers []string
}

// RequirementsOf reads the requirements of a Dockerfile, of its ONBUILD instructions too.
// It returns the parser's error for a text that is no Dockerfile.
func RequirementsOf(dockerfile []byte) (Requirements, error) {
	var required Requirements
	ast, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return required, err
	}
	stages, _, err := instructions.Parse(ast.AST, linter.New(&linter.Config{}))
	if err != nil {
		return required, err
	}
	for _, stage := range stages {
		required.Triggers = nil
		for _, command := range stage.Commands {
			switch c := command.(type) {
			case *instructions.RunCommand:
				required.add(c)
			case *instructions.OnbuildCommand:
				trigger, err := requirementsOfTrigger(c.Expression)
				if err != nil {
					return required, parser.WithLocation(err, c.Location())
				}
				required.merge(trigger)
				required.Triggers = append(required.Triggers, c.Expression)
			}
		}
	}
	return required, nil
}

// requirementsOfTrigger reads the requirements of an ONBUILD instruction.
func requirementsOfTrigger(text string) (Requirements, error) {
	var required Requirements
	ast, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return required, err
	}
	for _, n := range ast.AST.Children {
		command, err := instructions.ParseCommand(n)
		if err != nil {
			return required, err
		}
		if run, ok := command.(*instructions.RunCommand); ok {
			required.add(run)
		}
	}
	return required, nil
}

func (a *Requirements) add(run *instructions.RunCommand) {
	devices := gpu.Devices{}
	for _, d := range instructions.GetDevices(run) {
		devices = append(devices, &pb.CDIDevice{Name: d.Name, Optional: !d.Required})
	}
	a.merge(Requirements{
		Devices:     devices,
		HostNetwork: instructions.GetNetwork(run) == instructions.NetworkHost,
		Insecure:    instructions.GetSecurity(run) == instructions.SecurityInsecure,
	})
}

func (a *Requirements) merge(other Requirements) {
	a.Devices = withDevices(a.Devices, other.Devices)
	a.HostNetwork = a.HostNetwork || other.HostNetwork
	a.Insecure = a.Insecure || other.Insecure
}

// withDevices adds devices to others, each name once. What must be there for one
// step must be there.
func withDevices(devices, more gpu.Devices) gpu.Devices {
	devices = slices.Clone(devices)
	for _, d := range more {
		i := slices.IndexFunc(devices, func(known *pb.CDIDevice) bool { return known.GetName() == d.GetName() })
		switch {
		case i < 0:
			devices = append(devices, d)
		case !d.GetOptional():
			devices[i] = d
		}
	}
	return devices
}

// inheritTriggers sets which ONBUILD instructions each stage runs: those of the packages
// that it is built on directly, which in a chain is the one before. Docker runs them in each
// image that builds on the one that has them; so does each package that needs such a
// package, as often as there are some. Those of the base image run in the packages that
// are built on nothing else.
func inheritTriggers(stages []Stage, base *dockerspec.DockerOCIImage, builtOn [][]int) {
	direct := directlyOn(builtOn, func(i int) bool { return stages[i].SourceMap != nil })
	for i := range stages {
		s := &stages[i]
		if s.SourceMap == nil {
			continue
		}
		s.Inherited = nil
		for _, below := range direct[i] {
			for _, instruction := range stages[below].Requirements.Triggers {
				s.Inherited = append(s.Inherited, Trigger{Package: stages[below].Step.Name, Instruction: instruction})
			}
		}
		if len(direct[i]) > 0 {
			continue
		}
		for _, instruction := range base.Config.OnBuild {
			s.Inherited = append(s.Inherited, Trigger{Instruction: instruction})
		}
	}
}
