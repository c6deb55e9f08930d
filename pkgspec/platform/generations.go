package platform

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"jetkit/pkgspec/dotted"
)

//go:embed generations.json
var generationsFile []byte

// Generation is a row of generations.json: L4T versions that run one another's images, as
// their drivers are alike.
type Generation struct {
	Name      string `json:"name"`
	FromL4T   string `json:"from_l4t"`
	BeforeL4T string `json:"before_l4t"`
	JetPack   int    `json:"jetpack"`
	Verified  string `json:"verified"`
	Source    string `json:"source"`
	Checked   string `json:"checked"`
}

// Generations returns the table, which is part of the program and tested with it.
var Generations = sync.OnceValue(func() []Generation {
	var table struct {
		Generations []Generation `json:"generations"`
	}
	if err := json.Unmarshal(generationsFile, &table); err != nil {
		panic(fmt.Sprintf("platform: generations.json: %v", err)) //nolint:forbidigo // a test reads it
	}
	return table.Generations
})

// GenerationOf returns the row of an L4T version, or nil.
func GenerationOf(l4t dotted.Version) *Generation {
	for i := range Generations() {
		g := &Generations()[i]
		if l4t.Compare(dotted.Of(g.FromL4T)) >= 0 && l4t.Compare(dotted.Of(g.BeforeL4T)) < 0 {
			return g
		}
	}
	return nil
}

// l4tWord is an L4T version in the tag of an image, "r36.4.3" or "r36.4.tegra".
var l4tWord = regexp.MustCompile(`^r([2-9]\d(?:\.\d{1,4}){0,3})(?:\.(tegra|sbsa|arm64|aarch64))?$`)

// L4TWord reads a word of an image's tag that says which L4T the image is for, and in
// some tags which architecture.
func L4TWord(word string) (l4t, arch string, ok bool) {
	m := l4tWord.FindStringSubmatch(word)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// L4TOfImage returns the L4T version that an image's tag names, or "".
func L4TOfImage(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	_, tag, ok := strings.Cut(ref[strings.LastIndex(ref, "/")+1:], ":")
	if !ok {
		return ""
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(tag), func(r rune) bool { return r == '-' || r == '_' }) {
		if l4t, _, ok := L4TWord(word); ok {
			return l4t
		}
	}
	return ""
}
