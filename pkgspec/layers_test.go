package pkgspec

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// TestLayers covers the ways to say how packages become layers, and what of it a build
// argument changes.
func TestLayers(t *testing.T) {
	byPackage := plan.Layers{Form: plan.LayersPackages}
	for name, c := range map[string]struct {
		file      string
		args      args
		want      Layers
		overrides []string
	}{
		"nothing said":        {"", nil, Layers{}, nil},
		"packages, in short":  {"layers: packages\n", nil, Layers{Layers: byPackage}, nil},
		"a chain, in short":   {"layers: chain\n", nil, Layers{}, nil},
		"packages":            {"layers: {form: packages, conflicts: error}\n", nil, Layers{Layers: byPackage}, nil},
		"a chain":             {"layers: {form: chain, chain: []}\n", nil, Layers{}, nil},
		"all":                 {"layers: {form: packages, chain: [ros, \"zed*\"], conflicts: warn}\n", nil, Layers{Layers: plan.Layers{Form: plan.LayersPackages, Conflicts: plan.ConflictsWarn}, Chain: []diag.Text{text("ros", on(2, 34, 37)), text("zed*", on(2, 39, 45))}}, nil},
		"packages, by hand":   {"", args{"LAYERS": "packages"}, Layers{Layers: byPackage}, []string{"layers.form:  -> packages (LAYERS)"}},
		"what is so already":  {"layers: packages\n", args{"LAYERS": "packages"}, Layers{Layers: byPackage}, nil},
		"all, by hand":        {"layers: {form: packages, chain: a}\n", args{"LAYERS_CHAIN": "ros,zed", "LAYERS_CONFLICTS": "warn"}, Layers{Layers: plan.Layers{Form: plan.LayersPackages, Conflicts: plan.ConflictsWarn}, Chain: typed("ros", "zed")}, []string{"layers.chain: a -> ros, zed (LAYERS_CHAIN)", "layers.conflicts:  -> warn (LAYERS_CONFLICTS)"}},
		"a list for one form": {"layers: {chain: a}\n", args{"LAYERS": "packages"}, Layers{Layers: byPackage, Chain: []diag.Text{text("a", on(2, 17, 18))}}, []string{"layers.form:  -> packages (LAYERS)"}},
		"back to a chain": {
			"layers: {form: packages, chain: a, conflicts: warn}\n",
			args{"LAYERS": "chain"},
			Layers{},
			[]string{"layers.chain: a ->  (LAYERS)", "layers.conflicts: warn ->  (LAYERS)", "layers.form: packages -> chain (LAYERS)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			spec := load(t, "packages: a\n"+c.file, c.args)
			assert.Equal(t, c.want, spec.Layers)
			var overrides []string
			for _, o := range spec.Overrides {
				overrides = append(overrides, o.Key+": "+o.Old+" -> "+o.New+" ("+o.Arg+")")
			}
			assert.Equal(t, c.overrides, overrides, "overrides")
		})
	}
}

func TestLayersProblems(t *testing.T) {
	checkProblems(t, []problem{
		{"layers in other letters", "packages: a\nlayers: Packages\n", `
«Packages» jetson.yaml:2:9: error: layers: unknown value "Packages" [bad-value]
    hint: did you mean packages?
`},
		{"words that are near", "packages: a\nlayers: {form: pakages, conflicts: warning, chain: a}\nlayer: packages\n", `
«pakages» jetson.yaml:2:16: error: layers.form: unknown value "pakages" [bad-value]
    hint: did you mean packages?
«warning» jetson.yaml:2:36: error: layers.conflicts: unknown value "warning" [bad-value]
    hint: it can be error or warn
«layer» jetson.yaml:3:1: error: unknown key "layer" [unknown-key]
    hint: did you mean layers?
`},
		{"other forms", "packages: a\nlayers: [packages]\n", `
«[packages]» jetson.yaml:2:9: error: layers must be a mapping of keys, not a list [wrong-type]
    hint: write KEY: VALUE on lines of their own below it, indented
`},
		{"true for layers", "packages: a\nlayers: true\n", `
«true» jetson.yaml:2:9: error: layers: unknown value "true" [bad-value]
    hint: it can be packages or chain
`},
		{"keys of layers elsewhere", "packages: a\nconflicts: warn\nbuild: {layers: packages}\nlayers: {from: packages}\n", `
«conflicts» jetson.yaml:2:1: error: unknown key "conflicts" [unknown-key]
    hint: it is a key of layers
«layers» jetson.yaml:3:9: error: unknown key "layers" in build [unknown-key]
    hint: layers is a key of the file itself: write it outside build
«from» jetson.yaml:4:10: error: unknown key "from" in layers [unknown-key]
    hint: it is a key of image
`},
		{"no package", "packages: a\nlayers: {form: packages, chain: [a b]}\n", `
«a b» jetson.yaml:2:34: error: layers.chain: "a b" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
`},
		{"settings of packages in a chain", "packages: a\nlayers: {chain: a, conflicts: warn}\n", `
«chain» jetson.yaml:2:10: error: layers.chain is only for packages that are layers of their own, and layers.form is chain [conflicting-keys]
    hint: set layers.form to packages, or leave it out
«conflicts» jetson.yaml:2:20: error: layers.conflicts is only for packages that are layers of their own, and layers.form is chain [conflicting-keys]
    hint: set layers.form to packages, or leave it out
`},
	})
}

func TestLayersArgsProblems(t *testing.T) {
	const elsewhere = ` is only for packages that are layers of their own, and layers.form is chain [conflicting-keys]
    hint: set layers.form to packages, or leave it out
`
	for _, c := range []struct {
		file string
		args args
		want string
	}{
		{"", args{"LAYERS": "package"}, "error: --build-arg LAYERS: unknown value \"package\" [bad-value]\n    hint: did you mean packages?\n"},
		{"", args{"LAYERS": "package", "LAYERS_CHAIN": "a"}, "error: --build-arg LAYERS: unknown value \"package\" [bad-value]\n    hint: did you mean packages?\n"},
		{"", args{"LAYERS_CONFLICTS": "warn", "LAYERS_CHAIN": "a"}, "error: --build-arg LAYERS_CHAIN" + elsewhere + "error: --build-arg LAYERS_CONFLICTS" + elsewhere},
		{"layers: packages\n", args{"LAYERS": "chain", "LAYERS_CHAIN": "a"}, "error: --build-arg LAYERS_CHAIN" + elsewhere},
		{"", args{"LAYER": "packages"}, "warning: --build-arg LAYER is not an argument of jetkit's; it goes to the packages' Dockerfiles [unknown-arg]\n    hint: did you mean LAYERS?\n"},
	} {
		_, problems := Load("jetson.yaml", []byte("packages: a\n"+c.file), c.args)
		assert.Equal(t, c.want, report("", problems), "%v", c.args)
	}
}
