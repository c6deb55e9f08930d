package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"jetkit/pkgspec/plan"
)

func newPackages(sys *system) *cobra.Command {
	cmd := &cobra.Command{
		Use:                   "packages COMMAND",
		DisableFlagsInUseLine: true,
		Short:                 "List and search the packages there are, and show what they need",
		Args:                  noSuchCommand,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newList(sys), newSearch(sys), newShow(sys), newTree(sys), newPackageDocs(sys))
	return cmd
}

// everything is the request of commands that look at all packages.
const everything = "*"

// listing is the JSON form of packages list: the packages of all trees, in the
// order in which a name is looked up.
type listing struct {
	Target   plan.Target `json:"target"`
	Base     plan.Value  `json:"base"`
	Packages []*entry    `json:"packages"`
}

// entry is the JSON form of a package.
type entry struct {
	// Name is the real name, with the tag if it has one.
	Name     string            `json:"name"`
	Alias    []string          `json:"alias"`
	Group    string            `json:"group,omitempty"`
	Depends  []string          `json:"depends"`
	Requires []string          `json:"requires"`
	Test     []string          `json:"test"`
	Args     map[string]string `json:"build_args"`
	// Constraints are versions of Python projects that pip and uv must keep, as the package
	// writes them; Kernels the compute capabilities that its binaries have.
	Constraints []string      `json:"constraints,omitempty"`
	Kernels     []plan.Kernel `json:"kernels,omitempty"`
	// FactsFrom is where the metadata's facts are from, and Checked the day on which somebody
	// read them there.
	FactsFrom string `json:"facts_from,omitempty"`
	Checked   string `json:"checked,omitempty"`
	// Layers is "chain" for a package that is built on all before it, whatever it needs.
	Layers string `json:"layers,omitempty"`
	// TestTimeout, TestRetries and BuildTimeout are what the package says itself: "1h30m",
	// "none".
	TestTimeout  string `json:"test_timeout,omitempty"`
	TestRetries  *int   `json:"test_retries,omitempty"`
	BuildTimeout string `json:"build_timeout,omitempty"`
	// Dockerfile is empty for a package that only groups others.
	Dockerfile string `json:"dockerfile"`
	// Path is the package's folder in its source.
	Path   string `json:"path"`
	Source string `json:"source"`
	// Image is the name and tag that jetson-containers gives the image.
	Image string `json:"image"`
	Notes string `json:"notes,omitempty"`
	Docs  string `json:"docs,omitempty"`
	// Chain lists real names in build order, if it was asked for; Error says why
	// there is none.
	Chain []string `json:"chain,omitempty"`
	Error string   `json:"error,omitempty"`
	// Disabled says why the package cannot be used on the target.
	Disabled string `json:"disabled,omitempty"`

	// folder is source and path as messages write them.
	folder string
}

// writeJSON prints a value as people and programs read it.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}
