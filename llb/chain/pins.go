package chain

import (
	"context"
	"fmt"
)

// withPins has the sources of a stage's Dockerfile replaced that a lock pins.
func (s *Stage) withPins(ctx context.Context, opt Options, in stepInput) error {
	if opt.Pin == nil {
		return nil
	}
	st, _, err := rewriter{base: in.base, pin: opt.Pin}.apply(ctx, s.State, in.constraints)
	if err != nil {
		return fmt.Errorf("package %s: %w", s.Step.Name, err)
	}
	s.State = st
	return nil
}
