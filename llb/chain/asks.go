package chain

import (
	"bytes"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/llb/gpu"
)

// Asks is what the RUN steps of a Dockerfile ask for themselves, by their flags.
type Asks struct {
	// Devices are those of RUN --device, each once.
	Devices gpu.Devices
	// HostNetwork and Insecure tell of RUN --network=host and --security=insecure.
	HostNetwork, Insecure bool
	// Later are the devices of ONBUILD RUN, which are Devices of what builds on the
	// Dockerfile's image: a later stage of the same Dockerfile, or the next step.
	Later gpu.Devices
}

// AsksOf reads what a Dockerfile asks for, be it with ONBUILD. Its error is that of
// a text which is no Dockerfile.
func AsksOf(dockerfile []byte) (Asks, error) {
	var asks Asks
	ast, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return asks, err
	}
	stages, _, err := instructions.Parse(ast.AST, nil)
	if err != nil {
		return asks, err
	}
	for _, stage := range stages {
		for _, command := range stage.Commands {
			switch c := command.(type) {
			case *instructions.RunCommand:
				asks.add(c)
			case *instructions.OnbuildCommand:
				later, err := asksOfTrigger(c.Expression)
				if err != nil {
					return asks, parser.WithLocation(err, c.Location())
				}
				asks.merge(later)
				asks.Later = withDevices(asks.Later, later.Devices)
			}
		}
	}
	return asks, nil
}

// asksOfTrigger reads what an ONBUILD trigger asks for.
func asksOfTrigger(text string) (Asks, error) {
	var asks Asks
	ast, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return asks, err
	}
	for _, n := range ast.AST.Children {
		command, err := instructions.ParseCommand(n)
		if err != nil {
			return asks, err
		}
		if run, ok := command.(*instructions.RunCommand); ok {
			asks.add(run)
		}
	}
	return asks, nil
}

func (a *Asks) add(run *instructions.RunCommand) {
	devices := gpu.Devices{}
	for _, d := range instructions.GetDevices(run) {
		devices = append(devices, &pb.CDIDevice{Name: d.Name, Optional: !d.Required})
	}
	a.merge(Asks{
		Devices:     devices,
		HostNetwork: instructions.GetNetwork(run) == instructions.NetworkHost,
		Insecure:    instructions.GetSecurity(run) == instructions.SecurityInsecure,
	})
}

func (a *Asks) merge(other Asks) {
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
