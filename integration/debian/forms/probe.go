//go:build linux

package forms

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Probe holds what the tools inside an image answered, by the name of the question.
type Probe map[string]string

func readProbe(dir string) (Probe, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	probe := Probe{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		probe[entry.Name()] = string(content)
	}
	if probe["dpkg-list"] == "" {
		return nil, fmt.Errorf("the probe found no Debian package: %v", slices.Sorted(maps.Keys(probe)))
	}
	return probe, nil
}

// quiet are the questions whose answer is empty in an image that is whole.
var quiet = []string{"dpkg-audit", "apt-check", "unowned", "broken-libraries", "audit-after"}

// Problems lists what is wrong inside the image, whatever another image says.
func (p Probe) Problems() []string {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		question, failed := strings.CutSuffix(name, ".failed")
		switch {
		case failed && question != "broken-libraries": // grep found none
			problems = append(problems, fmt.Sprintf("%s failed with %s\n%s", question, strings.TrimSpace(p[name]), p[question]))
		case slices.Contains(quiet, name) && strings.TrimSpace(p[name]) != "":
			problems = append(problems, fmt.Sprintf("%s says:\n%s", name, p[name]))
		}
	}
	return problems
}

// The questions whose answers are compared only as far as their names, where orders differ: numbers of users go by order.
var numbered = []string{"passwd", "group"}

// noise are the questions whose answers hold times and speeds.
var noise = []string{"install", "remove"}

// Differ lists the questions that two images answer differently, with the lines that only one has.
func (p Probe) Differ(other Probe, byName bool) []string {
	var found []string
	names := slices.Sorted(maps.Keys(p))
	for name := range other {
		if _, both := p[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(noise, name) {
			continue
		}
		a, b := p[name], other[name]
		if byName && slices.Contains(numbered, name) {
			a, b = withoutNumbers(a), withoutNumbers(b)
		}
		if a != b {
			found = append(found, name+":\n"+onlyIn("-", a, b)+onlyIn("+", b, a))
		}
	}
	return found
}

func onlyIn(sign, text, other string) string {
	var b strings.Builder
	lines := slices.Collect(strings.Lines(other))
	for line := range strings.Lines(text) {
		if !slices.Contains(lines, line) {
			b.WriteString("  " + sign + strings.TrimRight(line, "\n") + "\n")
		}
	}
	if b.Len() == 0 && sign == "-" {
		return "  (the same lines in another order, or more)\n"
	}
	return b.String()
}

// withoutNumbers sorts the lines of a passwd or group file and leaves out the numbers.
func withoutNumbers(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		fields := strings.Split(line, ":")
		kept := slices.DeleteFunc(fields, func(field string) bool {
			_, err := strconv.Atoi(strings.TrimSpace(field))
			return err == nil
		})
		lines = append(lines, strings.Join(kept, ":"))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// numbers reads who has which number out of a passwd or group file.
func (p Probe) numbers(name string) map[int]string {
	names := map[int]string{}
	for line := range strings.Lines(p[name]) {
		fields := strings.Split(line, ":")
		const number = 2
		if len(fields) <= number {
			continue
		}
		if n, err := strconv.Atoi(strings.TrimSpace(fields[number])); err == nil {
			names[n] = fields[0]
		}
	}
	return names
}
