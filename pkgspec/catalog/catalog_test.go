package catalog

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCatalog(t *testing.T) {
	cat := New([]*Package{
		{Name: "pytorch:2.8", Alias: []string{"torch:2.8"}},
		{Name: "pytorch:2.9", Alias: []string{"torch:2.9", "pytorch", "torch", "torch"}},
		{Name: "numpy"},
		{Name: "cudastack:minimal"},
		{Name: "cudastack:standard"},
		{Name: "numba", Alias: []string{"pytorch"}},
	})
	for _, test := range []struct {
		name string
		want []string
	}{
		{"pytorch", []string{"pytorch:2.9", "numba"}},
		{"torch", []string{"pytorch:2.9"}},
		{"torch:2.8", []string{"pytorch:2.8"}},
		{"cudastack", nil},
		{"cudastack:*", []string{"cudastack:minimal", "cudastack:standard"}},
		{"num*", []string{"numpy", "numba"}},
		{"*:2.[89]", []string{"pytorch:2.8", "pytorch:2.9"}},
		{"nothing", nil},
		{"nothing*", nil},
	} {
		assert.Equal(t, test.want, realNames(cat.Lookup(test.name)), "Lookup(%q)", test.name)
	}
	for name, want := range map[string]string{
		"pytorch:3":  "there is pytorch:2.8, pytorch:2.9, numba",
		"cudastack":  "there is cudastack:minimal, cudastack:standard",
		"cudastak":   "did you mean cudastack:minimal, cudastack:standard?",
		"numpyy":     "did you mean numpy?",
		"nmupy:2":    "did you mean numpy?",
		"zzz":        "",
		"zzz*":       "",
		"Numpy":      "did you mean numpy?",
		"pytorch:29": "there is pytorch:2.8, pytorch:2.9, numba",
	} {
		assert.Equal(t, want, cat.Suggest(name), "Suggest(%q)", name)
	}
	p := cat.Find("pytorch:2.8")
	require.True(t, p.Matches("torch"), "pytorch:2.8 goes by the wrong names")
	require.True(t, p.Matches("py*"), "pytorch:2.8 goes by the wrong names")
	require.False(t, p.Matches("pytorch:2.9"), "pytorch:2.8 goes by the wrong names")
	assert.Equal(t, "pytorch", p.Family(), "pytorch:2.8 goes by the wrong names")
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		var packages []*Package
		for i := range n {
			packages = append(packages, &Package{Name: fmt.Sprintf("p%d:1", i), Alias: []string{fmt.Sprintf("p%d", i)}})
		}
		cat := New(packages)
		for _, name := range []string{"p7", "p7*"} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					cat.Find(name)
				}
			})
		}
	}
}
