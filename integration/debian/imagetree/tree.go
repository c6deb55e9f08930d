// Package imagetree reads the files of an image as a container would see them, and compares two images' files.
package imagetree

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Tree holds the files of an image by their absolute path.
type Tree map[string]*File

// File is what an image says of a path. Paths that are hard links of one file share one File.
type File struct {
	Type     byte // of package tar: tar.TypeReg, tar.TypeDir …
	Mode     int64
	UID, GID int
	Size     int64
	Digest   string // of a regular file's content
	Link     string // where a symbolic link leads
	Device   string // major:minor of a device
	Xattrs   string // sorted, a line each
	ModTime  time.Time
}

// Read puts the layers of an image on each other.
func Read(image v1.Image) (Tree, error) {
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	tree := Tree{}
	for _, layer := range layers {
		content, err := layer.Uncompressed()
		if err != nil {
			return nil, err
		}
		err = errors.Join(tree.apply(content), content.Close())
		if err != nil {
			return nil, err
		}
	}
	return tree, nil
}

// The names by which a layer says that something below it is gone.
const (
	removedPrefix = ".wh."
	opaque        = ".wh..wh..opq"
)

// apply puts a layer on the tree. What a layer removes is what layers below it have: removals come first, wherever in
// the layer they are, and so do not touch the layer's own files.
func (t Tree) apply(layer io.Reader) error {
	added := Tree{}
	archive := tar.NewReader(layer)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		name := path.Clean("/" + header.Name)
		dir, base := path.Split(name)
		switch {
		case base == opaque:
			t.removeBelow(path.Clean(dir))
			continue
		case strings.HasPrefix(base, removedPrefix):
			t.remove(dir + strings.TrimPrefix(base, removedPrefix))
			continue
		}
		if added[name], err = t.read(header, archive, added); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, file := range added {
		if below := t[name]; below != nil && below.Type == tar.TypeDir && file.Type != tar.TypeDir {
			t.removeBelow(name)
		}
		t[name] = file
	}
	return nil
}

func (t Tree) read(header *tar.Header, content io.Reader, added Tree) (*File, error) {
	if header.Typeflag == tar.TypeLink {
		target := path.Clean("/" + header.Linkname)
		for _, tree := range []Tree{added, t} {
			if file := tree[target]; file != nil {
				return file, nil
			}
		}
		return nil, fmt.Errorf("a hard link to %s, which is not there", target)
	}
	file := &File{Type: header.Typeflag, Mode: header.Mode, UID: header.Uid, GID: header.Gid, Xattrs: xattrs(header), ModTime: header.ModTime}
	switch header.Typeflag {
	case tar.TypeReg:
		sum := sha256.New()
		size, err := io.Copy(sum, content)
		if err != nil {
			return nil, err
		}
		file.Size, file.Digest = size, hex.EncodeToString(sum.Sum(nil))
	case tar.TypeSymlink:
		file.Link = header.Linkname
	case tar.TypeChar, tar.TypeBlock:
		file.Device = fmt.Sprintf("%d:%d", header.Devmajor, header.Devminor)
	}
	return file, nil
}

// xattrs are the extended attributes as a tar file of Go's and BuildKit's has them.
func xattrs(header *tar.Header) string {
	const prefix = "SCHILY.xattr."
	var lines []string
	for key, value := range header.PAXRecords {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			lines = append(lines, fmt.Sprintf("%s=%x", name, value))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (t Tree) remove(name string) {
	delete(t, name)
	t.removeBelow(name)
}

func (t Tree) removeBelow(dir string) {
	prefix := strings.TrimSuffix(dir, "/") + "/"
	for name := range t {
		if strings.HasPrefix(name, prefix) && name != "/" {
			delete(t, name)
		}
	}
}

// linked groups the paths that are one file: of each, the other names, sorted and joined.
func (t Tree) linked() map[string]string {
	names := map[*File][]string{}
	for name, file := range t {
		names[file] = append(names[file], name)
	}
	groups := map[string]string{}
	for _, group := range names {
		if len(group) == 1 {
			continue
		}
		slices.Sort(group)
		for _, name := range group {
			groups[name] = strings.Join(group, " ")
		}
	}
	return groups
}
