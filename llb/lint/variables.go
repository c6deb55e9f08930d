package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"mvdan.cc/sh/v3/syntax"
)

// baseImage is the argument that a package builds on.
const baseImage = "BASE_IMAGE"

// variables are values by name; one that is not known is not there.
type variables map[string]string

// read fills in the stages.
func (f *finder) read(stages []instructions.Stage, lines []string) {
	global := variables{}
	for _, arg := range f.meta {
		global.declare(arg.Args, f.Args, nil)
	}
	for _, parsed := range stages {
		s := stage{
			Stage: parsed, base: global.expand(parsed.BaseName), parent: f.stageOf(parsed.BaseName),
			onBase: strings.Contains(parsed.BaseName, baseImage), env: map[string]bool{}, values: variables{},
		}
		if s.parent >= 0 {
			parent := f.stages[s.parent]
			s.onBase, s.env, s.values = parent.onBase, maps.Clone(parent.env), maps.Clone(parent.values)
		}
		f.readStage(&s, global, lines)
		f.stages = append(f.stages, s)
	}
}

// readStage reads the instructions of a stage.
func (f *finder) readStage(s *stage, global variables, lines []string) {
	s.declared = maps.Clone(s.env)
	vars, by := maps.Clone(s.values), []string{"/bin/sh", "-c"}
	for _, command := range s.Commands {
		switch c := command.(type) {
		case *instructions.ArgCommand:
			vars.declare(c.Args, f.Args, global)
			for _, arg := range c.Args {
				s.declared[arg.Key] = true
			}
		case *instructions.EnvCommand:
			for _, pair := range c.Env {
				vars.set(pair.Key, pair.Value)
				s.values.set(pair.Key, vars.expand(pair.Value))
				s.env[pair.Key], s.declared[pair.Key] = true, true
			}
		case *instructions.ShellCommand:
			by = c.Shell
		case *instructions.AddCommand:
			_ = c.Expand(vars.word) // what is wrong there, the conversion says
		case *instructions.RunCommand:
			_ = c.Expand(vars.word)
			if f.scripts {
				s.runs = append(s.runs, run{c, scriptOf(c, lines, by), maps.Clone(vars)})
			}
		}
	}
}

// stageOf returns the stage before of that name, or -1.
func (f *finder) stageOf(name string) int {
	for i, s := range slices.Backward(f.stages) {
		if s.Name != "" && strings.EqualFold(s.Name, name) {
			return i
		}
	}
	return -1
}

// declare adds what an ARG declares: with the value that the build gives, or that stands
// before the first FROM, or the default.
func (v variables) declare(args []instructions.KeyValuePairOptional, given, global variables) {
	for _, arg := range args {
		value, ok := given[arg.Key]
		switch {
		case ok:
			v[arg.Key] = value
		case arg.Value != nil:
			v.set(arg.Key, *arg.Value)
		case global[arg.Key] != "":
			v[arg.Key] = global[arg.Key]
		}
	}
}

// set sets a variable to a text, if all in it is known.
func (v variables) set(name, text string) {
	delete(v, name)
	if value := v.expand(text); !strings.Contains(value, "$") {
		v[name] = value
	}
}

// expand puts the known values into a word of a Dockerfile. The others stay: "${NAME}".
func (v variables) expand(word string) string {
	known := v
	var names []string
	for {
		result, err := shell.NewLex('\\').ProcessWordWithMatches(word, shell.EnvsFromSlice(known.pairs()))
		if err != nil {
			return word
		}
		names = slices.Sorted(maps.Keys(result.Unmatched))
		if len(names) == 0 {
			return result.Result
		}
		known = maps.Clone(known)
		for _, name := range names {
			known[name] = "${" + name + "}"
		}
	}
}

// word is expand as BuildKit's instructions want it.
func (v variables) word(text string) (string, error) { return v.expand(text), nil }

func (v variables) pairs() []string {
	pairs := make([]string, 0, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		pairs = append(pairs, name+"="+v[name])
	}
	return pairs
}

// text returns a word of a shell's command with the known values in it. What nobody knows
// stays as a variable, "${NAME}" or "$(…)".
func (v variables) text(w *syntax.Word) string {
	var b strings.Builder
	v.write(&b, w.Parts)
	return b.String()
}

func (v variables) write(b *strings.Builder, parts []syntax.WordPart) {
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.Lit:
			b.WriteString(strings.ReplaceAll(p.Value, `\`, ""))
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			v.write(b, p.Parts)
		case *syntax.ParamExp:
			b.WriteString(v.parameter(p))
		default:
			b.WriteString("$(…)")
		}
	}
}

func (v variables) parameter(p *syntax.ParamExp) string {
	unknown := "${…}"
	if p.Param != nil {
		unknown = "${" + p.Param.Value + "}"
	}
	if p.Param == nil || p.Length || p.Excl || p.Width || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Names != 0 {
		return unknown
	}
	value, known := v[p.Param.Value]
	switch {
	case p.Exp == nil && known:
		return value
	case p.Exp != nil && (p.Exp.Op == syntax.DefaultUnsetOrNull || p.Exp.Op == syntax.DefaultUnset) && value != "":
		return value
	}
	return unknown
}
