package library

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
)

// TestDefaultsAreTheReleases holds that CUDA, cuDNN and TensorRT of the library are, where a user says nothing but the release,
// those that the table of releases has for it.
func TestDefaultsAreTheReleases(t *testing.T) {
	releases := []string{"5.1.1", "5.1.2", "5.1.3", "6.0", "6.1", "6.2", "6.2.1", "6.2.2", "7.0", "7.1", "7.2"}
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			p, _, _, err := load(t.Context(), "jetson.yaml", "target: {jetpack: \""+release+"\"}\npackages: numpy\n", "linux/arm64", contexts{root: fstest.MapFS{}})
			require.NoError(t, err)
			bare, problems, err := p.Solve(t.Context())
			require.NoError(t, err)
			require.NotNil(t, bare, problems)
			_, solved, problems, err := load(t.Context(), "jetson.yaml", "target: {jetpack: \""+release+"\"}\npackages: tensorrt\n", "linux/arm64", contexts{root: fstest.MapFS{}})
			require.NoError(t, err)
			require.NotNil(t, solved, problems)
			got := map[string]string{}
			for _, s := range solved.Steps {
				_, got[catalog.Base(s.Name)], _ = strings.Cut(s.Name, ":")
			}
			facts := bare.Target // of a plan without those packages: it has the table's
			for name, want := range map[string]string{"cuda": facts.CUDA.Value, "cudnn": facts.CUDNN.Value, "tensorrt": facts.TensorRT.Value} {
				require.NotEmpty(t, got[name], name)
				assert.True(t, want == got[name] || strings.HasPrefix(want, got[name]+"."), "%s is %s, the release's %s", name, got[name], want)
			}
		})
	}
}
