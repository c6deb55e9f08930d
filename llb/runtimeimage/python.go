package runtimeimage

import (
	_ "embed"
	"encoding/json"
	"path"
	"strings"
	"unicode/utf8"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// pythonPlace is a place that a Python interpreter or its packages can be at.
type pythonPlace struct {
	// Path is a pattern, in which [MULTIARCH] is the platform's folder of libraries, and
	// Variable one of the image, whose value is a folder. One of them is set. A letter in
	// brackets is that letter, in the name of a folder that may be missing: what comes before
	// the first pattern in a path has to be there.
	Path     string `json:"path"`
	Variable string `json:"variable"`
	What     string `json:"what"`
	Source   string `json:"source"`
}

//go:embed python.json
var pythonJSON []byte

// pythonPlaces reads the table.
func pythonPlaces() ([]pythonPlace, error) {
	var places []pythonPlace
	err := json.Unmarshal(pythonJSON, &places)
	return places, err
}

// pythonPatterns returns patterns of all places that Python can be at in an image with some
// variables. A place that there is not matches nothing.
func pythonPatterns(env []string, platform ocispecs.Platform) ([]string, error) {
	places, err := pythonPlaces()
	if err != nil {
		return nil, err
	}
	var patterns []string
	for _, p := range places {
		if p.Variable == "" {
			patterns = append(patterns, strings.ReplaceAll(p.Path, "[MULTIARCH]", optional(multiarch(platform))))
			continue
		}
		for _, e := range env {
			dir, ok := strings.CutPrefix(e, p.Variable+"=")
			if dir = path.Clean(dir); ok && path.IsAbs(dir) && dir != "/" && !strings.ContainsAny(dir, `*?[]\^`) {
				patterns = append(patterns, optionalPath(dir))
			}
		}
	}
	return patterns, nil
}

// multiarch is Debian's name of a platform's folder of libraries.
// Source: wiki.debian.org/Multiarch/Tuples.
func multiarch(p ocispecs.Platform) string {
	switch p.Architecture {
	case "amd64":
		return "x86_64-linux-gnu"
	case "arm64":
		return "aarch64-linux-gnu"
	case "arm":
		return "arm-linux-gnueabihf"
	}
	return p.Architecture + "-linux-gnu"
}

// optional returns a pattern of one name alone, which may match nothing: BuildKit's copy fails
// for a name without a pattern that there is not.
func optional(name string) string {
	_, first := utf8.DecodeRuneInString(name)
	return "[" + name[:first] + "]" + name[first:]
}

// optionalPath is optional for an absolute path: only its first folder has to be there.
// BuildKit looks at all files below that.
func optionalPath(name string) string {
	parts := strings.Split(name, "/")
	i := min(2, len(parts)-1)
	parts[i] = optional(parts[i])
	return strings.Join(parts, "/")
}

// folderOf returns the folder of what an optional pattern matches.
func folderOf(pattern string) string {
	return strings.NewReplacer("[", "", "]", "").Replace(path.Dir(pattern)) + "/"
}
