package frontend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"

	"jetkit/llb/layers"
	"jetkit/pkgspec/diag"
)

// joinOf returns the join that an error comes from because layers do not fit together.
func (c *compiled) joinOf(ctx context.Context, err error) (*layers.Joined, error) {
	failed, ok := c.failedOperation(err)
	if !ok {
		return nil, nil
	}
	if exit, ok := errors.AsType[*gwpb.ExitError](err); !ok || exit.ExitCode != layers.ConflictCode {
		return nil, nil
	}
	for _, j := range c.joins {
		in, err := j.State.Output().ToInput(ctx, c.definition.Constraints)
		if err != nil {
			return nil, err
		}
		if digest.Digest(in.GetDigest()) == failed {
			return &j, nil
		}
	}
	return nil, nil
}

// explain returns why a solve failed. Where layers do not fit together, it has the builder
// say what of them: an error of a step has its exit code, and not its output, which only
// names the packages.
func (b *build) explain(ctx context.Context, c *compiled, err error) error {
	if check := c.brokenBy(err); check != nil {
		return b.brokenConstraints(ctx, c, *check, err)
	}
	joined, findErr := c.joinOf(ctx, err)
	if findErr != nil || joined == nil {
		return b.withUndeclared(ctx, c, c.layerFailure(ctx, err))
	}
	text, readErr := b.conflicts(ctx, joined.Conflicts(), c.definition.Constraints)
	if readErr != nil {
		return c.explain(fmt.Errorf("layers do not fit together: %w\nwhat of them could not be read: %w", err, readErr))
	}
	if c.platform != "" {
		text = "for " + c.platform + ": " + text
	}
	return &placedError{error: &conflictError{text: text, step: err}, at: []diag.Range{c.plan.RequestedAt}}
}

// layerFailure says of an operation that makes a layer, or joins layers, whose it is.
func (c *compiled) layerFailure(ctx context.Context, err error) error {
	failed, ok := c.failedOperation(err)
	if !ok {
		return err
	}
	for _, op := range c.layers {
		dgst, digestErr := op.Digest(ctx, c.definition.Constraints)
		switch {
		case digestErr != nil || dgst != failed:
		case op.Package == "":
			return fmt.Errorf("joining layers failed%s: %w", c.forPlatform(), err)
		default:
			return fmt.Errorf("making the layer of package %s failed%s: %w", op.Package, c.forPlatform(), err)
		}
	}
	return err
}

// conflictError says what does not fit together. It is that of the step that found it, in
// whose container a shell can be opened, but does not speak of the same places: BuildKit
// takes those of an instruction that is built on the step.
type conflictError struct {
	text string
	step error
}

func (e *conflictError) Error() string { return e.text }

// As finds what a shell asks for.
func (e *conflictError) As(target any) bool {
	switch target.(type) {
	case **errdefs.SolveError, **gwpb.ExitError:
		return errors.As(e.step, target)
	default:
		return false
	}
}

// conflicts reads what a join reports.
func (b *build) conflicts(ctx context.Context, report llb.State, c *llb.Constraints) (string, error) {
	dt, err := b.report(ctx, report, layers.ConflictsFile, c)
	return strings.TrimSuffix(string(dt), "\n"), err
}

// report runs a step that says more of one that failed, and returns the file that it leaves.
func (b *build) report(ctx context.Context, report llb.State, file string, c *llb.Constraints) ([]byte, error) {
	def, err := report.Marshal(ctx, llb.WithCaps(*c.Caps), llb.Platform(*c.Platform), llb.LocalUniqueID(c.LocalUniqueID))
	if err != nil {
		return nil, fmt.Errorf("marshalling the LLB definition: %w", err)
	}
	res, err := b.client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), CacheImports: b.ui.CacheImports})
	if err != nil {
		return nil, err
	}
	ref, err := res.SingleRef()
	if err != nil {
		return nil, err
	}
	return ref.ReadFile(ctx, client.ReadRequest{Filename: file})
}
