package pkgspec

import (
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// layersForm is how packages become layers. As a build argument a chain drops what the
// file says of packages, so that one word goes back to it.
func layersForm() form {
	f := choice(func(s *Spec) *plan.LayersForm { return &s.Layers.Form }, plan.LayersPackages, plan.LayersChain)
	read := f.arg
	f.arg = func(l *loader, s located) {
		read(l, s)
		if s.Value == string(plan.LayersChain) {
			l.spec.Layers.Chain, l.spec.Layers.Conflicts = nil, ""
		}
	}
	return f
}

// shortLayers is "layers: packages". It takes true and false too, so that the message
// names the words.
func shortLayers() form {
	f := layersForm()
	return form{file: func(l *loader, field *yamlnode.Field, key string) {
		l.keyAt["layers.form"] = field.KeyAt
		if s, ok := l.value(field.Value, key); ok {
			f.arg(l, s)
		}
	}, schema: f.schema}
}

// layersConflicts is what happens where packages change the same file.
func layersConflicts() form {
	return choice(func(s *Spec) *plan.Conflicts { return &s.Layers.Conflicts }, plan.ConflictsError, plan.ConflictsWarn)
}

// completeLayers forgets how the user asked for what is the default anyway, and reports
// what a chain has no use for. What is asked of layers is never dropped in silence: the
// packages would be built on others than the user believes.
func (l *loader) completeLayers(layers *Layers) {
	if layers.ByPackage() {
		if layers.Conflicts == plan.ConflictsError {
			layers.Conflicts = ""
		}
		return
	}
	_, said := l.keyAt["layers.form"]
	unread := layers.Form == "" && (said || l.given("LAYERS"))
	for _, row := range []struct {
		key, arg string
		said     bool
	}{
		{"layers.chain", "LAYERS_CHAIN", len(layers.Chain) > 0},
		{"layers.conflicts", "LAYERS_CONFLICTS", layers.Conflicts != ""},
	} {
		if !row.said || unread { // what was said of the form is no answer, which is reported
			continue
		}
		what, at := row.key, l.keyAt[row.key]
		if l.given(row.arg) {
			what, at = "--build-arg "+row.arg, diag.Range{}
		}
		l.problems.Errorf(rules.ConflictingKeys, at, "set layers.form to packages, or leave it out", "%s is only for packages that are layers of their own, and layers.form is chain", what)
	}
	*layers = Layers{}
}
