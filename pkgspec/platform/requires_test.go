package platform

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// targetOf builds a target from l4t, cuda, python, ubuntu and arch.
func targetOf(l4t, cuda, python, ubuntu, arch string) plan.Target {
	v := func(s string) plan.Value { return plan.Value{Value: s} }
	return plan.Target{L4T: v(l4t), CUDA: v(cuda), Python: v(python), Ubuntu: v(ubuntu), Arch: v(arch)}
}

func TestHolds(t *testing.T) {
	var (
		jp5  = targetOf("35.4.1", "11.4", "3.8", "20.04", archTegra)
		jp6  = targetOf("36.4.3", "12.6", "3.10", "22.04", archTegra)
		thor = targetOf("38.4.0", "13.0", "3.12", "24.04", archSBSA)
		pc   = targetOf("39.2.0", "13.2", "3.12", "24.04", archX86)
	)
	tests := []struct {
		text   string
		target plan.Target
		why    string // empty: holds
	}{
		// L4T, by PEP 440
		{">=36", jp6, ""},
		{">=36", jp5, "needs L4T >=36, the target has 35.4.1"},
		{">=r36", jp6, ""},
		{">= R36.4", jp6, ""},
		{">=36.5", jp6, "needs L4T >=36.5, the target has 36.4.3"},
		{">=34.1.0", jp5, ""},
		{"==35.*", jp5, ""},
		{"==35.*", jp6, "needs L4T ==35.*, the target has 36.4.3"},
		{"==3.*", jp5, "needs L4T ==3.*, the target has 35.4.1"},
		{"!=35.*", jp5, "needs L4T !=35.*, the target has 35.4.1"},
		{"!=35.*", jp6, ""},
		{"36.4.*", jp6, ""},
		{"==36", jp6, "needs L4T ==36, the target has 36.4.3"},
		{"==36.4.3.0", jp6, ""},
		{"==36.4.3.0.*", jp6, ""},
		{"r36.4.3", jp6, ""},
		{"36.4.4", jp6, "needs L4T 36.4.4, the target has 36.4.3"},
		{"==r36.4.3", jp6, ""},
		{"!=36.4.3", jp6, "needs L4T !=36.4.3, the target has 36.4.3"},
		{"<36", jp5, ""},
		{"<36", jp6, "needs L4T <36, the target has 36.4.3"},
		{"<36.4.3", jp6, "needs L4T <36.4.3, the target has 36.4.3"},
		{"<=36.4.3", jp6, ""},
		{"<=35", jp5, "needs L4T <=35, the target has 35.4.1"}, // as PEP 440 has it
		{">36", jp6, ""},
		{">36.4.3", jp6, "needs L4T >36.4.3, the target has 36.4.3"},
		{"~=36.4", jp6, ""},
		{"~=36.4.0", jp6, ""},
		{"~=36.3.0", jp6, "needs L4T ~=36.3.0, the target has 36.4.3"},
		{"~=36.5", jp6, "needs L4T ~=36.5, the target has 36.4.3"},
		{"~=36.4.3", jp6, ""},
		{"==36.4.3.1.*", jp6, "needs L4T ==36.4.3.1.*, the target has 36.4.3"},
		{"==32.7.0.*", targetOf("32.7", "", "", "", ""), ""},
		{"!=32.7.1.*", targetOf("32.7", "", "", "", ""), ""},
		{"===36.4.3", jp6, ""},
		{"===36.4.3.0", jp6, "needs L4T ===36.4.3.0, the target has 36.4.3"},
		{">=34.1.0,<36", jp5, ""},
		{">=34.1.0, <36,", jp5, ""},
		{">=34.1.0,<36", jp6, "needs L4T <36, the target has 36.4.3"},
		{">=100", jp6, "needs L4T >=100, the target has 36.4.3"}, // by number, not by text
		// CUDA
		{">=cu124", jp6, ""},
		{">=CU124", jp5, "needs CUDA >=12.4, the target has 11.4"},
		{"cu126", jp6, ""},
		{"==cu126", jp6, ""},
		{"===cu126", jp6, ""},
		{"!=cu126", jp6, "needs CUDA !=12.6, the target has 12.6"},
		{"!=cu126", thor, ""},
		{"<cu130", jp6, ""},
		{"<cu130", thor, "needs CUDA <13.0, the target has 13.0"},
		{">cu126", thor, ""},
		{"<=cu126", jp6, ""},
		{">=cu122,<cu126", jp6, "needs CUDA <12.6, the target has 12.6"},
		{">=cu1210", jp6, "needs CUDA >=12.10, the target has 12.6"},
		// Python
		{">=py310", jp6, ""},
		{">=py310", jp5, "needs Python >=3.10, the target has 3.8"},
		{"py310", jp6, ""},
		{"cp310", jp6, ""},
		{"==py38", jp6, "needs Python ==3.8, the target has 3.10"},
		{"<py312", jp6, ""},
		{">=py39", jp6, ""},
		// Ubuntu
		{"22.04", jp6, ""},
		{"==22.04", jp5, "needs Ubuntu ==22.04, the target has 20.04"},
		{"!=22.04", jp6, "needs Ubuntu !=22.04, the target has 22.04"},
		{"jammy", jp6, ""},
		{"!=focal", jp6, ""},
		{">=22.04", jp5, "needs Ubuntu >=22.04, the target has 20.04"},
		{">=noble", thor, ""},
		// architectures
		{"aarch64", jp6, ""},
		{"aarch64", thor, ""},
		{"arm64", jp6, ""},
		{"aarch64", pc, "needs arch aarch64, the target is x86_64"},
		{"==x86_64", pc, ""},
		{"amd64", jp6, "needs arch amd64, the target is tegra-aarch64"},
		{"!=x86_64", jp6, ""},
		{"!=aarch64", thor, "needs an arch other than aarch64, the target is aarch64"},
		{"tegra-aarch64", jp6, ""},
		{"tegra", thor, "needs arch tegra, the target is aarch64"},
		{"sbsa", thor, ""},
		{"sbsa", jp6, "needs arch sbsa, the target is tegra-aarch64"},
		{"!=sbsa", jp6, ""},
		// clauses about different things, and all that fail
		{">=36,>=cu124", jp6, ""},
		{">=36,>=cu124,aarch64,py310", jp5, "needs L4T >=36, the target has 35.4.1; needs CUDA >=12.4, the target has 11.4; needs Python 3.10, the target has 3.8"},
		// what the target lacks
		{">=cu124", plan.Target{}, "needs CUDA >=12.4, which the target has none of"},
		{"!=cu124", plan.Target{}, "needs CUDA !=12.4, which the target has none of"},
		{">=36", targetOf("unknown", "", "", "", ""), "needs L4T >=36, the target has unknown"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			r, err := ParseRequirement(test.text)
			require.NoError(t, err)
			assert.Equal(t, test.text, r.String(), "String() = %q", r)
			ok, why := r.Holds(test.target)
			assert.Equal(t, test.why, why)
			assert.Equal(t, test.why == "", ok)
		})
	}
}

