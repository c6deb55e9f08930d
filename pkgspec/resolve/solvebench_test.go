package resolve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// BenchmarkSolve solves chains of families with five versions each, the last of
// which the user pins and thereby moves CUDA and every version below.
func BenchmarkSolve(b *testing.B) {
	for _, families := range []int{10, 100, 300} {
		b.Run(fmt.Sprint(families), func(b *testing.B) {
			var tree []string
			for family := range families {
				text := fmt.Sprintf("name: f%d\nvariants:", family)
				for version := range 5 {
					text += fmt.Sprintf("\n- {version: %d, requires: '%s'", version, []string{"cu122", ">=cu122", "cu124", ">=cu124", ">=cu126"}[version])
					if family > 0 {
						text += fmt.Sprintf(", depends: f%d:%d", family-1, version)
					}
					text += "}"
				}
				tree = append(tree, text)
			}
			spec := request(fmt.Sprintf("f%d", families-1))
			spec.Target = platform.Request{JetPack: platform.Asked{Value: "6.0"}, Platform: "linux/arm64"}
			spec.Args = map[string]string{fmt.Sprintf("F%d_VERSION", families-1): "4"}
			cat, problems := pkgmeta.Scan(b.Context(), []pkgmeta.Tree{treeOf(strings.Join(tree, "\n\n"))}, nil, pkgmeta.ScanOptions{})
			require.Empty(b, problems, printed(problems))
			for b.Loop() {
				s, problems, err := Solve(spec, func(plan.Target) (*catalog.Catalog, diag.List, error) { return cat, nil, nil })
				require.NoError(b, err, printed(problems))
				require.NotNil(b, s.Plan, printed(problems))
				require.Len(b, s.Plan.Steps, families, printed(problems))
			}
		})
	}
}
