//go:build integration

package integration

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A plan tells how many layers the image has, instructions without a layer and steps that
// change nothing included.
func TestLayersAreCounted(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"chain", "packages"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, files{
				"jetson.yaml":                "packages: [a, b, c, group]\nlayers: " + form + "\n",
				"packages/a/Dockerfile":      dockerfile("name: a", "ENV A=1\nRUN true\nCOPY file /a\nWORKDIR /new\nWORKDIR /new\nWORKDIR /\nLABEL a=b\nADD file /a\n"),
				"packages/c/Dockerfile":      dockerfile("name: c", "ENV C=1\n"),
				"packages/a/file":            "x",
				"packages/b/Dockerfile":      dockerfile("name: b\n# depends: a", "RUN --network=none echo b > /b\nUSER root\nRUN true\nCMD [\"sh\"]\n"),
				"packages/group/config.yaml": "group: none\ndepends: b\n",
			})
			told := p.build(t, with("--call", "jetson.plan")).Stdout
			b := p.build(t, push())
			image, err := shared.Image(t.Context(), b.image, "")
			require.NoError(t, err)
			layers, err := image.Layers()
			require.NoError(t, err)
			baseImage, err := shared.Image(t.Context(), base(t), "")
			require.NoError(t, err)
			own, err := baseImage.Layers()
			require.NoError(t, err)
			assertContains(t, told, fmt.Sprintf("The image has %d layers, %d of them the base image's.", len(layers), len(own)))
			assert.Greater(t, len(layers), len(own), strconv.Itoa(len(layers)))
		})
	}
}
