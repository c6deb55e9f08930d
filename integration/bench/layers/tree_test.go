//go:build linux

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestShapes(t *testing.T) {
	for shape, want := range map[string]int{"deep": 24, "wide": 1, "dag": 7} {
		assert.Len(t, newTree(shape, 24, "1", work{}).longestPath().packages, want, shape)
	}
}

func TestChanges(t *testing.T) {
	built := map[string]map[string]int{
		"deep": {"added at the end": 1, "added in the middle": 4, "removed from the middle": 2, "changed in the middle": 3, "changed, makes the same": 1},
		"wide": {"added at the end": 1, "added in the middle": 1, "removed from the middle": 0, "changed in the middle": 1, "changed, makes the same": 1},
		"dag":  {"added at the end": 1, "added in the middle": 1, "removed from the middle": 1, "changed in the middle": 2, "changed, makes the same": 1},
	}
	for shape, wants := range built {
		for _, c := range changes {
			before := newTree(shape, 6, "1", work{steps: 1})
			after, names := c.to(before.clone(), "2")
			assert.Len(t, names, wants[c.what], "%s: %s", shape, c.what)
			assert.Equal(t, newTree(shape, 6, "1", work{steps: 1}), before, "%s: %s changes the tree that it is given", shape, c.what)
			for i, p := range after.packages {
				for _, need := range p.needs {
					assert.Less(t, after.index(need), i, "%s: %s: %s needs %s", shape, c.what, p.name, need)
					assert.GreaterOrEqual(t, after.index(need), 0, "%s: %s: %s needs %s", shape, c.what, p.name, need)
				}
			}
		}
	}
}
