//go:build linux

package forms

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"jetkit/integration/debian/imagetree"
)

//go:embed differences.txt
var explained string

// Explained is the table of the differences that two forms of an image may have.
func Explained() (imagetree.Table, error) { return imagetree.ParseTable(explained) }

// Comparison is what of two images is not the same.
type Comparison struct {
	Paths       int // of the first image
	Unexplained []imagetree.Difference
	Explained   map[int]int // by line of the table: how many
	Config      []string
	Inside      []string
}

// Compare compares two images. Users and groups of packages that are joined, or in another order, have other numbers, so
// they are compared by their names.
func Compare(first, second *Image, table imagetree.Table, otherOrder bool) *Comparison {
	a, b := imagetree.Side{Tree: first.Tree}, imagetree.Side{Tree: second.Tree}
	if otherOrder {
		a.Naming, b.Naming = first.Naming(), second.Naming()
	}
	c := &Comparison{Paths: len(first.Tree)}
	c.Unexplained, c.Explained = table.Explain(imagetree.Compare(a, b))
	c.Config = differingConfig(first.Config.Config, second.Config.Config, otherOrder)
	for _, image := range []*Image{first, second} {
		for _, problem := range image.Probe.Problems() {
			c.Inside = append(c.Inside, image.Name+": "+problem)
		}
	}
	c.Inside = append(c.Inside, first.Probe.Differ(second.Probe, otherOrder)...)
	return c
}

// Same reports whether nothing is unexplained.
func (c *Comparison) Same() bool {
	return len(c.Unexplained) == 0 && len(c.Config) == 0 && len(c.Inside) == 0
}

// String tells all of it; of the files at most so many as a screen holds.
func (c *Comparison) String() string {
	const most = 60
	var b strings.Builder
	fmt.Fprintf(&b, "%d paths, %d unexplained differences\n", c.Paths, len(c.Unexplained))
	for i, d := range c.Unexplained {
		if i == most {
			fmt.Fprintf(&b, "  … and %d more\n", len(c.Unexplained)-most)
			break
		}
		fmt.Fprintln(&b, " ", d)
	}
	for _, lines := range [][]string{c.Config, c.Inside} {
		for _, line := range lines {
			fmt.Fprintln(&b, " ", line)
		}
	}
	return b.String()
}

// planLabel is the digest of the plan, which names the form, and packagesLabel lists the packages in order.
const (
	planLabel     = "io.jetkit.plan"
	packagesLabel = "io.jetkit.packages"
)

// differingConfig names the fields of two configurations that differ.
func differingConfig(first, second v1.Config, otherOrder bool) []string {
	first.Labels, second.Labels = maps.Clone(first.Labels), maps.Clone(second.Labels)
	for _, labels := range []map[string]string{first.Labels, second.Labels} {
		delete(labels, planLabel)
		if otherOrder {
			delete(labels, packagesLabel)
		}
	}
	if otherOrder { // variables are in the order of the packages
		first.Env, second.Env = slices.Sorted(slices.Values(first.Env)), slices.Sorted(slices.Values(second.Env))
	}
	var found []string
	a, b := reflect.ValueOf(first), reflect.ValueOf(second)
	for i := range a.NumField() {
		x, y := asJSON(a.Field(i).Interface()), asJSON(b.Field(i).Interface())
		if x != y {
			found = append(found, fmt.Sprintf("config %s: %s / %s", a.Type().Field(i).Name, x, y))
		}
	}
	slices.Sort(found)
	return found
}

func asJSON(v any) string {
	dt, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(dt)
}
