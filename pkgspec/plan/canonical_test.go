package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

func TestCanonical(t *testing.T) {
	p := &plan.Plan{
		Base:  plan.Value{Value: "ubuntu", Reason: "default of L4T 36.4.3"},
		Steps: []plan.Step{{Name: `<b> & "c"`, BuildArgs: map[string]string{"B": "2", "A": "1", "C": "3"}}},
	}
	first, err := p.Canonical()
	require.NoError(t, err)
	for range 20 {
		again, err := p.Canonical()
		require.NoError(t, err)
		require.Equal(t, string(first), string(again), "equal plans are equal bytes")
	}
	assert.Contains(t, string(first), `{"base":{"reason":"default of L4T 36.4.3"`)
	assert.NotContains(t, string(first), `\u003c`)
}
