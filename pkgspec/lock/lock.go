// Package lock reads and writes jetson.lock: what a build found where jetson.yaml names things
// that move, so that the next one finds the same.
package lock

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// Version is the version of the file's format.
const Version = 1

// MaxSize bounds a lock, in bytes. One of a chain of 300 packages has about 100 KiB.
const MaxSize = 4 << 20

// Kind says what sort of thing is pinned.
type Kind string

// The kinds of pins.
const (
	// Image pins references of images to digests: the base, the one that runs config.py
	// files, and those that Dockerfiles name.
	Image Kind = "images"
	// Source pins the trees of packages that jetson.yaml names to commits and digests.
	Source Kind = "sources"
	// Git pins repositories that Dockerfiles add to commits.
	Git Kind = "git"
	// HTTP pins what Dockerfiles download to its SHA-256 digest.
	HTTP Kind = "http"
)

// New returns a lock that has nothing yet.
func New() *Lock {
	return &Lock{Version: Version, Pins: map[Kind]map[string]string{}, Platforms: map[string]Choice{}, at: map[string]diag.Range{}}
}

// Lock is the content of the file.
type Lock struct {
	Version int `json:"version"`
	// Facts is the digest of the tables that targets are resolved by. It only explains why
	// values differ.
	Facts string `json:"facts"`
	// Pins has by its kind and name what each thing was found to be.
	Pins map[Kind]map[string]string `json:"pins"`
	// Platforms has what was chosen, by platform.
	Platforms map[string]Choice `json:"platforms"`

	// file is the lock's name, and at has places in it: of platforms, and of what was chosen.
	file string
	at   map[string]diag.Range
}

// Choice is what was chosen for a platform.
type Choice struct {
	// Target has the target's values, by the keys of [plan.Target.Facts]. One that is empty
	// is left out.
	Target   map[string]string `json:"target"`
	Base     string            `json:"base"`
	Packages []Package         `json:"packages"`
	// Reasons is the digest of why all this was chosen; empty in locks of before it was
	// written. It only explains why something differs.
	Reasons string `json:"reasons,omitempty"`
}

// Package is one package of the chain.
type Package struct {
	Name string `json:"name"`
	// From is the folder that it is in.
	From string `json:"from"`
}

// Name returns the name of the lock of a jetson.yaml, which stands beside it.
func Name(file string) string {
	for _, ext := range []string{".yaml", ".yml"} {
		if base, ok := strings.CutSuffix(file, ext); ok {
			return base + ".lock"
		}
	}
	return file + ".lock"
}

// ChoiceOf returns what a plan chose.
func ChoiceOf(p *plan.Plan) Choice {
	c := Choice{Target: map[string]string{}, Base: p.Base.Value, Packages: []Package{}, Reasons: reasonsOf(p)}
	for _, f := range p.Target.Facts() {
		if f.Value.Value != "" {
			c.Target[f.Key] = f.Value.Value
		}
	}
	for _, s := range p.Steps {
		c.Packages = append(c.Packages, Package{Name: s.Name, From: s.Origin.String()})
	}
	return c
}

// Pin returns what a name is pinned to. A lock that is nil pins nothing.
func (l *Lock) Pin(kind Kind, name string) (string, bool) {
	if l == nil {
		return "", false
	}
	value, ok := l.Pins[kind][name]
	return value, ok
}

// Set pins a name.
func (l *Lock) Set(kind Kind, name, value string) {
	if l.Pins[kind] == nil {
		l.Pins[kind] = map[string]string{}
	}
	l.Pins[kind][name] = value
}

// Names lists what is pinned, sorted, each once.
func (l *Lock) Names() []string {
	var names []string
	for _, pins := range l.Pins {
		names = slices.AppendSeq(names, maps.Keys(pins))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Forget removes the pins of a name, and reports whether there was any.
func (l *Lock) Forget(name string) bool {
	found := false
	for _, pins := range l.Pins {
		_, has := pins[name]
		delete(pins, name)
		found = found || has
	}
	return found
}

// Encode returns the text of the file, which is the same for the same lock.
func (l *Lock) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(l)
	return b.Bytes(), err
}
