// Package pack puts the small files of a folder into one file. To read a file of
// a result is a call to the builder; a pack is read in a few.
package pack

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"io/fs"
	"os"
)

const (
	// MaxSize bounds a pack, in bytes.
	MaxSize = 32 << 20
	// maxFile bounds the files that are packed, in bytes. A larger one is worth a
	// call, and most of those are not read.
	maxFile = 64 << 10
	// perFile and perPack are more bytes than the format adds to contents and names.
	perFile, perPack = 32, 4 << 10
)

// file is a file of a pack.
type file struct {
	Name string
	Data []byte
}

// Write packs the small regular files below dir, as many as fit. What it leaves
// out, whatever the reason, can still be read by a call, which also knows how to
// report it. The same files make the same pack.
func Write(dir, to string) error {
	files, size := []file{}, perPack
	tree := os.DirFS(dir)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // left out
		}
		info, err := d.Info()
		if err != nil || info.Size() > maxFile {
			return nil //nolint:nilerr // left out
		}
		add := int(info.Size()) + len(name) + perFile
		if size+add > MaxSize {
			return fs.SkipAll
		}
		dt, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil //nolint:nilerr // left out
		}
		files, size = append(files, file{name, dt}), size+add
		return nil
	})
	if err != nil {
		return fmt.Errorf("packing %s: %w", dir, err)
	}
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(files); err != nil {
		return fmt.Errorf("packing %s: %w", dir, err)
	}
	return os.WriteFile(to, buf.Bytes(), 0o644) // a build's result is no secret
}

// Read returns the contents of a pack, by path.
func Read(dt []byte) (map[string][]byte, error) {
	var files []file
	if err := gob.NewDecoder(bytes.NewReader(dt)).Decode(&files); err != nil {
		return nil, fmt.Errorf("reading packed files: %w", err)
	}
	contents := make(map[string][]byte, len(files))
	for _, f := range files {
		contents[f.Name] = f.Data
	}
	return contents, nil
}
