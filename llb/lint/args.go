package lint

import (
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"jetkit/pkgspec/rules"
)

// undeclaredArgs reports build arguments that a script uses and no ARG of the stage
// declares: they are empty there. What the base sets must be known for that.
func (f *finder) undeclaredArgs() {
	if f.Env == nil {
		return
	}
	for _, s := range f.stages {
		if !s.onBase {
			continue
		}
		for _, r := range s.runs {
			if r.script == nil {
				continue
			}
			for _, use := range r.uses() {
				name := use.Param.Value
				_, given := f.Args[name]
				given = given || slices.Contains(platformArgs, name)
				global := f.isGlobal(name)
				switch {
				case s.declared[name] || f.Env[name] || r.mountsEnv(name) || !given && !global:
				case global:
					f.report(rules.UndeclaredArg, r.line(use), r.Comments(), "write ARG "+name+" below FROM too",
						"%s is empty here: an ARG before FROM is for FROM alone", name)
				default:
					f.report(rules.UndeclaredArg, r.line(use), r.Comments(), "write ARG "+name+" above the instruction",
						"%s is empty here: it is a build argument, and the stage has no ARG for it", name)
				}
			}
		}
	}
}

// platformArgs are those that BuildKit gives each build.
var platformArgs = []string{
	"TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT",
}

// isGlobal reports whether an ARG before the first FROM declares an argument.
func (f *finder) isGlobal(name string) bool {
	return slices.ContainsFunc(f.meta, func(arg instructions.ArgCommand) bool {
		return slices.ContainsFunc(arg.Args, func(a instructions.KeyValuePairOptional) bool { return a.Key == name })
	})
}

// mountsEnv reports whether a secret is mounted as a variable.
func (r *run) mountsEnv(name string) bool {
	return slices.ContainsFunc(instructions.GetMounts(r.RunCommand), func(m *instructions.Mount) bool {
		return m.Env != nil && *m.Env == name
	})
}

// uses lists the variables that a script takes from outside, each once. A script that reads
// another may get any from there.
func (r *run) uses() []*syntax.ParamExp {
	var uses []*syntax.ParamExp
	own := map[string]bool{}
	anything := false
	syntax.Walk(r.File, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Assign:
			if n.Name != nil {
				own[n.Name.Value] = true
			}
		case *syntax.WordIter:
			own[n.Name.Value] = true
		case *syntax.CallExpr:
			if c := r.commandOf(n); slices.Contains([]string{"source", ".", "eval"}, c.name) {
				anything = true
			} else if slices.Contains([]string{"read", "mapfile", "readarray", "getopts", "printf"}, c.name) {
				for _, arg := range c.args {
					own[arg] = true
				}
			}
		case *syntax.ParamExp:
			if n.Param != nil && n.Exp == nil && !slices.ContainsFunc(uses, func(u *syntax.ParamExp) bool { return u.Param.Value == n.Param.Value }) {
				uses = append(uses, n)
			}
		}
		return true
	})
	if anything {
		return nil
	}
	return slices.DeleteFunc(uses, func(u *syntax.ParamExp) bool { return own[u.Param.Value] })
}