func TestMalformedRequirements(t *testing.T) {
	const all = `write L4T as in ">=36.4" or "==35.*", CUDA as in ">=cu124", Python as in ">=py310", Ubuntu as in "22.04", an arch as in "aarch64"`
	for _, test := range []struct{ text, message, hint string }{
		{"", "a requirement is empty", `leave it out, or write one such as ">=36"`},
		{" , ", "a requirement is empty", `leave it out, or write one such as ">=36"`},
		{">=", `">=" is not a requirement: nothing follows >=`, `write a version, as in ">=36"`},
		{"36", `"36" is not a requirement: it is not clear which L4T 36 means`, `write "==36.*" for all of its releases, or ">=36" for it and what follows`},
		{"r36.4", `"r36.4" is not a requirement: it is not clear which L4T 36.4 means`, `write "==36.4.*" for all of its releases, or ">=36.4" for it and what follows`},
		{"=>36", `"=>36" is not a requirement: "=>36" is neither a release nor an architecture`, all},
		{">=36 <38", `">=36 <38" is not a requirement: "36 <38" is neither a release nor an architecture`, all},
		{">=36.4rc1", `">=36.4rc1" is not a requirement: "36.4rc1" is neither a release nor an architecture`, all},
		{"riscv", `"riscv" is not a requirement: "riscv" is neither a release nor an architecture`, all},
		{">=36.*", `">=36.*" is not a requirement: .* goes with == and != only`, `write ">=36"`},
		{"~=36", `"~=36" is not a requirement: ~= needs a minor number`, `write "==36.*"`},
		{">=cu12", `">=cu12" is not a requirement: "cu12" is not a version of CUDA`, `write it without dots, as in ">=cu124"`},
		{">=cu12.4", `">=cu12.4" is not a requirement: "cu12.4" is not a version of CUDA`, `write it without dots, as in ">=cu124"`},
		{"~=cu124", `"~=cu124" is not a requirement: cu124 cannot be compared with ~=`, `write "==cu124" or "!=cu124"`},
		{">=py3", `">=py3" is not a requirement: "py3" is not a version of Python`, `write it without dots, as in ">=py310"`},
		{">=py3.10", `">=py3.10" is not a requirement: "py3.10" is not a version of Python`, `write it without dots, as in ">=py310"`},
		{">=aarch64", `">=aarch64" is not a requirement: aarch64 cannot be compared with >=`, `write "==aarch64" or "!=aarch64"`},
		{"~=22.04", `"~=22.04" is not a requirement: 22.04 cannot be compared with ~=`, `write "==22.04" or "!=22.04"`},
		{">=36,", "", ""},
		{">=36,bad", `">=36,bad" is not a requirement: "bad" is neither a release nor an architecture`, all},
	} {
		t.Run(test.text, func(t *testing.T) {
			_, err := ParseRequirement(test.text)
			if test.message == "" {
				require.NoError(t, err)
				return
			}
			var e *RequirementError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, test.message, e.Message)
			assert.Equal(t, test.hint, e.Hint)
			want := test.message + "; " + test.hint
			assert.Equal(t, want, err.Error(), "Error() = %q", err)
		})
	}
}
