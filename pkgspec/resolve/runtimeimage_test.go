package resolve

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
)

// On a runtime image only what the user asks for is tested, by a group too: the rest need not be in it.
func TestTestsOfARuntimeImage(t *testing.T) {
	tree := treeOf(`name: tool
test: test.sh

name: member
depends: tool
test: test.sh

name: robot
depends: tool
test: test.sh
`)
	group := pkgmeta.Tree{FS: fstest.MapFS{"group/config.yaml": {Data: []byte("group: more\ndepends: member\n")}}, Kind: plan.Builtin, Dir: "."}
	where := func(spec *pkgspec.Spec) map[string]string {
		p, problems := Resolve(spec, scanned(t, tree, group), target, base)
		require.NotNil(t, p, printed(problems))
		got := map[string]string{}
		for _, s := range p.Steps {
			for _, test := range s.Tests {
				switch {
				case test.Skipped != "":
					got[s.Name] = test.Skipped
				case test.Final && test.Intermediate:
					got[s.Name] = "both"
				case test.Final:
					got[s.Name] = "image"
				default:
					got[s.Name] = "stage"
				}
			}
		}
		return got
	}
	spec := request("robot", "group")
	assert.Equal(t, map[string]string{"tool": "both", "member": "both", "robot": "both"}, where(spec))
	spec.Image.From = []plan.ImageFile{{Path: "/opt"}}
	assert.Equal(t, map[string]string{"tool": "stage", "member": "both", "robot": "both"}, where(spec))
	spec.Tests.Run = pkgspec.TestFinal
	assert.Equal(t, map[string]string{"tool": "image.from: of what is not asked for, nothing is tested on the image", "member": "image", "robot": "image"}, where(spec))
	spec.Tests.Run = pkgspec.TestIntermediate
	assert.Equal(t, map[string]string{"tool": "stage", "member": "stage", "robot": "stage"}, where(spec))
}
