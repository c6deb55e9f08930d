// Package files makes LLB of files that the program holds: embedded packages,
// and the programs that steps run.
package files

import (
	"bytes"
	"io/fs"
	"time"

	"github.com/moby/buildkit/client/llb"
)

// State returns a state of nothing but the files' contents, so that its cache key
// is the same on every builder. Embedding drops modes: scripts, which begin with
// "#!", are executable, and nothing else is.
func State(files fs.FS, opts ...llb.ConstraintsOpt) (llb.State, error) {
	created := llb.WithCreatedTime(time.Unix(0, 0)) // files are copied into layers, which must repeat
	var action *llb.FileAction                      // the methods of a nil action start a new one
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			action = action.Mkdir("/"+name, 0o755, created)
			return nil
		}
		dt, err := fs.ReadFile(files, name)
		mode := fs.FileMode(0o644)
		if bytes.HasPrefix(dt, []byte("#!")) {
			mode = 0o755
		}
		action = action.Mkfile("/"+name, mode, dt, created)
		return err
	})
	if err != nil || action == nil {
		return llb.Scratch(), err
	}
	return llb.Scratch().File(action, opts...), nil
}
