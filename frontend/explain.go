package frontend

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"

	"jetkit/llb/chain"
	"jetkit/llb/testinit"
	"jetkit/llb/teststep"
)

// explain says in the user's terms why a solve failed: which test of which
// package, or what the builder lacks. Other errors, a failing RUN for one, come
// from BuildKit with their source already.
func (c *compiled) explain(err error) error {
	err = plainCommand(err)
	if _, ran := errors.AsType[*gwpb.ExitError](err); !ran {
		if r, ok := refusalOf(err.Error()); ok {
			return c.refused(err, r)
		}
	}
	vertex, ok := errors.AsType[*errdefs.VertexError](err)
	if !ok {
		return err
	}
	name := c.definition.Metadata[digest.Digest(vertex.Digest)].Description["llb.customname"]
	if name == "[internal] "+chain.MarksStep {
		return fmt.Errorf("preparing the first step with a GPU failed: the image that it builds on must have /bin/sh: %w", err)
	}
	platform := ""
	if c.platform != "" {
		name = "[" + strings.TrimPrefix(name, "["+c.platform+" ")
		platform = " for " + c.platform
	}
	for _, run := range c.runs {
		if name == run.Label() {
			return c.withPlatformHint(testFailure(run, platform, err))
		}
	}
	if m := chainStep.FindStringSubmatch(name); m != nil {
		return c.withPlatformHint(fmt.Errorf("package %s failed%s in step %s%s: %w", m[1], platform, m[2], firstPlace(err), err))
	}
	return err
}

// chainStep matches the progress names of a package's instructions, as
// chain.Label makes them.
var chainStep = regexp.MustCompile(`^\[(.+) (\d+/\d+)\] `)

// plainCommand returns an error whose text names the command of a failed step as its
// Dockerfile or the test's declaration has it, without what jetkit runs it by.
func plainCommand(err error) error {
	text := err.Error()
	plain := strings.NewReplacer(chain.CleanStep+" ", "", testinit.Program+" ", "").Replace(text)
	if plain == text {
		return err
	}
	return &textError{error: err, text: plain}
}

// firstPlace gives " (file:line)" of an error's source, or nothing.
func firstPlace(err error) string {
	for _, s := range errdefs.Sources(err) {
		if len(s.Ranges) > 0 {
			return fmt.Sprintf(" (%s:%d)", s.Info.GetFilename(), s.Ranges[0].GetStart().GetLine())
		}
	}
	return ""
}

// testFailure names the test that an error comes from, and " for" which platform
// it was in a build for several.
func testFailure(run teststep.Run, platform string, err error) error {
	where := "its own stage"
	if run.Where == teststep.OnImage {
		where = "the finished image"
	}
	reason := ""
	if exit, ok := errors.AsType[*gwpb.ExitError](err); ok {
		reason = fmt.Sprintf(" with exit code %d", exit.ExitCode)
		if signal := exit.ExitCode - 128; signal > 0 && signal < 65 {
			reason += fmt.Sprintf(" (128 + signal %d: %s)", signal, syscall.Signal(signal))
		}
	}
	return fmt.Errorf("test %q of package %s failed%s on %s%s (declared at %s): %w",
		run.Test.Name, run.Step.Name, platform, where, reason, run.Test.At, err)
}
