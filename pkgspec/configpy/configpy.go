// Package configpy is the protocol by which config.py files are run: what is asked of
// an evaluator, the files it needs, and what it answers. It knows neither the format
// of packages nor who runs the files.
package configpy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// Evaluator runs the config.py files of one tree. It runs strangers' code, so
// an implementation keeps that from the network, from other processes, from
// writing, and from what it knows beyond the request.
//
// A config.py that fails is part of the result. An error means that none could
// be run; a scan then lists their packages as disabled, with the error's text.
type Evaluator interface {
	Evaluate(ctx context.Context, req Request) (Result, error)
}

// Request asks for the config.py files of some folders of one tree.
type Request struct {
	// FS is the source that the folders are in.
	FS fs.FS `json:"-"`
	// Tree is the place of the tree in the source. Its Path is the root that imports
	// like "packages.ml.pytorch.version" start from.
	Tree plan.Origin `json:"-"`
	// Readable reports whether config.py files may read a file, by its path; nil
	// stands for all files.
	Readable func(name string) bool `json:"-"`
	// Env is the whole environment that the programs see.
	Env map[string]string `json:"env"`
	// Facts are what jetson-containers' Python gives them of the target.
	Facts platform.TreeFacts `json:"facts"`
	// Folders are in scan order, which is the order they run in.
	Folders []Folder `json:"folders"`
	Limits  Limits   `json:"limits"`
}

// Limits bounds what config.py files may use. Zeros stand for the runner's
// own limits: a minute for all files, ten seconds for one, a GiB of memory.
type Limits struct {
	WallSeconds int `json:"wall_seconds,omitempty"`
	FileSeconds int `json:"file_seconds,omitempty"`
	MemoryMiB   int `json:"memory_mib,omitempty"`
}

// Folder is one folder with a config.py.
type Folder struct {
	// Dir is the folder, relative to the tree's Dir.
	Dir string `json:"dir"`
	// Package is what the global "package" holds when config.py starts: keys of
	// the metadata, as jetson-containers has set them by then. The evaluator
	// adds "path".
	Package map[string]any `json:"package"`
}

// Result is what the config.py files declare, in the order of the request.
type Result struct {
	Folders []FolderResult `json:"folders"`
}

// FolderResult is what one config.py declares. Exactly one of Packages,
// Disabled and Error is set, or none for a config.py that declares nothing.
type FolderResult struct {
	// Packages are JSON objects of metadata keys. All scalars are texts, as
	// Python prints them.
	Packages []json.RawMessage `json:"packages,omitempty"`
	// Disabled reports that config.py set package to None.
	Disabled bool     `json:"disabled,omitempty"`
	Error    *Failure `json:"error,omitempty"`
	// Warnings are what the evaluator left out of Packages, what the file asked for
	// that differs by machine or hour, and numbers that are not kept as written.
	Warnings []Warning `json:"warnings,omitempty"`
	// Output is what config.py printed, cut off where it is long.
	Output string `json:"output,omitempty"`
}

// Warning is what the user should know of a config.py that gave a result.
type Warning struct {
	Message string `json:"message"`
	// At is the line that it is about; without a File it is the whole config.py.
	At Frame `json:"at,omitzero"`
}

// Failure is why a config.py gave no result.
type Failure struct {
	// Message is the reason in one line: "NameError: name 'x' is not defined".
	Message string `json:"message"`
	// Temporary marks limits that were reached, which another run may not.
	Temporary bool `json:"temporary,omitempty"`
	// Frames are the lines of the tree that led to it, the last one nearest.
	Frames []Frame `json:"frames,omitempty"`
}

// Frame is a line of a Python file.
type Frame struct {
	// File is relative to the tree's Dir.
	File string `json:"file"`
	Line int    `json:"line"`
	// Function is the function's name, or "<module>".
	Function string `json:"function,omitempty"`
}

// Encode returns the request as the JSON that the Python runner reads. Equal
// requests give equal bytes.
func (r Request) Encode() ([]byte, error) { return json.Marshal(r) }

// MaxResult bounds the JSON of a result. Upstream's 187 config.py files
// need 1 MiB.
const MaxResult = 32 << 20

// DecodeResult reads the JSON that the Python runner writes. It is an error
// if it is not exactly one result for each folder of the request.
func DecodeResult(dt []byte, req Request) (Result, error) {
	var result Result
	if len(dt) > MaxResult {
		return result, fmt.Errorf("the result of config.py files is larger than %d MiB", MaxResult>>20)
	}
	decoder := json.NewDecoder(bytes.NewReader(dt))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&result); err != nil {
		return Result{}, fmt.Errorf("the result of config.py files cannot be read: %w", err)
	}
	if len(result.Folders) != len(req.Folders) {
		return Result{}, fmt.Errorf("there are %d results for %d config.py files", len(result.Folders), len(req.Folders))
	}
	return result, nil
}
