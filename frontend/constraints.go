package frontend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"

	"jetkit/llb/teststep"
	"jetkit/pkgspec/diag"
)

// constraintsHelp is what can be done where constraints do not hold.
const constraintsHelp = "let that package install what fits, or leave the project alone (pip's option --no-deps), or ask for versions that go together"

// brokenBy returns the check that an error comes from because constraints on Python projects
// do not hold.
func (c *compiled) brokenBy(err error) *teststep.Check {
	failed, ok := c.failedOperation(err)
	if !ok || !isBroken(err) {
		return nil
	}
	name := c.nameOf(failed)
	for _, check := range c.checks {
		if name == teststep.Prefixed(c.platform, check.Label()) {
			return &check
		}
	}
	return nil
}

// isBroken reports whether the error of a check says that a constraint does not hold.
func isBroken(err error) bool {
	exit, ok := errors.AsType[*gwpb.ExitError](err)
	return ok && exit.ExitCode == teststep.CheckBroken
}

// brokenConstraints explains why a check of constraints failed. As the error of a step has no
// output, it has the builder say what does not hold, and which package did that.
func (b *build) brokenConstraints(ctx context.Context, c *compiled, check teststep.Check, err error) error {
	texts, at, readErr := b.faults(ctx, c, check)
	if readErr != nil {
		return c.explain(fmt.Errorf("%w\nwhat broke them could not be read: %w", err, readErr))
	}
	text := fmt.Sprintf("in the finished image%s, constraints of package %s do not hold:\n  %s\n%s",
		c.forPlatform(), check.Step.Name, strings.Join(texts, "\n  "), constraintsHelp)
	return &placedError{error: &conflictError{text: text, step: err}, at: at}
}

// checkFailure explains why a check of constraints failed of which no more is known.
func (c *compiled) checkFailure(check teststep.Check, platform string, err error) error {
	name, at := check.Step.Name, check.Step.Constraints[0].At
	if isBroken(err) {
		return fmt.Errorf("in the finished image%s, constraints of package %s (declared at %s) do not hold: %w\nthe output of the step says which; %s", platform, name, at, err, constraintsHelp)
	}
	return c.withPlatformHint(fmt.Errorf("the constraints of package %s (declared at %s) could not be checked in the finished image%s: %w\n"+
		"the check needs python3 there, of version 3.8 or later, or with setuptools", name, at, platform, err))
}

// faults reads which constraints of a check do not hold, and where they are declared.
func (b *build) faults(ctx context.Context, c *compiled, check teststep.Check) (texts []string, at []diag.Range, _ error) {
	dt, err := b.report(ctx, check.Report, teststep.FaultsFile, c.definition.Constraints)
	if err != nil {
		return nil, nil, err
	}
	var faults []teststep.Fault
	if err := json.Unmarshal(dt, &faults); err != nil {
		return nil, nil, err
	}
	constraints := check.Step.Constraints
	for _, f := range faults {
		if f.Constraint < 0 || f.Constraint >= len(constraints) {
			return nil, nil, fmt.Errorf("there is no constraint %d", f.Constraint)
		}
		declared := constraints[f.Constraint].At
		texts = append(texts, fmt.Sprintf("%s (declared at %s)", f.Text, declared))
		at = append(at, declared)
	}
	if len(faults) == 0 {
		return nil, nil, errors.New("run once more, the check finds that all hold")
	}
	return texts, at, nil
}
