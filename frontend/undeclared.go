package frontend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"

	"jetkit/llb/chain"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// maxUndeclared is how many packages the hint about undeclared needs names.
const maxUndeclared = 8

// withUndeclared returns why a solve failed and, where a program failed on what its package
// needs alone, which packages a chain would have had there.
func (b *build) withUndeclared(ctx context.Context, c *compiled, err error) error {
	explained := c.explain(err)
	uncut, _ := b.uncut.Load(formatPlatform(*c.definition.Constraints.Platform))
	p, _ := uncut.(*plan.Plan)
	name, command := c.failedAlone(ctx, err)
	if hint := undeclared(p, name, command); hint != "" {
		return fmt.Errorf("%w\n%s", explained, hint)
	}
	return explained
}

// failedAlone returns the package whose program an error comes from, if it ran on what the
// package needs, and what it ran; and else nothing.
func (c *compiled) failedAlone(ctx context.Context, err error) (name, command string) {
	id, ok := c.failedOperation(err)
	exit, exited := errors.AsType[*gwpb.ExitError](err)
	if !ok || !exited {
		return "", ""
	}
	if _, killed := signalOf(exit); killed {
		return "", ""
	}
	step := c.definition.Metadata[id].Description["llb.customname"]
	for _, run := range c.runs {
		if run.Where == teststep.OnPackage && step == run.Label() {
			return run.Step.Name, run.Test.Name
		}
	}
	for _, name := range c.instructions[id].Packages {
		if on, err := chain.RunsOn(ctx, c.definition, id, c.on[name]); on && err == nil {
			return name, c.instructions[id].Command
		}
	}
	return "", ""
}

// undeclared says which packages a chain would have had before a package that has what it
// needs, those first that a command names. It is empty if there are none.
func undeclared(p *plan.Plan, name, command string) string {
	if p == nil || !p.Layers.ByPackage() {
		return ""
	}
	i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Name == name })
	if i < 0 {
		return ""
	}
	on := p.BuiltOn()[i]
	var named, others []string
	for n, s := range p.Steps[:i] {
		switch {
		case s.Dockerfile == "" || slices.Contains(on, n):
		case names(command, s):
			named = append(named, s.Name)
		default:
			others = append(others, s.Name)
		}
	}
	if len(named)+len(others) == 0 {
		return ""
	}
	fix := "list " + name + " in layers.chain of jetson.yaml"
	if s := p.Steps[i]; s.Origin.Kind != plan.Builtin {
		fix = fmt.Sprintf("add that to the depends of %s (%s), or %s", name, s.At, fix)
	}
	return fmt.Sprintf("package %s is built on what it needs. In a chain it would also have had: %s\n  if it uses one of them, %s",
		name, diag.Some(slices.Concat(named, others), ", ", maxUndeclared), fix)
}

// names reports whether a command has a package's name as a word, with its tag or without.
func names(command string, s plan.Step) bool {
	return slices.ContainsFunc(strings.FieldsFunc(command, betweenNames), func(word string) bool { return chain.Answers(s, word) })
}

// betweenNames reports whether a character is none of a package's name.
func betweenNames(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.+:", r)
}
