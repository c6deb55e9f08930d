package llbtest

import (
	"slices"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"
)

// Ancestors returns the progress names of the operations that those with a given name build
// on, in the definition's order. Operations without a name are left out.
func Ancestors(t *testing.T, def *llb.Definition, name string) []string {
	t.Helper()
	below := map[string]bool{}
	var names []string
	for _, dt := range slices.Backward(def.Def) { // what uses an operation comes after it
		op := &pb.Op{}
		require.NoError(t, op.UnmarshalVT(dt))
		id := digest.FromBytes(dt)
		own := def.Metadata[id].Description["llb.customname"]
		if own != "" && below[id.String()] {
			names = append(names, own)
		}
		for _, in := range op.Inputs {
			below[in.Digest] = below[in.Digest] || below[id.String()] || own == name
		}
	}
	slices.Reverse(names)
	return names
}
