// Package pyshim is the Python that runs the config.py files of
// jetson-containers' trees: a runner with its sandbox, and small modules in the
// place of those that the files import. It needs a bare Python 3.8 or later.
package pyshim

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
)

//go:embed py/*.py py/lib/*.py py/lib/*/*.py
var files embed.FS

// Runner is the program among the files. Its arguments are the request, the
// result and the tree: see the program.
const Runner = "runner.py"

// Flags are the interpreter's: nothing of the machine's Python but its standard
// library, and nothing written beside the sources.
func Flags() []string { return []string{"-s", "-S", "-B", "-X", "utf8"} }

// Env is the interpreter's own environment. With it sets are in the same order
// on every run.
func Env() []string {
	return []string{"PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
}

// Files returns the runner and its modules.
func Files() fs.FS {
	sub, err := fs.Sub(files, "py")
	if err != nil { // it can't be: the folder is embedded
		return files
	}
	return sub
}

// Digest identifies the content of all files, for keys of caches.
func Digest() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(files, "py", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		dt, err := files.ReadFile(name)
		if err == nil {
			fmt.Fprintf(hash, "%s %d\n%s", name, len(dt), dt)
		}
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}
