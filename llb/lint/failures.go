package lint

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"

	"jetkit/pkgspec/rules"
)

// hiddenFailures reports commands that install or build something, and whose failure does
// not fail the build.
func (f *finder) hiddenFailures() {
	for _, s := range f.stages {
		for _, r := range s.runs {
			if r.script != nil {
				f.orTrue(r)
				f.runsOn(r)
				f.piped(r)
			}
		}
	}
}

// orTrue reports "install || true".
func (f *finder) orTrue(r run) {
	syntax.Walk(r.File, func(n syntax.Node) bool {
		either, ok := n.(*syntax.BinaryCmd)
		if !ok || either.Op != syntax.OrStmt {
			return true
		}
		instead := r.harmless(either.Y)
		if c, what := r.installed(either.X); instead != "" && what != "" && !r.repaired(c) {
			f.report(rules.HiddenFailure, r.line(c), r.Comments(), "leave it out, or find out before what cannot be installed",
				"|| %s hides that %s failed: the build goes on without what it installs", instead, what)
		}
		return true
	})
}

// harmless returns the command that does nothing about a failure, "" if one does.
func (r *run) harmless(st *syntax.Stmt) string {
	first := ""
	harmless := true
	for _, c := range r.commands(st) {
		switch {
		case slices.Contains([]string{"true", ":", "echo", "printf"}, c.name):
		case c.name == "exit" && len(c.args) == 1 && c.args[0] == "0":
		default:
			harmless = false
		}
		if first == "" {
			first = c.name
		}
	}
	if !harmless {
		return ""
	}
	return first
}

// installed returns the last command of a statement that installs or builds something, and
// whose failure is the statement's.
func (r *run) installed(st *syntax.Stmt) (found command, what string) {
	switch c := st.Cmd.(type) {
	case *syntax.CallExpr:
		if len(c.Args) > 0 {
			found = r.commandOf(c)
			what = found.installs()
		}
	case *syntax.BinaryCmd:
		first, before := r.installed(c.X)
		second, after := r.installed(c.Y)
		switch {
		case after != "" && (c.Op == syntax.AndStmt || c.Op == syntax.OrStmt):
			return second, after
		case c.Op == syntax.AndStmt:
			return first, before
		}
	case *syntax.Subshell:
		return r.lastOf(c.Stmts)
	case *syntax.Block:
		return r.lastOf(c.Stmts)
	}
	return found, what
}

func (r *run) lastOf(stmts []*syntax.Stmt) (found command, what string) {
	if len(stmts) == 0 {
		return command{}, ""
	}
	return r.installed(stmts[len(stmts)-1])
}

// repaired reports whether the script installs later what dpkg found to be missing, as
// Debian's way to install a file with its dependencies does.
func (r *run) repaired(c command) bool {
	return c.name == "dpkg" && slices.ContainsFunc(r.commands(r.File), func(later command) bool {
		return (later.name == "apt-get" || later.name == "apt") && later.Pos().After(c.Pos()) &&
			slices.ContainsFunc(later.args, func(arg string) bool { return hasOption([]string{arg}, 'f', "--fix-broken") })
	})
}

// runsOn reports what is not the last command of a script: the shell runs the next one
// whatever its result is.
func (f *finder) runsOn(r run) {
	if r.stops || len(r.Stmts) < 2 {
		return
	}
	for i, st := range r.Stmts[:len(r.Stmts)-1] {
		c, what := r.installed(st)
		if what == "" || r.repaired(c) || r.looksAt(r.Stmts[i+1]) {
			continue
		}
		f.report(rules.HiddenFailure, r.line(c), r.Comments(), "join the commands with &&, or begin the script with set -e",
			"nobody sees that %s failed: the next command runs anyway, and the result is that of the last one", what)
		return
	}
}

// looksAt reports whether a statement uses the result of the one before it.
func (r *run) looksAt(st *syntax.Stmt) bool {
	found := false
	syntax.Walk(st, func(n syntax.Node) bool {
		p, ok := n.(*syntax.ParamExp)
		found = found || ok && p.Param != nil && p.Param.Value == "?"
		return !found
	})
	return found
}

// piped reports what is not the last command of a pipe.
func (f *finder) piped(r run) {
	if r.pipefail {
		return
	}
	syntax.Walk(r.File, func(n syntax.Node) bool {
		pipe, ok := n.(*syntax.BinaryCmd)
		if !ok || pipe.Op != syntax.Pipe && pipe.Op != syntax.PipeAll {
			return true
		}
		if c, what := r.installed(pipe.X); what != "" {
			f.report(rules.HiddenFailure, r.line(c), r.Comments(), `write SHELL ["/bin/bash", "-o", "pipefail", "-c"] above it, or leave the pipe out`,
				"the pipe hides that %s failed: its result is that of the last command in it", what)
		}
		return true
	})
}
