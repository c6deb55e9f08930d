package plan

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
)

// Image is what the user sets on the finished image's configuration. Nil and
// empty fields keep what the last package left.
type Image struct {
	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
	// Env are variables whose values may name those of the packages: see [Expand].
	Env     map[string]string `json:"env,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
	Workdir string            `json:"workdir,omitempty"`
	User    string            `json:"user,omitempty"`
	// Shell runs commands that are a text, in Dockerfiles that build on the image and in
	// its health check.
	Shell []string `json:"shell,omitempty"`
	// Ports and Volumes are added to those of the packages: "8080/tcp", "8000-8010/udp";
	// "/data".
	Ports       []string    `json:"ports,omitempty"`
	Volumes     []string    `json:"volumes,omitempty"`
	StopSignal  string      `json:"stop_signal,omitempty"`
	Healthcheck Healthcheck `json:"healthcheck,omitzero"`
	// Annotations are of the image's manifest, not of its configuration.
	Annotations map[string]string `json:"annotations,omitempty"`
	// OCIAnnotations has the manifest say what the image was built on, of what and when.
	OCIAnnotations bool `json:"oci_annotations,omitempty"`
	// From lists what of the chain's files the image has, on top of Base, in place of all of
	// them: then it is a runtime image. An empty Base means the chain's own.
	From []ImageFile `json:"from,omitempty"`
	Base string      `json:"base,omitempty"`
	// BaseAt is where jetson.yaml names Base.
	BaseAt diag.Range `json:"base_at,omitzero"`
}

// ImageFile is a file or a folder of the chain that a runtime image has.
type ImageFile struct {
	// Path is absolute; its last part may be a pattern, as path.Match has them.
	// [PythonFiles] stands for several.
	Path string     `json:"path"`
	At   diag.Range `json:"at,omitzero"`
}

// PythonFiles is an [ImageFile] that stands for the Python interpreter with its packages.
const PythonFiles = "python"

// IsRuntime reports whether the image has only some of the chain's files.
func (i Image) IsRuntime() bool { return len(i.From) > 0 }

// Healthcheck tells how an engine finds out that a container works. Zero fields keep what
// the last package left.
type Healthcheck struct {
	// Test is CMD and a command's words, CMD-SHELL and a script, or NONE.
	Test          []string `json:"test,omitempty"`
	Interval      Seconds  `json:"interval,omitempty"`
	Timeout       Seconds  `json:"timeout,omitempty"`
	StartPeriod   Seconds  `json:"start_period,omitempty"`
	StartInterval Seconds  `json:"start_interval,omitempty"`
	Retries       int      `json:"retries,omitempty"`
}

// The first words of a health check's test.
const (
	HealthCommand = "CMD"
	HealthShell   = "CMD-SHELL"
	HealthNone    = "NONE"
)

// IsZero reports whether nothing is said of a health check.
func (h Healthcheck) IsZero() bool { return len(h.Test) == 0 && h.equalTimes(Healthcheck{}) }

func (h Healthcheck) equalTimes(other Healthcheck) bool {
	return h.Interval == other.Interval && h.Timeout == other.Timeout && h.StartPeriod == other.StartPeriod &&
		h.StartInterval == other.StartInterval && h.Retries == other.Retries
}

// Texts lists what an image sets, each with its key, for people.
func (i Image) Texts() [][2]string {
	var texts [][2]string
	add := func(key, value string) {
		if value != "" {
			texts = append(texts, [2]string{key, value})
		}
	}
	if i.IsRuntime() {
		add("base", cmp.Or(i.Base, "that of the chain"))
		for _, file := range i.From {
			add("from", file.Path)
		}
	}
	add("entrypoint", quotedWords(i.Entrypoint))
	add("cmd", quotedWords(i.Cmd))
	add("shell", quotedWords(i.Shell))
	add("workdir", i.Workdir)
	add("user", i.User)
	add("ports", strings.Join(i.Ports, ", "))
	add("volumes", strings.Join(i.Volumes, ", "))
	add("stop signal", i.StopSignal)
	add("healthcheck", i.Healthcheck.text())
	if i.OCIAnnotations {
		add("annotations", "of the base, and of labels")
	}
	for _, list := range []struct {
		key    string
		values map[string]string
	}{{"env", i.Env}, {"label", i.Labels}, {"annotation", i.Annotations}} {
		for _, name := range slices.Sorted(maps.Keys(list.values)) {
			add(list.key, name+"="+list.values[name])
		}
	}
	return texts
}

// text says what is set of a health check.
func (h Healthcheck) text() string {
	var parts []string
	if len(h.Test) > 0 {
		parts = append(parts, quotedWords(h.Test))
	}
	for _, time := range []struct {
		name  string
		value Seconds
	}{{"every", h.Interval}, {"within", h.Timeout}, {"at first every", h.StartInterval}, {"for", h.StartPeriod}} {
		if time.value > 0 {
			parts = append(parts, time.name+" "+time.value.String())
		}
	}
	if h.Retries > 0 {
		parts = append(parts, fmt.Sprintf("%d failures", h.Retries))
	}
	return strings.Join(parts, ", ")
}

func quotedWords(words []string) string {
	parts := make([]string, len(words))
	for i, word := range words {
		parts[i] = fmt.Sprintf("%q", word)
	}
	return strings.Join(parts, " ")
}

// variable matches what is expanded in a text, and a $ that is none of it.
var variable = regexp.MustCompile(`\\\$|\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)(?:(:[-+])([^{}$]*))?\}|\$`)

// errDollar is of a $ without a variable's name.
var errDollar = errors.New(`a $ is not followed by the name of a variable`)

// Expand replaces the variables that a text names, as ENV of a Dockerfile does: $NAME, ${NAME},
// ${NAME:-text for none}, ${NAME:+text for one}; \$ is a $. A variable that there is not is
// empty.
func Expand(text string, value func(name string) string) (string, error) {
	var err error
	expanded := variable.ReplaceAllStringFunc(text, func(found string) string {
		m := variable.FindStringSubmatch(found)
		switch {
		case found == `\$`:
			return "$"
		case m[1]+m[2] == "":
			err = errDollar
			return found
		}
		v := value(m[1] + m[2])
		switch {
		case m[3] == ":-" && v == "", m[3] == ":+" && v != "":
			return m[4]
		case m[3] == ":+":
			return ""
		}
		return v
	})
	return expanded, err
}
