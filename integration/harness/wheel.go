package harness

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Wheel is a package for Python, as pip installs it.
type Wheel struct {
	Name, Version string
	// Tag says for which Pythons and platforms it is; empty means for all.
	Tag string
	// Requires are requirements on other projects.
	Requires []string
	// Files are the contents of files by path, such as torch/__init__.py.
	Files map[string]string
}

// Filename returns the name that pip reads version and tag from.
func (w Wheel) Filename() string {
	tag := w.Tag
	if tag == "" {
		tag = "py3-none-any"
	}
	return fmt.Sprintf("%s-%s-%s.whl", strings.ReplaceAll(w.Name, "-", "_"), w.Version, tag)
}

// Bytes returns the wheel as a file. Equal wheels are equal files.
func (w Wheel) Bytes() ([]byte, error) {
	info := strings.ReplaceAll(w.Name, "-", "_") + "-" + w.Version + ".dist-info/"
	var metadata strings.Builder
	fmt.Fprintf(&metadata, "Metadata-Version: 2.1\nName: %s\nVersion: %s\n", w.Name, w.Version)
	for _, r := range w.Requires {
		metadata.WriteString("Requires-Dist: " + r + "\n")
	}
	files := maps.Clone(w.Files)
	if files == nil {
		files = map[string]string{}
	}
	files[info+"METADATA"] = metadata.String()
	tag := strings.TrimSuffix(strings.SplitN(w.Filename(), "-", 3)[2], ".whl")
	files[info+"WHEEL"] = "Wheel-Version: 1.0\nGenerator: jetkit\nRoot-Is-Purelib: true\nTag: " + tag + "\n"
	var record strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256([]byte(files[name]))
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(files[name]))
	}
	fmt.Fprintf(&record, "%sRECORD,,\n", info)
	files[info+"RECORD"] = record.String()

	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := archive.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write([]byte(files[name])); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
