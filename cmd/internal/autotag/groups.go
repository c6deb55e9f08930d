package autotag

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed groups.json
var groupsFile []byte

// group is a row of groups.json: L4T versions that run one another's images.
type group struct {
	Name      string `json:"name"`
	FromL4T   string `json:"from_l4t"`
	BeforeL4T string `json:"before_l4t"`
	JetPack   int    `json:"jetpack"`
	Verified  string `json:"verified"`
	Source    string `json:"source"`
	Checked   string `json:"checked"`
}

// groups reads the table, which is part of the program and tested with it.
var groups = sync.OnceValue(func() []group {
	var table struct {
		Groups []group `json:"groups"`
	}
	if err := json.Unmarshal(groupsFile, &table); err != nil {
		panic(fmt.Sprintf("autotag: groups.json: %v", err)) // a test reads it
	}
	return table.Groups
})

// groupOf returns the row of an L4T version, or nil.
func groupOf(l4t version) *group {
	for i := range groups() {
		g := &groups()[i]
		if l4t.compare(versionOf(g.FromL4T)) >= 0 && l4t.compare(versionOf(g.BeforeL4T)) < 0 {
			return g
		}
	}
	return nil
}

// version is a release number: 36.4.3 is {36, 4, 3}. Missing parts count as zero.
type version []int

const (
	maxParts  = 6
	maxDigits = 6
)

// parseVersion reads numbers joined by dots, and nothing else.
func parseVersion(text string) (version, bool) {
	parts := strings.Split(text, ".")
	if len(parts) > maxParts {
		return nil, false
	}
	v := make(version, len(parts))
	for i, part := range parts {
		if part == "" || len(part) > maxDigits || strings.Trim(part, "0123456789") != "" {
			return nil, false
		}
		v[i], _ = strconv.Atoi(part) // digits only, and few
	}
	return v, true
}

// versionOf reads a number that was checked before.
func versionOf(text string) version {
	v, _ := parseVersion(text)
	return v
}

func (v version) part(i int) int {
	if i < len(v) {
		return v[i]
	}
	return 0
}

// compare returns -1, 0 or 1 as v is below, equal to or above w.
func (v version) compare(w version) int {
	for i := range max(len(v), len(w)) {
		switch a, b := v.part(i), w.part(i); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
	}
	return 0
}

// sameMinor reports whether the first two numbers are equal.
func (v version) sameMinor(w version) bool { return v.part(0) == w.part(0) && v.part(1) == w.part(1) }
