package chain_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// BenchmarkCompile shows that a chain takes no longer for building with a GPU, and
// how it grows.
func BenchmarkCompile(b *testing.B) {
	for name, mode := range map[string]plan.GPUMode{"without GPU": "", "with GPU": plan.GPUCDI} {
		for _, n := range []int{30, 300} {
			files, steps := fstest.MapFS{}, make([]plan.Step, n)
			for i := range steps {
				steps[i] = withGPU(fmt.Sprintf("p%d", i), mode)
				files[steps[i].Origin.Path+"/Dockerfile"] = &fstest.MapFile{Data: []byte(header + "RUN a\nRUN b\nCOPY Dockerfile /x\n")}
			}
			b.Run(fmt.Sprintf("%s/%d packages", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, err := compile(b, nil, files, steps...)
					require.NoError(b, err)
				}
			})
		}
	}
}
