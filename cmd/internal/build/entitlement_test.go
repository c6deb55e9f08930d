package build

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRefusedEntitlementNamesTheConfiguration(t *testing.T) {
	const refusal = "failed to solve: granting entitlement network.host is not allowed by build daemon configuration"
	cause := errors.New(refusal)
	r := &run{request: &Request{}}
	got := r.errorOf(cause)
	assert.ErrorIs(t, got, cause)
	for _, want := range []string{refusal, `add "network.host" to insecure-entitlements`, `{"network-host": true}`, "--builder jetkit"} {
		assert.Contains(t, got.Error(), want)
	}
	for _, text := range []string{"failed to solve: network.host is not allowed", refusal + ": exit code: 1", "granting entitlement x is not allowed by build daemon configuration"} {
		assert.Equal(t, text, r.errorOf(errors.New(text)).Error())
	}
	r.failure = cause // what a frontend says may be a package's text
	assert.Equal(t, cause, r.errorOf(cause))
}
