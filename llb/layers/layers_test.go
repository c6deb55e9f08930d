package layers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/layers"
	"jetkit/llb/llbtest"
	"jetkit/llb/llbtree"
	"jetkit/pkgspec/plan"
)

func TestFolderOf(t *testing.T) {
	for name, want := range map[string]string{
		"numpy": "numpy", "cmake:apt": "cmake:apt", "a/b": "a%2Fb", "..": "%2E.", "a=b c": "a%3Db%20c", "100%": "100%25", "é": "%C3%A9",
	} {
		assert.Equal(t, want, layers.FolderOf(name), name)
	}
}

func newTool(t *testing.T, conflicts plan.Conflicts) *layers.Tool {
	t.Helper()
	tool, err := layers.New(llbtest.Platform, pb.Caps.CapSet(pb.Caps.All()), conflicts, "")
	require.NoError(t, err)
	return tool
}

func treeOf(t *testing.T, st llb.State) string {
	t.Helper()
	def, err := st.Marshal(context.Background(), llb.Platform(llbtest.Platform))
	require.NoError(t, err)
	tree, err := llbtree.New(def)
	require.NoError(t, err)
	return tree.String()
}

func TestConflictsAreReported(t *testing.T) {
	one := layers.Layer{Package: "one", State: llb.Scratch().File(llb.Mkfile("/1", 0o644, nil))}
	for conflicts, warns := range map[plan.Conflicts]bool{"": false, plan.ConflictsWarn: true} {
		joined := newTool(t, conflicts).Join(llb.Image("base"), []layers.Layer{one})
		join, report := treeOf(t, joined.State), treeOf(t, joined.Conflicts())
		assert.NotContains(t, join, "--report")
		assert.Contains(t, report, `"--report" "/.jetkit/out/conflicts"`)
		assert.Equal(t, warns, strings.Contains(join, `"--warn"`), "%q", conflicts)
	}
}

// TestLayerOnNothing checks that a package on no base at all has nothing to be compared with.
func TestLayerOnNothing(t *testing.T) {
	layer := newTool(t, "").Of("root", llb.Scratch(), llb.Image("root"), llb.WithDescription(nil))
	tree := treeOf(t, layer.State)
	assert.NotContains(t, tree, "--before")
	assert.NotContains(t, tree, "find changes")
}
