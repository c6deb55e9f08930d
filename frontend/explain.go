package frontend

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"

	"jetkit/llb/chain"
	"jetkit/llb/testinit"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// explain returns why a solve failed in the user's terms: which test of which
// package, or what the builder lacks. Other errors, a failing RUN for one, come
// from BuildKit with their source already.
func (c *compiled) explain(err error) error {
	err = plainCommand(err)
	if _, ran := errors.AsType[*gwpb.ExitError](err); !ran {
		if r, ok := refusalOf(err.Error()); ok {
			return c.refused(err, r)
		}
		err = c.withAsking(err)
	}
	id, ok := c.failedOperation(err)
	if !ok {
		return err
	}
	if len(errdefs.Sources(err)) == 0 {
		err = c.withSource(err, id)
	}
	name := c.nameOf(id)
	if name == "[internal] "+chain.StubsStep {
		return stubsFailure(err)
	}
	platform := c.forPlatform()
	if c.platform != "" {
		name = "[" + strings.TrimPrefix(name, "["+c.platform+" ")
	}
	for _, run := range c.runs {
		if name == run.Label() {
			return c.withPlatformHint(testFailure(run, platform, err, c.runtimeHint(run.Where)))
		}
	}
	for _, check := range c.checks {
		if name == check.Label() {
			return c.checkFailure(check, platform, err)
		}
	}
	if failure := c.copyFailure(name, err); failure != nil {
		return failure
	}
	if instruction, ok := c.instructions[id]; ok {
		return c.withPlatformHint(c.instructionFailure(instruction, platform, err))
	}
	if own, ok := strings.CutPrefix(name, "[internal] "); ok { // such names say what is done
		return fmt.Errorf("failed to %s%s%s: %w", own, platform, firstPlace(err), err)
	}
	return err
}

// stubsFailure explains why the step failed that sees what a device brings. It is the first
// that gets the device, so what runc says of that is its output, and no part of the error.
func stubsFailure(err error) error {
	return fmt.Errorf("preparing the first step with a GPU failed: %w\nits output says why:\n"+
		"  no such file, of a step: the image that it builds on must have /bin/sh\n"+
		"  a mount or device node that cannot be made: on the builder's machine the files that the device's CDI specification names must be where it says; "+
		"a rootless builder needs each device node there under the path that it has in the container", err)
}

// failedOperation returns which operation of the build an error comes from. What several builds
// ask a builder for at once runs once, and the error has the operation of the build that
// came first: its digest is another where it builds on files of a client, its name is not.
func (c *compiled) failedOperation(err error) (digest.Digest, bool) {
	vertex, ok := errors.AsType[*errdefs.VertexError](err)
	if !ok {
		return "", false
	}
	failed := digest.Digest(vertex.Digest)
	solve, described := errors.AsType[*errdefs.SolveError](err)
	if _, own := c.definition.Metadata[failed]; own || !described {
		return failed, true
	}
	var named []digest.Digest
	for id, m := range c.definition.Metadata {
		if name := m.Description["llb.customname"]; name != "" && name == solve.GetDescription()["llb.customname"] {
			named = append(named, id)
		}
	}
	if len(named) == 1 {
		return named[0], true
	}
	return failed, true
}

// nameOf is what the progress calls an operation.
func (c *compiled) nameOf(id digest.Digest) string {
	return c.definition.Metadata[id].Description["llb.customname"]
}

// withSource adds to an error where the operation that it comes from was written.
func (c *compiled) withSource(err error, id digest.Digest) error {
	if c.definition.Source == nil {
		return err
	}
	for _, l := range c.definition.Source.Locations[string(id)].GetLocations() {
		err = errdefs.WithSource(err, &errdefs.Source{Info: c.definition.Source.Infos[l.SourceIndex], Ranges: l.Ranges})
	}
	return err
}

// forPlatform returns " for linux/arm64" in a build for several platforms.
func (c *compiled) forPlatform() string {
	if c.platform == "" {
		return ""
	}
	return " for " + c.platform
}

// instructionFailure names the package and the stage whose instruction failed.
func (c *compiled) instructionFailure(i chain.Instruction, platform string, err error) error {
	packages, stage := "package ", ""
	if len(i.Packages) > 1 {
		packages = "packages "
	}
	if i.Stage != "" && !unnamedStage.MatchString(i.Stage) {
		stage = " of its stage " + i.Stage
	}
	failed, hint := "failed", c.memoryHint(i, err)+c.inheritedHint(i)+copyHint(i.Command, err)+missingHint(err, plan.Step{})
	if limit := c.exceeded(i, err); limit > 0 {
		failed, hint = "did not end within "+limit.String(), "\nif it needs more time: build_timeout in the package's metadata, or build.timeout"
	}
	return fmt.Errorf("%s%s %s%s in step %s%s%s: %w%s", packages, strings.Join(i.Packages, ", "), failed, platform, i.Number, stage, firstPlace(err), err, hint)
}

// memoryHint says of a step that was killed which limit of memory jetson.yaml gives it.
func (c *compiled) memoryHint(i chain.Instruction, err error) string {
	exit, ok := errors.AsType[*gwpb.ExitError](err)
	if !ok || int(exit.ExitCode) != killed {
		return ""
	}
	for _, step := range c.plan.Steps {
		if r := step.Resources; r.Memory > 0 && slices.Contains(i.Packages, step.Name) {
			return fmt.Sprintf("\nresources (%s) gives its RUN steps %s of memory: raise it, or give them fewer jobs", r.At, plan.SizeText(r.Memory))
		}
	}
	return ""
}

