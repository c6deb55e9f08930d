//go:build linux

package harness

import (
	"archive/tar"
	"bytes"
	"errors"
	"io/fs"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func TestFindInLayers(t *testing.T) {
	layers := []v1.Layer{
		tarOf(t, "etc/kept", "lower", "etc/changed", "lower", "etc/removed", "lower", "gone/file", "lower", "opaque/old", "lower"),
		tarOf(t, "etc/changed", "upper", "etc/.wh.removed", "", ".wh.gone", "", "opaque/.wh..wh..opq", "", "opaque/new", "upper"),
	}
	for file, want := range map[string]string{"/etc/kept": "lower", "/etc/changed": "upper", "/opaque/new": "upper"} {
		got, err := findInLayers(layers, file)
		if err != nil || string(got.content) != want {
			t.Errorf("%s = %q, %v; want %q", file, got.content, err, want)
		}
	}
	for _, file := range []string{"/etc/removed", "/gone/file", "/opaque/old", "/never"} {
		if got, err := findInLayers(layers, file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s = %q, %v; want fs.ErrNotExist", file, got.content, err)
		}
	}
}

// tarOf makes a layer from names and contents in turn.
func tarOf(t *testing.T, namesAndContents ...string) v1.Layer {
	t.Helper()
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	for i := 0; i < len(namesAndContents); i += 2 {
		name, content := namesAndContents[i], namesAndContents[i+1]
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return static.NewLayer(buffer.Bytes(), types.OCIUncompressedLayer)
}
