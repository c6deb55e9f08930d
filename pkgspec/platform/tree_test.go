package platform

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFactsForTree holds targets against what jetson-containers' l4t_version.py
// derives from the same variables.
func TestForTree(t *testing.T) {
	for _, test := range []struct {
		name string
		req  Request
		want TreeFacts
	}{
		{"jetson", request("linux/arm64", "l4t", "36.4.3"), TreeFacts{
			L4T: "36.4.3", JetPack: "6.2", CUDA: "12.6", CUDNN: "9.3.0.75", TensorRT: "10.3.0.30", Python: "3.10",
			Ubuntu: "22.04", Arch: "tegra-aarch64", System: "aarch64", Architectures: []int{87},
		}},
		{"free-threaded, preview", request("linux/arm64", "jetpack", "6.0 DP", "python", "3.14-nogil"), TreeFacts{
			L4T: "36.2.0", JetPack: "6.0", CUDA: "12.2", CUDNN: "8.9.4.25", TensorRT: "8.6.2.3", Python: "3.14", FreeThreading: true,
			Ubuntu: "22.04", Arch: "tegra-aarch64", System: "aarch64", Architectures: []int{87},
		}},
		{"thor", request("linux/arm64", "l4t", "38.2"), TreeFacts{
			L4T: "38.2.0", JetPack: "7.0", CUDA: "13.0", CUDNN: "9.12.0.46", TensorRT: "10.13.3.9", Python: "3.12",
			Ubuntu: "24.04", Arch: "aarch64", System: "aarch64", Architectures: []int{87, 90, 100, 103, 110, 120, 121},
		}},
		{"pc", request("linux/amd64", "l4t", "39.2.0", "cuda", "12.9"), TreeFacts{
			L4T: "39.2.0", JetPack: "7.2", CUDA: "12.9", Python: "3.12",
			Ubuntu: "24.04", Arch: "x86_64", System: "x86_64", Architectures: []int{80, 90, 100, 120},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			target, _, problems := Resolve(test.req)
			require.False(t, problems.HasErrors(), "%v", problems.Err())
			got := BuiltIn().ForTree(target)
			assert.Equal(t, test.want, got)
			env := got.Env()
			assert.Equal(t, env["PYTHON_VERSION"] == "3.14t", got.FreeThreading, "environment %v", env)
		})
	}
}
