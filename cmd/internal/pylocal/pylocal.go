// Package pylocal runs config.py files with a Python of this machine.
//
// The files are run on a copy of the tree's metadata, by the runner of package
// pyshim and in its sandbox. They see the target and the user's variables, and
// of this machine nothing but Python itself.
package pylocal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"jetkit/cmd/internal/outfile"
	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/configpy/pyshim"
)

// Evaluator runs config.py files with a Python of this machine. It may be used
// by several goroutines.
type Evaluator struct {
	// CacheDir keeps results between runs, by the content of what they are made
	// of; empty keeps none.
	CacheDir string
	python   string
}

var _ configpy.Evaluator = (*Evaluator)(nil)

// New makes an evaluator for a Python 3.8 or later: a path, or a name that is
// looked up in PATH.
func New(python string) *Evaluator { return &Evaluator{python: python} }

// Evaluate runs the request's config.py files, or finds what they declared the
// last time that everything they can depend on was the same.
func (e *Evaluator) Evaluate(ctx context.Context, req configpy.Request) (configpy.Result, error) {
	files, err := req.Files(ctx)
	if err != nil {
		return configpy.Result{}, fmt.Errorf("reading the tree: %w", err)
	}
	request, err := req.Encode()
	if err != nil {
		return configpy.Result{}, err
	}
	key, err := cacheKey(request, files)
	if err != nil {
		return configpy.Result{}, err
	}
	if result, ok := e.cached(key, req); ok {
		return result, nil
	}
	python, err := findPython(ctx, e.python)
	if err != nil {
		return configpy.Result{}, err
	}
	dt, err := runIn(ctx, python, request, files)
	if err != nil {
		return configpy.Result{}, err
	}
	result, err := configpy.DecodeResult(dt, req)
	if err == nil && !slices.ContainsFunc(result.Folders, temporary) {
		e.keep(key, dt)
	}
	return result, err
}

// temporary reports whether another run may give another result.
func temporary(r configpy.FolderResult) bool { return r.Error != nil && r.Error.Temporary }

// cacheKey identifies everything that a result depends on but the version of
// Python, on which it should not.
func cacheKey(request []byte, files []configpy.File) (string, error) {
	shim, err := pyshim.Digest()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n%d\n%s", shim, len(request), request)
	for _, file := range files {
		fmt.Fprintf(hash, "\n%q %d\n", file.Path, len(file.Data))
		hash.Write(file.Data)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// cached finds a kept result. One that cannot be read is as good as none.
func (e *Evaluator) cached(key string, req configpy.Request) (configpy.Result, bool) {
	if e.CacheDir == "" {
		return configpy.Result{}, false
	}
	dt, err := os.ReadFile(filepath.Join(e.CacheDir, key+".json"))
	if err != nil {
		return configpy.Result{}, false
	}
	result, err := configpy.DecodeResult(dt, req)
	return result, err == nil
}

// keep stores a result, whole or not at all. Failing to only costs time.
func (e *Evaluator) keep(key string, dt []byte) {
	if e.CacheDir == "" || os.MkdirAll(e.CacheDir, 0o700) != nil {
		return
	}
	_ = outfile.Keep(filepath.Join(e.CacheDir, key+".json"), 0o600, dt)
}
