package lint

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// command is one that a script runs.
type command struct {
	*syntax.CallExpr
	name string
	args []string
	// set are the variables that are set for it alone.
	set map[string]string
}

// commandOf reads a call. Programs that run what follows them are left out: sudo, env.
func (r *run) commandOf(call *syntax.CallExpr) command {
	c := command{CallExpr: call, set: map[string]string{}}
	for _, a := range call.Assigns {
		if a.Name != nil && a.Value != nil {
			c.set[a.Name.Value] = r.vars.text(a.Value)
		}
	}
	words := make([]string, len(call.Args))
	for i, w := range call.Args {
		words[i] = r.vars.text(w)
	}
	for len(words) > 0 && slices.Contains([]string{"sudo", "env", "exec", "command", "time", "nice", "nohup", "timeout", "eatmydata"}, path.Base(words[0])) {
		words = words[1:]
		for len(words) > 0 && isOptionOfWrapper(words[0]) {
			if name, value, ok := strings.Cut(words[0], "="); ok && !strings.HasPrefix(name, "-") {
				c.set[name] = value
			}
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return c
	}
	c.name, c.args = path.Base(words[0]), words[1:]
	if pythonName.MatchString(c.name) && len(c.args) > 1 && c.args[0] == "-m" {
		c.name, c.args = c.args[1], c.args[2:]
	}
	return c
}

var (
	wrapperOption = regexp.MustCompile(`^(-.*|[A-Za-z_][A-Za-z0-9_]*=.*|[0-9.]+[smhd]?)$`)
	pythonName    = regexp.MustCompile(`^python[0-9.]*$`)
	pipName       = regexp.MustCompile(`^pip[0-9.]*$`)
	scriptName    = regexp.MustCompile(`^(install|build|setup|configure|compile)[\w.-]*\.(sh|bash)$`)
)

func isOptionOfWrapper(word string) bool { return wrapperOption.MatchString(word) }

// commands lists the commands in a part of the script, in order, also those inside of
// others' words.
func (r *run) commands(in syntax.Node) []command {
	var all []command
	syntax.Walk(in, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			all = append(all, r.commandOf(call))
		}
		return true
	})
	return all
}

// pip returns what pip is told to do, as "pip install", and the words after that.
func (c command) pip() (what string, args []string) {
	name, args := c.name, c.args
	if name == "uv" && len(args) > 1 && args[0] == "pip" {
		name, args = "uv pip", args[1:]
	} else if !pipName.MatchString(name) {
		return "", nil
	}
	for i, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			return name + " " + arg, args[i+1:]
		}
	}
	return "", nil
}

// subcommands are the words by which programs install or build something.
var subcommands = map[string][]string{
	"apt":     {"install", "build-dep", "upgrade", "dist-upgrade", "full-upgrade"},
	"apt-get": {"install", "build-dep", "upgrade", "dist-upgrade", "full-upgrade"},
	"apk":     {"add"},
	"dnf":     {"install"},
	"yum":     {"install"},
	"conda":   {"install"},
	"mamba":   {"install"},
	"npm":     {"install", "ci"},
	"yarn":    {"install", "add"},
	"pnpm":    {"install", "add"},
	"cargo":   {"install", "build"},
	"go":      {"install", "build"},
	"poetry":  {"install"},
	"uv":      {"sync", "add"},
	"meson":   {"install", "compile"},
	"cmake":   {"--build", "--install"},
	"bazel":   {"build"},
}

// harmlessTargets are what make is told to do that installs nothing.
var harmlessTargets = []string{"clean", "distclean", "mrproper", "uninstall", "check", "test", "help", "-n", "--version"}

// installs returns by what name a command installs or builds something, "" if it does not.
func (c command) installs() string {
	if what, _ := c.pip(); strings.HasSuffix(what, " install") {
		return what
	}
	for _, word := range subcommands[c.name] {
		if slices.Contains(c.args, word) {
			return c.name + " " + word
		}
	}
	switch {
	case c.name == "make" || c.name == "ninja":
		if slices.ContainsFunc(c.args, func(arg string) bool { return slices.Contains(harmlessTargets, arg) }) {
			return ""
		}
		return c.name
	case c.name == "dpkg" && (slices.Contains(c.args, "-i") || slices.Contains(c.args, "--install")):
		return "dpkg -i"
	case pythonName.MatchString(c.name) && len(c.args) > 1 && path.Base(c.args[0]) == "setup.py" && !slices.Contains(harmlessTargets, c.args[1]):
		return "setup.py " + c.args[1]
	case scriptName.MatchString(c.name):
		return c.name
	}
	if isShell([]string{c.name}) {
		for _, arg := range c.args {
			if !strings.HasPrefix(arg, "-") {
				if name := path.Base(arg); scriptName.MatchString(name) {
					return name
				}
				return ""
			}
		}
	}
	return ""
}
