package platform

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// FuzzParseRequirement: no text panics, and every requirement answers with a
// reason exactly when it does not hold.
func FuzzParseRequirement(f *testing.F) {
	for _, seed := range []string{">=36", "==35.*", "~=36.4.0", "r36.4.3", ">=cu124,<cu130", "!=py38", "jammy", "!=22.04", "sbsa", ">=34.1.0, <36,", "===36.4.3", "", "0\n0"} {
		f.Add(seed, "36.4.3", "12.6", "3.10")
	}
	f.Fuzz(func(t *testing.T, text, l4t, cuda, python string) {
		r, err := ParseRequirement(text)
		if err != nil {
			assert.NotEmpty(t, err.Error(), "an error without words")
			return
		}
		for _, target := range []plan.Target{{}, targetOf(l4t, cuda, python, "22.04", archTegra)} {
			ok, why := r.Holds(target)
			assert.Equal(t, why == "", ok, "%q: %v, %q", text, ok, why)
		}
	})
}

// FuzzResolve: no request panics; the answer depends on the request alone; a
// target without errors is whole; and its own values, given back, are accepted
// and change nothing.
func FuzzResolve(f *testing.F) {
	f.Add("linux/arm64", "r36.4.3", "", "", "", "", "")
	f.Add("linux/arm64", "36.4.9", "6.2.1", "cu126", "3.12", "noble", "tegra")
	f.Add("linux/amd64", "", "6.0 DP", "12.6.68", "3.1", "22.04", "amd64")
	f.Add("linux/arm64", "", "", "13.0", "3.10.12", "24.04", "sbsa")
	f.Add("linux/arm64", "39.1", "", "13.1", "3.12", "24.04", "")
	f.Add("linux/arm64", "39.3", "7.3 EA", "13.4", "3.15", "26.10", "")
	f.Add("", "35.6.5", "5.1.5", "11.4", "", "20.04", "")
	f.Fuzz(func(t *testing.T, platform, l4t, jetpack, cuda, python, ubuntu, arch string) {
		req := Request{
			Platform: platform, L4T: Asked{Value: l4t}, JetPack: Asked{Value: jetpack}, CUDA: Asked{Value: cuda},
			Python: Asked{Value: python}, Ubuntu: Asked{Value: ubuntu}, Arch: Asked{Value: arch},
		}
		target, base, problems := Resolve(req)
		target2, base2, problems2 := Resolve(req)
		require.Equal(t, target2, target, "two answers to one request")
		require.Equal(t, base2, base, "two answers to one request")
		require.Equal(t, problems2, problems, "two answers to one request")
		if problems.HasErrors() {
			return
		}
		for name, v := range values(target, base) {
			mayLack := name == "jetpack" || name == "cudnn" || name == "tensorrt" || name == "sm"
			assert.NotEmpty(t, v.Reason, "%s = %+v", name, v)
			assert.False(t, v.Value == "" && !mayLack, "%s = %+v", name, v)
		}
		again := Request{
			Platform: platform, L4T: Asked{Value: target.L4T.Value}, JetPack: Asked{Value: target.JetPack.Value}, CUDA: Asked{Value: target.CUDA.Value},
			Python: Asked{Value: target.Python.Value}, Ubuntu: Asked{Value: target.Ubuntu.Value}, Arch: Asked{Value: target.Arch.Value},
		}
		target3, base3, problems3 := Resolve(again)
		require.False(t, problems3.HasErrors(), "%+v\ngives %+v\nand that %+v %v", req, target, target3, problems3)
		assert.Equal(t, base.Value, base3.Value, "%+v\ngives %+v\nand that %+v %v", req, target, target3, problems3)
		assert.Equal(t, target.CUDNN.Value, target3.CUDNN.Value, "%+v\ngives %+v\nand that %+v %v", req, target, target3, problems3)
		assert.Equal(t, target.L4T.Value, target3.L4T.Value, "%+v\ngives %+v\nand that %+v %v", req, target, target3, problems3)
	})
}
