package stepcache

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	digest "github.com/opencontainers/go-digest"
)

// maxFiles bounds how many bytes of one folder are read to see whether they changed.
const maxFiles = 256 << 20

// ignoreFile is what leaves files out of a context.
const ignoreFile = ".dockerignore"

// Folders returns what identifies files of folders, by the names of local sources: names,
// permissions and contents. Of what is larger than 256 MiB, or behind a link, nothing is known.
func Folders(dirs map[string]string) Files {
	found := map[[2]string]digest.Digest{}
	return func(source, name string) digest.Digest {
		key := [2]string{source, path.Clean("/" + name)}
		if _, ok := found[key]; !ok {
			found[key] = ""
			if dir, ok := dirs[source]; ok {
				if d, err := hashed(dir, strings.TrimPrefix(key[1], "/")); err == nil {
					found[key] = d
				}
			}
		}
		return found[key]
	}
}

// errUnknown reports files that nothing is known of.
var errUnknown = errors.New("not known")

func hashed(dir, name string) (digest.Digest, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }() // it was only read
	for at := name; at != "." && at != ""; at = path.Dir(at) {
		if info, err := root.Lstat(at); err != nil || info.Mode()&fs.ModeSymlink != 0 {
			return "", errors.Join(errUnknown, err)
		}
	}
	h := &hasher{Hash: sha256.New(), root: root, left: maxFiles}
	if _, err := root.Lstat(ignoreFile); err == nil {
		if err := h.file(ignoreFile); err != nil {
			return "", err
		}
	}
	if name == "" {
		name = "."
	}
	if err := fs.WalkDir(root.FS(), name, h.entry); err != nil {
		return "", err
	}
	return digest.NewDigest(digest.SHA256, h.Hash), nil
}

type hasher struct {
	hash.Hash
	root *os.Root
	left int64
}

// entry adds one entry of a folder.
func (h *hasher) entry(name string, entry fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	fmt.Fprintf(h, "%q %v\n", name, info.Mode())
	switch {
	case info.Mode().IsRegular():
		return h.file(name)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := h.root.Readlink(name)
		fmt.Fprintf(h, "%q\n", target)
		return err
	}
	return nil
}

func (h *hasher) file(name string) error {
	f, err := h.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > h.left {
		return errors.Join(errUnknown, err)
	}
	n, err := io.CopyN(h, f, h.left+1) // it may grow meanwhile
	h.left -= n
	fmt.Fprintf(h, "%d\n", n)
	if h.left < 0 {
		return errUnknown
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
