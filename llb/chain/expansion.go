package chain

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// maxExpanded bounds the text that a Dockerfile stands for once its variables have their
// values, and what its RUN steps get of them, in bytes. Ordinary ones stand for less than a
// thousandth of it.
const maxExpanded = 64 << 20

// CheckExpansion refuses a Dockerfile that stands for more text than fits into memory: thirty
// times ARG A=$A$A is a gigabyte. Env and triggers are those of the image that it builds on, args
// those of the build. A text that is no Dockerfile is the parser's to refuse.
func CheckExpansion(dockerfile []byte, env, triggers []string, args map[string]string) error {
	ast, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return nil //nolint:nilerr // the conversion says so, with more
	}
	e := &expansion{lengths: map[string]int{}, args: args}
	for _, v := range env {
		name, value := cutVariable(v)
		e.set(name, len(value))
	}
	for _, text := range triggers {
		if trigger, err := parser.Parse(strings.NewReader(text)); err == nil {
			for _, n := range trigger.AST.Children {
				e.add(n)
			}
		}
	}
	for _, n := range ast.AST.Children {
		e.add(n)
		if e.total > maxExpanded {
			return parser.WithLocation(fmt.Errorf("with the values of its variables, the Dockerfile is larger than %d MiB up to here", maxExpanded>>20), n.Location())
		}
	}
	return nil
}

// expansion is how much text instructions stand for, at most. Stages are not told apart.
type expansion struct {
	lengths map[string]int // of the variables' values
	args    map[string]string
	all     int // of all variables
	total   int
}

func (e *expansion) set(name string, length int) {
	if known := e.lengths[name]; length > known {
		e.lengths[name] = length
		e.all += length - known
	}
}

// unexpanded are instructions of which only the flags have their variables replaced.
var unexpanded = []string{command.Run, command.Cmd, command.Entrypoint, command.Shell, command.Healthcheck, command.Onbuild, command.Maintainer}

// add adds an instruction.
func (e *expansion) add(n *parser.Node) {
	name := strings.ToLower(n.Value)
	switch {
	case slices.Contains(unexpanded, name):
		e.total += len(n.Original) + e.all + e.length(strings.Join(n.Flags, " "))
	case name == command.Arg || name == command.Env:
		e.define(n)
	default:
		e.total += e.length(n.Original)
		for _, h := range n.Heredocs {
			e.total += e.length(h.Content)
		}
	}
}

// define adds an ARG or ENV. One that is wrong is the conversion's to refuse.
func (e *expansion) define(n *parser.Node) {
	parsed, err := instructions.ParseCommand(n)
	if err != nil {
		return
	}
	lengths := map[string]int{} // the variables of one instruction do not see each other
	switch c := parsed.(type) {
	case *instructions.EnvCommand:
		for _, v := range c.Env {
			lengths[v.Key] = e.length(v.Value)
		}
	case *instructions.ArgCommand:
		for _, a := range c.Args {
			e.set(a.Key, max(e.length(a.ValueString()), len(e.args[a.Key])))
			e.total += e.lengths[a.Key]
		}
	}
	for name, length := range lengths {
		e.set(name, length)
		e.total += length
	}
}

var (
	// used matches a variable in a text, with "/" where a part of its value is replaced.
	used = regexp.MustCompile(`\$\{?(\w+)(/?)`)
	// nested matches a replacement in what a replacement puts in.
	nested = regexp.MustCompile(`\$\{\w+/[^}]*\$\{\w+/`)
)

// length returns how long a text becomes at most; more than [maxExpanded] is only too long.
func (e *expansion) length(text string) int {
	length, replaced, product := len(text), 0, 1
	for _, m := range used.FindAllStringSubmatch(text, -1) {
		value := e.lengths[m[1]]
		length += value
		if m[2] != "" {
			replaced = min(replaced+value, maxExpanded)
			product = min(product*max(value, 1), maxExpanded)
		}
	}
	length = min(length, maxExpanded)
	switch {
	case nested.MatchString(text):
		length *= product
	case replaced > 0: // each letter of a value may become as long as all else
		length += replaced * length
	}
	return min(length, maxExpanded+1)
}
