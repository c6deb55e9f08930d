package lint

import (
	"net/url"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"jetkit/pkgspec/rules"
)

// pipIndex reports packages that pip can get from one place alone, which is not PyPI.
func (f *finder) pipIndex() {
	for _, s := range f.stages {
		for _, r := range s.runs {
			if r.script == nil {
				continue
			}
			tried := r.hasAlternative()
			for _, c := range r.commands(r.File) {
				index := c.onlyIndex(r.vars)
				if index == "" || tried[c.CallExpr] {
					continue
				}
				what, _ := c.pip()
				f.report(rules.PipIndex, r.line(c), r.Comments(), "add --extra-index-url https://pypi.org/simple if its packages are on PyPI too, or || and another way to install them",
					"%s knows no index but %s: the build fails when it is away, or lacks what a package needs", what, index)
			}
		}
	}
}

// onlyIndex returns the index that a command of pip's is limited to, "" if it is not, or
// nobody knows.
func (c command) onlyIndex(vars variables) string {
	what, args := c.pip()
	if !strings.HasSuffix(what, " install") && !strings.HasSuffix(what, " download") && !strings.HasSuffix(what, " wheel") {
		return ""
	}
	env := func(name string) string {
		if value, ok := c.set[name]; ok {
			return value
		}
		return vars[name]
	}
	index := option(args, "--index-url", "-i", "--default-index", "--pypi-url")
	if index == "" {
		index = env("PIP_INDEX_URL")
		if strings.HasPrefix(what, "uv ") {
			index = env("UV_DEFAULT_INDEX") + env("UV_INDEX_URL")
		}
	}
	more := option(args, "--extra-index-url", "--index", "--find-links", "-f") + env("PIP_EXTRA_INDEX_URL") + env("UV_EXTRA_INDEX_URL") + env("UV_INDEX") + env("PIP_FIND_LINKS")
	at, err := url.Parse(index)
	if index == "" || more != "" || err != nil || at.Host == "" || strings.Contains(at.Host, "$") {
		return ""
	}
	if slices.Contains([]string{"pypi.org", "pypi.python.org"}, at.Host) || slices.Contains(args, "--no-deps") && slices.ContainsFunc(args, isWheel) {
		return ""
	}
	return at.Host
}

func isWheel(arg string) bool { return strings.HasSuffix(arg, ".whl") }

// option returns the value of the first option that is there, by one of its names.
func option(args []string, names ...string) string {
	for i, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !slices.Contains(names, name) {
			continue
		}
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		return value
	}
	return ""
}

// hasAlternative returns the calls whose failure makes the script try something else.
func (r *run) hasAlternative() map[*syntax.CallExpr]bool {
	tried := map[*syntax.CallExpr]bool{}
	all := func(st *syntax.Stmt) {
		for _, c := range r.commands(st) {
			tried[c.CallExpr] = true
		}
	}
	syntax.Walk(r.File, func(n syntax.Node) bool {
		switch c := n.(type) {
		case *syntax.BinaryCmd:
			if c.Op == syntax.OrStmt {
				all(c.X)
			}
		case *syntax.IfClause:
			for _, st := range c.Cond {
				all(st)
			}
		}
		return true
	})
	return tried
}
