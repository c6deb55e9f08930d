package autotag

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"jetkit/pkgspec/dotted"
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
		if l4t.Compare(dotted.Of(g.FromL4T)) >= 0 && l4t.Compare(dotted.Of(g.BeforeL4T)) < 0 {
			return g
		}
	}
	return nil
}

// version is a release number: 36.4.3 is {36, 4, 3}.
type version = dotted.Version