// exceeded returns the time limit that ended a RUN step, or zero.
func (c *compiled) exceeded(i chain.Instruction, err error) plan.Seconds {
	if exit, ok := errors.AsType[*gwpb.ExitError](err); !ok || exit.ExitCode != testinit.TimedOut {
		return 0
	}
	for _, step := range c.plan.Steps {
		if slices.Contains(i.Packages, step.Name) {
			return step.BuildTimeout
		}
	}
	return 0
}

// unnamedStage matches what BuildKit calls a stage without a name.
var unnamedStage = regexp.MustCompile(`^stage-\d+$`)

// inheritedHint names whose ONBUILD instruction one is that is not in the Dockerfile
// itself; it is empty for others.
func (c *compiled) inheritedHint(i chain.Instruction) string {
	command, ok := strings.CutPrefix(i.Command, "ONBUILD ")
	if !ok {
		return ""
	}
	for _, name := range i.Packages {
		for _, t := range c.inherited[name] {
			// BuildKit shows the values of variables, so that texts need not be equal.
			if len(c.inherited[name]) > 1 && !slices.Equal(strings.Fields(t.Instruction), strings.Fields(command)) {
				continue
			}
			return "\n" + chain.Trigger{Package: t.Package, Instruction: command}.Explanation()
		}
	}
	return ""
}

// notADirectory matches BuildKit's error about a folder that is copied onto something else
// of that name. Source: tonistiigi/fsutil, copy; the path is on the builder's machine.
var notADirectory = regexp.MustCompile(`cannot copy to non-directory: (?:\S*/buildkit\d+)?(/\S*)$`)

// mergedUsr matches the folders of / that are links into /usr.
var mergedUsr = regexp.MustCompile(`^/(bin|sbin|lib\w*)$`)

// copyHint explains how to copy a folder onto a link to one; it is empty for other errors.
func copyHint(command string, err error) string {
	m := notADirectory.FindStringSubmatch(err.Error())
	if m == nil {
		return ""
	}
	where, alone := "where the link leads", "by an instruction of its own, to "+m[1]+"/"
	// Only where one folder is copied onto / does the error say what the folder is called there.
	if w := strings.Fields(command); len(w) == 3 && w[2] == "/" {
		src := strings.TrimSuffix(w[1], "/")
		alone = fmt.Sprintf("by itself: %s %s%s/ %s/", w[0], src, m[1], m[1])
		if mergedUsr.MatchString(m[1]) {
			where += fmt.Sprintf(" (%[1]s/usr%[2]s in place of %[1]s%[2]s)", src, m[1])
		}
	}
	return fmt.Sprintf("\n%s is a folder in what is copied, and no folder in the image: on a base with merged /usr, /bin, /lib and /sbin are links. "+
		"Docker's legacy builder followed such a link, BuildKit does not\n  put the files %s, or copy the folder %s", m[1], where, alone)
}

// plainCommand returns an error whose text names the command of a failed step as its
// Dockerfile or the test's declaration has it, without what jetkit runs it by.
func plainCommand(err error) error {
	text := err.Error()
	plain := chain.PlainText(text)
	if plain == text {
		return err
	}
	return &textError{error: err, text: plain}
}

// firstPlace returns " (file:line)" of an error's source, or nothing.
func firstPlace(err error) string {
	for _, s := range errdefs.Sources(err) {
		if len(s.Ranges) > 0 {
			return fmt.Sprintf(" (%s:%d)", s.Info.GetFilename(), s.Ranges[0].GetStart().GetLine())
		}
	}
	return ""
}

// testFailure names the test that an error comes from, and " for" which platform
// it was in a build for several. The hint is what there is to say of where it ran.
func testFailure(run teststep.Run, platform string, err error, hint string) error {
	where := "its own stage"
	if run.Where == teststep.OnImage {
		where = "the finished image"
	}
	failed, reason, hint := "failed", "", missingHint(err, run.Step)+hint
	if exit, ok := errors.AsType[*gwpb.ExitError](err); ok && exit.ExitCode == testinit.TimedOut {
		failed = "did not end within " + run.Test.Timeout.String()
		hint = "\nif it needs more time: test_timeout in the package's metadata, or tests.timeout"
	} else if ok {
		reason = fmt.Sprintf(" with exit code %d", exit.ExitCode)
		if signal, ok := signalOf(exit); ok {
			reason += fmt.Sprintf(" (128 + signal %d%s)", signal, signalName(signal))
		}
	}
	place := "declared at " + run.Test.At.String()
	if run.Test.At == run.Step.At { // no line of its own: it was found by its name, or config.py declares it
		place = "its script is " + run.Step.Origin.File(run.Test.Args[0])
	}
	return fmt.Errorf("test %q of package %s %s%s on %s%s (%s): %w%s",
		run.Test.Name, run.Step.Name, failed, platform, where, reason, place, err, hint)
}

// signalOf returns the signal that ended a program, if one did.
func signalOf(exit *gwpb.ExitError) (uint32, bool) {
	signal := exit.ExitCode - 128
	return signal, signal > 0 && signal < 65
}

// signalName returns ": name" of a signal, or nothing for one without a name.
func signalName(signal uint32) string {
	name := syscall.Signal(signal).String()
	if name == fmt.Sprintf("signal %d", signal) {
		return ""
	}
	return ": " + name
}
