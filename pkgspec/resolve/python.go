package resolve

import (
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
)

// reportPython warns of a Python that the built-in package python refuses while it
// is built: one that is not the Ubuntu's own. What a base of the user's holds is not
// known, so that one gets no warning.
func (r *resolver) reportPython(g *graph) {
	request := r.spec.Target
	asked := request.Python
	if asked.Value == "" || request.Base.Value != "" {
		return
	}
	request.Python = platform.Asked{}
	own, _, _ := platform.Resolve(request)
	if own.Python.Value == "" || own.Python.Value == r.finder.target.Python.Value {
		return
	}
	by := "the target"
	if asked.At.File == "" && asked.From != "" {
		by = asked.From
	}
	for _, n := range g.reached {
		if !n.inChain() || n.pkg.Name != "python" || n.pkg.Origin.Kind != plan.Builtin {
			continue
		}
		problem := r.problems.Warnf(rules.PythonNotInUbuntu, asked.At,
			"leave python out, choose an Ubuntu that has this Python, or add a package of your own that is named python",
			"%s asks for Python %s, but Ubuntu %s has %s, and the built-in package python installs no other",
			by, r.finder.target.Python.Value, own.Ubuntu.Value, own.Python.Value)
		relatePath(problem, n.first)
	}
}
