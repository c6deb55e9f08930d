//go:build linux

package harness

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFindInLayers(t *testing.T) {
	layers := []v1.Layer{
		tarOf(t, "etc/kept", "lower", "etc/changed", "lower", "etc/removed", "lower", "gone/file", "lower", "opaque/old", "lower"),
		tarOf(t, "etc/changed", "upper", "etc/.wh.removed", "", ".wh.gone", "", "opaque/.wh..wh..opq", "", "opaque/new", "upper"),
	}
	for file, want := range map[string]string{"/etc/kept": "lower", "/etc/changed": "upper", "/opaque/new": "upper"} {
		got, err := findInLayers(layers, file)
		if assert.NoError(t, err, "%s = %q", file, got.content) {
			assert.Equal(t, want, string(got.content), "%s = %q", file, got.content)
		}
	}
	for _, file := range []string{"/etc/removed", "/gone/file", "/opaque/old", "/never"} {
		got, err := findInLayers(layers, file)
		assert.ErrorIs(t, err, fs.ErrNotExist, "%s = %q", file, got.content)
	}
}

// tarOf makes a layer from names and contents in turn.
func tarOf(t *testing.T, namesAndContents ...string) v1.Layer {
	t.Helper()
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	for i := 0; i < len(namesAndContents); i += 2 {
		name, content := namesAndContents[i], namesAndContents[i+1]
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
		_, err := archive.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return static.NewLayer(buffer.Bytes(), types.OCIUncompressedLayer)
}
