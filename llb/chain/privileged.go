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
}

// AsksOf reads what a Dockerfile asks for. Its error is that of a text which is no
// Dockerfile.
func AsksOf(dockerfile []byte) (Asks, error) {
	var asks Asks
	flag := func(name string) bool { return bytes.Contains(dockerfile, []byte(name)) }
	if !flag("--device") && !flag("--network") && !flag("--security") {
		return asks, nil // nearly all Dockerfiles
	}
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
			if run, ok := command.(*instructions.RunCommand); ok {
				asks.add(run)
			}
		}
	}
	return asks, nil
}

func (a *Asks) add(run *instructions.RunCommand) {
	a.HostNetwork = a.HostNetwork || instructions.GetNetwork(run) == instructions.NetworkHost
	a.Insecure = a.Insecure || instructions.GetSecurity(run) == instructions.SecurityInsecure
	for _, d := range instructions.GetDevices(run) {
		if !slices.ContainsFunc(a.Devices, func(known *pb.CDIDevice) bool { return known.GetName() == d.Name }) {
			a.Devices = append(a.Devices, &pb.CDIDevice{Name: d.Name, Optional: !d.Required})
		}
	}
}

// insecureFlag is what a Dockerfile's RUN says to run without a sandbox.
const insecureFlag = "--security=" + instructions.SecurityInsecure

// privileged gives a Dockerfile with all its RUN steps outside of the sandbox. The
// Dockerfile frontend has no option for that, and sets every step's security mode
// itself. The flag is put into the text, so that the progress shows it; lines keep
// their numbers.
func privileged(dockerfile []byte) ([]byte, error) {
	ast, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(dockerfile, []byte("\n"))
	for _, n := range ast.AST.Children {
		if !strings.EqualFold(n.Value, "run") || hasFlag(n.Flags, "--security") {
			continue
		}
		line := &lines[n.StartLine-1]
		keyword := bytes.Index(bytes.ToLower(*line), []byte("run")) + len("run")
		*line = slices.Concat((*line)[:keyword], []byte(" "+insecureFlag), (*line)[keyword:])
	}
	return bytes.Join(lines, nil), nil
}

func hasFlag(flags []string, name string) bool {
	return slices.ContainsFunc(flags, func(f string) bool { return f == name || strings.HasPrefix(f, name+"=") })
}
