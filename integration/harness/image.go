//go:build linux

package harness

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Image opens an image of the Env's registry for one platform ("linux/arm64"); empty means this machine's.
func (e *Env) Image(ctx context.Context, ref, platform string) (v1.Image, error) {
	parsed, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		return nil, err
	}
	if platform == "" {
		platform = hostPlatform()
	}
	wanted, err := v1.ParsePlatform(platform)
	if err != nil {
		return nil, err
	}
	image, err := remote.Image(parsed, remote.WithContext(ctx), remote.WithPlatform(*wanted))
	if err != nil {
		return nil, fmt.Errorf("read image %s: %w", ref, err)
	}
	return image, nil
}

func hostPlatform() string { return "linux/" + runtime.GOARCH }

// ImageConfig reads the configuration (environment, entry point, labels, history) of an image for this machine.
func (e *Env) ImageConfig(ctx context.Context, ref string) (*v1.ConfigFile, error) {
	image, err := e.Image(ctx, ref, "")
	if err != nil {
		return nil, err
	}
	return image.ConfigFile()
}

// ImageFile reads one file of an image for this machine, as ReadImageFile does.
func (e *Env) ImageFile(ctx context.Context, ref, file string) ([]byte, error) {
	image, err := e.Image(ctx, ref, "")
	if err != nil {
		return nil, err
	}
	content, err := ReadImageFile(image, file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	return content, nil
}

// ReadImageFile reads one file of an image, following links. It says fs.ErrNotExist when the image has no such file.
// Folders that are links ("/bin") are not followed: name the file's real folder.
func ReadImageFile(image v1.Image, file string) ([]byte, error) {
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	const maxLinks = 10
	target := path.Clean("/" + file)
	for range maxLinks {
		found, err := findInLayers(layers, target)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if found.link == "" {
			return found.content, nil
		}
		target = found.link
	}
	return nil, fmt.Errorf("%s: too many links", file)
}

// layerEntry is what a layer says about a path: its content, or the path it links to.
type layerEntry struct {
	content []byte
	link    string
}

// findInLayers looks from the last layer down, as a container would see the path.
func findInLayers(layers []v1.Layer, target string) (layerEntry, error) {
	for _, layer := range slices.Backward(layers) {
		entry, err := findInLayer(layer, target)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return entry, err
		}
		if !errors.Is(err, errNotInLayer) {
			return entry, err
		}
	}
	return layerEntry{}, fs.ErrNotExist
}

// errNotInLayer means a layer says nothing about a path: layers below it may.
var errNotInLayer = errors.New("not in this layer")

func findInLayer(layer v1.Layer, target string) (layerEntry, error) {
	content, err := layer.Uncompressed()
	if err != nil {
		return layerEntry{}, err
	}
	defer content.Close()
	missing := errNotInLayer
	archive := tar.NewReader(content)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return layerEntry{}, missing
		}
		if err != nil {
			return layerEntry{}, err
		}
		current := path.Clean("/" + header.Name)
		if current == target {
			return readEntry(archive, header, current)
		}
		if hides(current, target) {
			missing = fs.ErrNotExist // but the same layer may hold a new file
		}
	}
}

func readEntry(archive io.Reader, header *tar.Header, current string) (layerEntry, error) {
	switch header.Typeflag {
	case tar.TypeReg:
		content, err := io.ReadAll(archive)
		return layerEntry{content: content}, err
	case tar.TypeLink:
		return layerEntry{link: path.Clean("/" + header.Linkname)}, nil
	case tar.TypeSymlink:
		if path.IsAbs(header.Linkname) {
			return layerEntry{link: path.Clean(header.Linkname)}, nil
		}
		return layerEntry{link: path.Join(path.Dir(current), header.Linkname)}, nil
	default:
		return layerEntry{}, fmt.Errorf("not a file (tar type %q)", header.Typeflag)
	}
}

// hides reports whether a layer's entry is a whiteout that removes the target or a folder above it.
func hides(entry, target string) bool {
	dir, base := path.Split(entry)
	if base == ".wh..wh..opq" {
		return strings.HasPrefix(target, dir)
	}
	removed, ok := strings.CutPrefix(base, ".wh.")
	if !ok {
		return false
	}
	removed = dir + removed
	return target == removed || strings.HasPrefix(target, removed+"/")
}
