package catalog

import (
	"fmt"
	"slices"
	"testing"
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
		if got := realNames(cat.Lookup(test.name)); !slices.Equal(got, test.want) {
			t.Errorf("Lookup(%q) = %v", test.name, got)
		}
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
		if got := cat.Suggest(name); got != want {
			t.Errorf("Suggest(%q) = %q", name, got)
		}
	}
	if p := cat.Find("pytorch:2.8"); !p.Matches("torch") || !p.Matches("py*") || p.Matches("pytorch:2.9") || p.Family() != "pytorch" {
		t.Error("pytorch:2.8 goes by the wrong names")
	}
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
