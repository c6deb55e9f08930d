package frontend

import (
	"context"
	"slices"

	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/llb/layers"
	"jetkit/llb/runtimeimage"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// Compiled is one platform's image as the builder will be asked for it: what each
// operation of the build's progress belongs to.
type Compiled struct {
	// Platform is what is built for, such as "linux/arm64", and Several says that it is
	// one of several.
	Platform string     `json:"platform"`
	Several  bool       `json:"several,omitempty"`
	Plan     *plan.Plan `json:"plan"`
	// Operations are those that packages and the user ask for, by their digests, which the
	// progress has too. What only prepares them is not listed.
	Operations map[digest.Digest]Operation `json:"operations"`
	// History says whose the entries of the image's history are, in order.
	History []Owner `json:"history"`
	// Definition is what BuildKit builds.
	Definition *pb.Definition `json:"-"`
}

// OperationKind is what an operation is for.
type OperationKind string

// The kinds of operations.
const (
	BaseOperation        OperationKind = "base"        // the base image
	InstructionOperation OperationKind = "instruction" // an instruction of a package's Dockerfile
	LayerOperation       OperationKind = "layer"       // what makes a package's layer
	JoinOperation        OperationKind = "join"        // what puts layers together
	TestOperation        OperationKind = "test"        // a test
	CheckOperation       OperationKind = "check"       // a check of constraints on Python projects
	CopyOperation        OperationKind = "copy"        // what copies files of the chain into a runtime image
	SealOperation        OperationKind = "seal"        // the seal
)

// Operation is what one operation of an image is for.
type Operation struct {
	Kind OperationKind `json:"kind"`
	// Packages are the names of the packages that it belongs to. It is one, but for what
	// several packages have in common that share a Dockerfile.
	Packages []string `json:"packages,omitempty"`
	// Instruction is the command of an instruction: "RUN make".
	Instruction string `json:"instruction,omitempty"`
	// Stage is the instruction's stage in a Dockerfile of several, and Number its
	// place there, such as "2/3".
	Stage  string `json:"stage,omitempty"`
	Number string `json:"number,omitempty"`
	// Test is the test's name as declared, and Where what it runs on.
	Test  string           `json:"test,omitempty"`
	Where []teststep.Where `json:"where,omitempty"`
}

// Owner is whose an entry of an image's history is.
type Owner struct {
	Kind OperationKind `json:"kind"`
	// Package is the package's name, for an instruction or a layer.
	Package string `json:"package,omitempty"`
}

// observed describes a compiled image to the program that runs the frontend.
func (c *compiled) observed(ctx context.Context, platform ocispecs.Platform, made *chain.Result) (Compiled, error) {
	ops := c.operations()
	if err := c.addLayers(ctx, ops, made.Operations); err != nil {
		return Compiled{}, err
	}
	return Compiled{
		Platform: formatPlatform(platform), Several: c.platform != "", Plan: c.plan,
		Operations: ops, History: c.history(made.Stages), Definition: c.definition.ToPB(),
	}, nil
}

// addLayers adds the operations that make and join layers. Their names are none to find them
// by: those that list a few of many packages may be equal.
func (c *compiled) addLayers(ctx context.Context, ops map[digest.Digest]Operation, made []layers.Operation) error {
	for _, m := range made {
		dgst, err := m.Digest(ctx, c.definition.Constraints)
		if err != nil {
			return err
		}
		if m.Package == "" {
			ops[dgst] = Operation{Kind: JoinOperation}
			continue
		}
		op := ops[dgst]
		op.Kind, op.Packages = LayerOperation, append(op.Packages, m.Package)
		ops[dgst] = op
	}
	return nil
}

// operations finds the operations by the names that were given to them.
func (c *compiled) operations() map[digest.Digest]Operation {
	ops := map[digest.Digest]Operation{}
	for dgst, i := range c.instructions {
		ops[dgst] = Operation{Kind: InstructionOperation, Packages: i.Packages, Instruction: i.Command, Stage: i.Stage, Number: i.Number}
	}
	named := map[string]digest.Digest{}
	for dgst, md := range c.definition.Metadata {
		if _, known := ops[dgst]; !known {
			named[md.Description["llb.customname"]] = dgst
		}
	}
	for _, run := range c.runs {
		dgst, ok := named[teststep.Prefixed(c.platform, run.Label())]
		if !ok { // it is the same operation as the test on the package's own stage
			run.Where = teststep.OnPackage
			dgst, ok = named[teststep.Prefixed(c.platform, run.Label())]
			run.Where = teststep.OnImage
		}
		if ok {
			op := ops[dgst]
			op.Kind, op.Packages, op.Test = TestOperation, []string{run.Step.Name}, run.Test.Name
			op.Where = append(op.Where, run.Where)
			ops[dgst] = op
		}
	}
	for _, check := range c.checks {
		if dgst, ok := named[teststep.Prefixed(c.platform, check.Label())]; ok {
			ops[dgst] = Operation{Kind: CheckOperation, Packages: []string{check.Step.Name}}
		}
	}
	if dgst, ok := named[label(c.platform, "internal")+sealName]; ok {
		ops[dgst] = Operation{Kind: SealOperation}
	}
	for _, file := range c.plan.Image.From {
		if dgst, ok := named[runtimeimage.Name(c.platform, file)]; ok {
			ops[dgst] = Operation{Kind: CopyOperation}
		}
	}
	for name, dgst := range named {
		if _, ok := baseOf(name, c.platform); ok {
			ops[dgst] = Operation{Kind: BaseOperation}
		}
	}
	return ops
}

// history tells whose the entries of the image's history are.
func (c *compiled) history(stages []chain.Stage) []Owner {
	if c.plan.Image.IsRuntime() {
		return c.runtimeHistory()
	}
	if c.owners == nil {
		return history(c.base, stages, c.config)
	}
	kind := BaseOperation
	var owners []Owner
	for _, name := range c.owners {
		switch {
		case name != "":
			owners, kind = append(owners, Owner{Kind: LayerOperation, Package: name}), JoinOperation
		default:
			owners = append(owners, Owner{Kind: kind})
		}
	}
	for len(owners) < len(c.config.History) {
		owners = append(owners, Owner{Kind: SealOperation})
	}
	return owners
}

// runtimeHistory is the history of a runtime image.
func (c *compiled) runtimeHistory() []Owner {
	var owners []Owner
	if c.base != nil {
		owners = slices.Repeat([]Owner{{Kind: BaseOperation}}, len(c.base.History))
	}
	owners = append(owners, slices.Repeat([]Owner{{Kind: CopyOperation}}, len(c.plan.Image.From))...)
	return append(owners, Owner{Kind: SealOperation})
}

// history tells whose the entries of a chain's history are. A package whose Dockerfile
// drops the steps before it owns all that its image has.
func history(base *dockerspec.DockerOCIImage, stages []chain.Stage, finished *dockerspec.DockerOCIImage) []Owner {
	var owners []Owner
	if base != nil {
		owners = slices.Repeat([]Owner{{Kind: BaseOperation}}, len(base.History))
	}
	for _, s := range stages {
		if s.Detached {
			owners = nil
		}
		own := len(s.Image.History) - len(owners)
		owners = append(owners, slices.Repeat([]Owner{{Kind: InstructionOperation, Package: s.Step.Name}}, max(own, 0))...)
	}
	for len(owners) < len(finished.History) {
		owners = append(owners, Owner{Kind: SealOperation})
	}
	return owners
}
