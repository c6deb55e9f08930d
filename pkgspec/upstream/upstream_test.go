package upstream

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNames(t *testing.T) {
	all := Names()
	assert.True(t, slices.IsSorted(all), "a search needs them sorted")
	assert.Equal(t, slices.Compact(slices.Clone(all)), all)
	for name, want := range map[string]bool{"pytorch": true, "torch": true, "pytorch:2.6": true, "cudastack:standard": true, "": false, "pytroch": false} {
		assert.Equal(t, want, Has(name), name)
	}
}
