package frontend

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkPlan plans from large trees on a fake gateway: the frontend's own work,
// and how often it calls the builder.
func BenchmarkPlan(b *testing.B) {
	for _, packages := range []int{100, 1000} {
		b.Run(fmt.Sprint(packages), func(b *testing.B) {
			files := map[string]string{"jetson.yaml": "target: {l4t: 36.4.3}\npackages: [p49]\n"}
			for i := range packages {
				depends := "[]"
				if i%50 > 0 {
					depends = fmt.Sprintf("[p%d]", i-1)
				}
				folder := fmt.Sprintf("packages/group%d/p%d/", i%20, i)
				files[folder+"Dockerfile"] = header(fmt.Sprintf("name: p%d", i), fmt.Sprintf("alias: alias%d", i), "depends: "+depends, "requires: '>=35'", "test: test.sh")
				files[folder+"test.sh"] = "true"
			}
			g := gateway(files, map[string]string{"requestid": requestPlan})
			b.ReportAllocs()
			runs := 0
			for b.Loop() {
				_, err := Build(b.Context(), g)
				require.NoError(b, err)
				runs++
			}
			b.ReportMetric(float64(g.Calls())/float64(runs), "calls/op")
		})
	}
}
