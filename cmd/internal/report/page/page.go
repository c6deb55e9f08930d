// Package page makes web pages of plans and of reports: one file each, which loads nothing,
// runs no script, and reads well on a phone, in the dark, by keyboard and printed.
//
// It knows no BuildKit: what it shows is text and numbers in the order of the page. All of
// it may come from packages, and html/template escapes all of it.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"reflect"

	"jetkit/pkgspec/diag"
)

// Doc is a page.
type Doc struct {
	// Title is what the page is about: names of packages. Kind is what it is, such as
	// "Build report".
	Title, Kind string
	// Status is what became of the build; nil for a plan.
	Status *Mark
	Facts  []Fact
	Tiles  []Tile
	// Failures come first, Warnings after them.
	Failures []Failure
	Warnings []string
	// Clipped says that output is missing, and how to have it; empty if none is.
	Clipped string
	// Builds sums up a run of several.
	Builds []Build
	Images []Image
}

// Build is one of several builds, or its image for one of several platforms.
type Build struct {
	Name, Link, Image, Time, Tests, Size string
	Mark                                 Mark
}

// Mark is a word with a colour: Class is one of the style sheet's, "good", "bad",
// "warn", "info" or "dim".
type Mark struct{ Class, Text string }

// Fact is a line of what is known at the top of the page.
type Fact struct {
	Name, Value string
	Code        bool // Value is for machines
}

// Tile is a number that matters.
type Tile struct{ Label, Value, Note string }

// Failure is what went wrong.
type Failure struct {
	Title, Text string
	Outputs     []Output
}

// Output is what a step wrote: its end, and the file that has all of it.
type Output struct{ Name, Output, Log string }

// Image is what there is to say of the image for one platform.
type Image struct {
	// ID starts the names of the page's places that belong to it.
	ID string
	// Title tells images apart; empty for a single one.
	Title    string
	Timeline *Timeline
	Graph    *Graph
	Sizes    *Sizes
	Tests    []Test
	Plan     Plan
	Steps    []Step
}

// Timeline shows when what ran.
type Timeline struct {
	Ticks []Tick
	Rows  []Row
	// Critical lists the steps of the critical path, Note sums it up.
	Critical []CriticalStep
	Note     string
}

// scale is the width of a timeline's and of a size's drawing. Browsers stretch it.
const scale = 1000

// Tick is a line of the time axis, from 0 to 1000.
type Tick struct {
	X     int
	Label string
}

// Percent is where the label stands.
func (t Tick) Percent() string { return fmt.Sprintf("%.1f%%", float64(t.X)*100/scale) }

// Anchor says which end of the label is there.
func (t Tick) Anchor() string {
	switch {
	case t.X < scale/20:
		return "first"
	case t.X > scale*19/20:
		return "last"
	}
	return "middle"
}

// Row is a line of the timeline.
type Row struct {
	Label string
	Link  string // fragment of the page, may be empty
	Time  string
	Mark  *Mark
	Bars  []Bar
}

// Bar is one step of a row. X and Width are of 1000.
type Bar struct {
	X, Width int
	// Class is "build", "test", "other" or "bad". Critical ones are drawn larger.
	Class    string
	Critical bool
	Title    string
}

// Y and Height are where the bar is in its row of 20.
func (b Bar) Y() int { return map[bool]int{true: 1, false: 6}[b.Critical] }

// Height is the bar's.
func (b Bar) Height() int { return map[bool]int{true: 18, false: 8}[b.Critical] }

// CriticalStep is a step of the critical path.
type CriticalStep struct {
	Name, Time string
	Share      string // of the whole: "12 %"
	Class      string
}

// Sizes shows whose the bytes of an image are.
type Sizes struct {
	Total string
	Parts []Part
}

// Part is what one owner adds to an image.
type Part struct {
	Name, Size string
	Width      int // of 1000
	Percent    string
	Layers     []Layer
}

// Layer is one layer of an image.
type Layer struct{ Size, CreatedBy, Digest string }

// Test is a test with what it wrote.
type Test struct {
	Package, Name, Where, Time string
	Mark                       Mark
	Reason, Output, Log        string
	Open                       bool
}

// Plan shows a plan.
type Plan struct {
	Digest string
	// Target lists the target's values with their reasons.
	Target []Choice
	// Settings are other things that the plan says, by heading.
	Settings []Setting
	Packages []Package
}

// Choice is a value and why it was chosen.
type Choice struct{ Name, Value, Reason, Source string }

// Setting is a heading with lines.
type Setting struct {
	Title string
	Lines []string
}

// Package is a package of the chain.
type Package struct {
	ID, Name, Origin string
	Number           int
	Requested        bool
	// Marks are what became of it, and what is special about it.
	Marks []Mark
	// Time and Size are those of the build; empty in a plan.
	Time, Size string
	Details    []Fact
	// Needs and NeededBy link packages of the chain.
	Needs, NeededBy []Link
}

// Link leads to a place of the page.
type Link struct{ Text, Fragment string }

// Step is an operation of a build.
type Step struct {
	Number           int
	Name, Start, End string
	Mark             Mark
	Output, Log      string
}

var (
	//go:embed style.css
	style string
	//go:embed page.html
	layout string
)

// Write writes the page. It is made of memory alone, so that an error is the writer's.
func (d *Doc) Write(w io.Writer) error {
	clean(reflect.ValueOf(d))
	hash := sha256.Sum256([]byte(style))
	t, err := template.New("page").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(style) }, // the embedded file
		"policy": func() string {
			return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; base-uri 'none'; form-action 'none'"
		},
	}).Parse(layout)
	if err != nil {
		return err
	}
	return t.Execute(w, d)
}

// clean makes every text of a page safe to look at: none reverses or hides what stands beside it.
func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			clean(v.Elem())
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			clean(field)
		}
	case reflect.Slice:
		for i := range v.Len() {
			clean(v.Index(i))
		}
	case reflect.String:
		v.SetString(diag.CleanLines(v.String()))
	}
}
