package frontend

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRegistryError(t *testing.T) {
	for text, want := range map[string]string{
		"support Docker Image manifest version 2, schema 1 has been removed. More information at https://x": "the registry registry.example.com:5000 sent plain text (type text/plain) instead of an image's manifest; " +
			"look at what is there: curl -i https://registry.example.com:5000/v2/robots/base/manifests/1 (BuildKit: support Docker Image manifest version 2, schema 1 has been removed. More information at https://x)",
		`not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported`: "the registry registry.example.com:5000 sent plain text (type text/plain) instead of an image's manifest; " +
			"look at what is there: curl -i https://registry.example.com:5000/v2/robots/base/manifests/1 (BuildKit: not implemented: media type \"application/vnd.docker.distribution.manifest.v1+prettyjws\" is no longer supported)",
		"invalid character '<' looking for beginning of value": "the registry registry.example.com:5000 sent something else instead of an image's manifest; " +
			"look at what is there: curl -i https://registry.example.com:5000/v2/robots/base/manifests/1 (BuildKit: invalid character '<' looking for beginning of value)",
		"dial tcp: i/o timeout":                              "registry registry.example.com:5000: dial tcp: i/o timeout",
		"registry.example.com:5000/robots/base:1: not found": "registry.example.com:5000/robots/base:1: not found",
	} {
		cause := errors.New(text)
		err := registryError("registry.example.com:5000/robots/base:1", cause)
		require.ErrorIs(t, err, cause)
		assert.EqualError(t, err, want)
	}
	require.NoError(t, registryError("x", nil))
	assert.EqualError(t, registryError("::", errors.New("odd")), "odd")
	assert.ErrorContains(t, registryError("docker-image://debian", errors.New("invalid character")), "curl -i https://docker.io/v2/library/debian/manifests/latest")
}
