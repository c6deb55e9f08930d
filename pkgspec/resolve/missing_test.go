package resolve

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// TestInUpstream holds what somebody is told who asks for a package that only jetson-containers has.
func TestInUpstream(t *testing.T) {
	in := func(sources ...pkgspec.Source) *pkgspec.Spec {
		spec := request("ollama")
		spec.Sources = sources
		return spec
	}
	written := diag.Range{File: "jetson.yaml", Start: diag.Position{Line: 2, Column: 1}}
	for name, test := range map[string]struct {
		spec *pkgspec.Spec
		want string
	}{
		"the default":     {in(), "in jetson.yaml: sources: [builtin, {git: jetson-containers}]\n"},
		"sources":         {in(pkgspec.Source{Kind: plan.Builtin, Dir: ".", At: written}), "in jetson.yaml: {git: jetson-containers} among the sources\n"},
		"a near name":     {request("olama"), "hint: did you mean ollama, which jetson-containers has?\n"},
		"with a tag":      {request("ollama:0.5"), "hint: jetson-containers has it\n"},
		"in a dependency": {request("needs-ollama"), "needs-ollama needs ollama, but there is no such package [missing-package]\n    hint: jetson-containers has it\n"},
		"a pattern":       {request("olla*"), "no package matches olla* [missing-package]\n    hint: jetson-containers has it\n"},
		"what nobody has": {request("zzz"), ""},
		"in the tree":     {in(pkgspec.Source{Kind: plan.Named, Name: "jetson-containers", Dir: ".", At: written}), ""},
		"in the repository": {in(pkgspec.Source{
			Kind: plan.Repository, Name: "jetson-containers#master", Remote: plan.Remote{Git: "https://github.com/dusty-nv/jetson-containers.git"}, At: written,
		}), ""},
	} {
		_, problems := Resolve(test.spec, scanned(t, treeOf("name: needs-ollama\ndepends: ollama")), target, base)
		text := printed(problems)
		assert.Contains(t, text, "[missing-package]", name)
		if test.want == "" {
			assert.NotContains(t, text, "jetson-containers has", name)
			continue
		}
		assert.Contains(t, text, test.want, name)
		assert.Contains(t, text, "{git: jetson-containers}", name)
	}
}
