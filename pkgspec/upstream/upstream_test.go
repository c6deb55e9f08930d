package upstream

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNames(t *testing.T) {
	all := Names()
	assert.Equal(t, slices.Compact(slices.Sorted(slices.Values(all))), all, "they are sorted, each once")
	assert.Subset(t, all, []string{"pytorch", "torch", "cudastack"})
}
