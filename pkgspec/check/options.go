// Package check reads what a user wants of the warnings about a file: which of them
// not to see, and whether one that is left stops the build. Both are written as for
// Docker's own linter: in a line "# check=skip=RULE,…;error=true" at the start of the file,
// or for all files in the build argument BUILDKIT_DOCKERFILE_CHECK.
package check

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Arg is the build argument that wins over the lines of all files.
const Arg = "BUILDKIT_DOCKERFILE_CHECK"

// Options are what one line or argument wants.
type Options struct {
	// SkipAll and Skip tell which rules are not reported.
	SkipAll bool
	Skip    []string
	// Error is set if a warning stops the build.
	Error bool
}

// Parse reads options as BuildKit does. What only BuildKit's experimental rules know is
// accepted, and means nothing here.
func Parse(text string) (Options, error) {
	var o Options
	text = strings.TrimSpace(text)
	if text == "" {
		return o, nil
	}
	for _, part := range strings.SplitN(text, ";", 3) {
		key, value, ok := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case !ok:
			return Options{}, fmt.Errorf("%q is no option", part)
		case key == "skip":
			if value == "all" {
				o.SkipAll = true
				continue
			}
			o.Skip = nil
			for rule := range strings.SplitSeq(value, ",") {
				o.Skip = append(o.Skip, strings.TrimSpace(rule))
			}
		case key == "error":
			var err error
			if o.Error, err = strconv.ParseBool(value); err != nil {
				return Options{}, fmt.Errorf("error is true or false, not %q", value)
			}
		case key != "experimental":
			return Options{}, fmt.Errorf("there is no option %q", key)
		}
	}
	return o, nil
}

// Skips reports whether a rule is not to be reported.
func (o Options) Skips(rule string) bool { return o.SkipAll || slices.Contains(o.Skip, rule) }

// directive is a line that tells a parser something.
var directive = regexp.MustCompile(`^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$`)

// LineOfDockerfile returns the options that a Dockerfile has in itself, and their line; zero
// without any. As for Docker, nothing but other directives stands before it.
func LineOfDockerfile(dockerfile []byte) (options string, line int) {
	return find(dockerfile, func(name string) bool { return name == "syntax" || name == "escape" })
}

// LineOfYAML is LineOfDockerfile for a jetson.yaml, where other comments may stand before it:
// editors look there for the name of the schema.
func LineOfYAML(text []byte) (options string, line int) {
	return find(text, func(string) bool { return true })
}

// find looks for the line among the comments at the start of a file, as long as others
// may stand before it. The name of another one is empty if it is no directive.
func find(text []byte, mayPrecede func(name string) bool) (_ string, line int) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	for l := range bytes.Lines(text) {
		line++
		if line == 1 && bytes.HasPrefix(l, []byte("#!")) {
			continue
		}
		l = bytes.TrimRight(l, "\r\n")
		name := ""
		if m := directive.FindSubmatch(l); m != nil {
			name = strings.ToLower(string(m[1]))
			if name == "check" {
				options, _, _ := strings.Cut(string(m[2]), " ") // a remark may follow
				return options, line
			}
		}
		if !bytes.HasPrefix(l, []byte("#")) || !mayPrecede(name) {
			return "", 0
		}
	}
	return "", 0
}
