package autotag

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"

	"jetkit/pkgspec/diag"
)

// nearest is how many of those that lost are shown without --explain.
const nearest = 3

// WriteTable prints every candidate and why it was chosen or lost, and what became of
// each store.
func (r *Result) WriteTable(w io.Writer) error {
	rows := make([][]string, 0, len(r.Candidates))
	for _, c := range r.Candidates {
		rows = append(rows, []string{c.Name, c.Store, c.made(), c.verdict(r.Best)})
	}
	var table bytes.Buffer
	t := tabwriter.NewWriter(&table, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "IMAGE\tSTORE\tMADE FOR\tVERDICT")
	for _, row := range rows {
		for i := range row {
			row[i] = diag.Clean(row[i])
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, report := range r.Reports {
		fmt.Fprintln(&table, report.String())
	}
	_, err := w.Write(table.Bytes())
	return err
}

// String says what became of a store, in a line.
func (r Report) String() string {
	text := fmt.Sprintf("%s: %d images", r.Store, r.Images)
	if r.Source == Registry {
		text = fmt.Sprintf("%s: %d tags", r.Store, r.Images)
	}
	if r.Images == 1 {
		text = strings.TrimSuffix(text, "s")
	}
	if r.Problem != "" {
		text = r.Store + ": " + r.Problem
	}
	return diag.Clean(text)
}

// made says in a few words what an image is made for.
func (c *Candidate) made() string {
	var words []string
	for _, f := range []struct {
		prefix string
		fact   Fact
	}{{"L4T ", c.Facts.L4T}, {"JetPack ", c.Facts.JetPack}, {"CUDA ", c.Facts.CUDA}, {"Python ", c.Facts.Python}} {
		if f.fact.known() {
			words = append(words, f.prefix+f.fact.Value)
		}
	}
	switch {
	case c.Facts.Arch.known():
		words = append(words, c.Facts.Arch.Value)
	case c.Platform.Architecture != "":
		words = append(words, c.Platform.Architecture)
	}
	if len(words) == 0 {
		return "-"
	}
	return shorten(strings.Join(words, ", "))
}

// verdict says whether a candidate was chosen, or why not.
func (c *Candidate) verdict(best *Candidate) string {
	if c == best {
		return strings.Join(append([]string{"chosen"}, c.Notes...), "; ")
	}
	reasons := c.Reasons()
	texts := make([]string, len(reasons))
	for i, reason := range reasons {
		texts[i] = reason.Text
	}
	return strings.Join(texts, "; ")
}

// Describe tells of a chosen image where it is and what decided, in a line.
func (c *Candidate) Describe() string {
	words := []string{c.made()}
	if from := c.Facts.L4T.From; from != "" {
		words[0] += " by its " + from
	}
	if !c.Created.IsZero() {
		words = append(words, "of "+c.Created.Format(time.DateOnly))
	}
	if c.Size > 0 {
		words = append(words, units.HumanSize(float64(c.Size)))
	}
	return diag.Clean(fmt.Sprintf("%s (%s): %s", c.Name, c.Store, strings.Join(append(words, c.Notes...), ", ")))
}

// Nearest are lines of the candidates that came nearest, and why they lost: those with
// the fewest reasons.
func (r *Result) Nearest() []string {
	list := slices.Clone(r.Candidates)
	slices.SortStableFunc(list, func(a, b *Candidate) int { return len(a.Refused) - len(b.Refused) })
	var lines []string
	for _, c := range list[:min(nearest, len(list))] {
		lines = append(lines, diag.Clean(c.Name+": "+c.verdict(nil)))
	}
	if more := len(list) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more; --explain lists them", more))
	}
	return lines
}

// answer is the JSON form of a result.
type answer struct {
	// Image is the chosen image, "" if there is none.
	Image  string `json:"image"`
	Source string `json:"source,omitempty"`
	Store  string `json:"store,omitempty"`
	// Pull says that docker run has to pull it.
	Pull       bool              `json:"pull,omitempty"`
	Target     map[string]string `json:"target"`
	Packages   []string          `json:"packages"`
	Candidates []candidateJSON   `json:"candidates"`
	Stores     []Report          `json:"stores"`
}

// candidateJSON is the JSON form of a candidate.
type candidateJSON struct {
	Image   string     `json:"image"`
	Source  string     `json:"source"`
	Store   string     `json:"store"`
	Digest  string     `json:"digest,omitempty"`
	Created *time.Time `json:"created,omitempty"`
	Size    int64      `json:"size,omitempty"`
	Facts   Facts      `json:"facts"`
	Chosen  bool       `json:"chosen,omitempty"`
	Fits    bool       `json:"fits"`
	Notes   []string   `json:"notes,omitempty"`
	Reasons []Reason   `json:"reasons,omitempty"`
}

// JSON writes the result with all candidates, and the image that was taken: the best, one that
// was built, or "" for none.
func (r *Result) JSON(w io.Writer, request *Request, chosen string) error {
	t := &request.Target
	out := answer{
		Target:   map[string]string{"arch": t.Arch.Value, "cuda": t.CUDA.Value, "python": t.Python.Value},
		Packages: []string{}, Candidates: []candidateJSON{}, Stores: r.Reports,
	}
	if t.hasL4T() {
		out.Target["l4t"] = t.L4T.Value
	}
	if out.Stores == nil {
		out.Stores = []Report{}
	}
	for _, w := range request.Wants {
		out.Packages = append(out.Packages, w.Text)
	}
	out.Image = chosen
	switch b := r.Best; {
	case b != nil && b.Name == chosen:
		out.Source, out.Store, out.Pull = b.Source, b.Store, b.Source == Registry
	case chosen != "":
		out.Source = Build
	}
	for _, c := range r.Candidates {
		one := candidateJSON{
			Image: c.Name, Source: c.Source, Store: c.Store, Digest: c.Digest, Size: c.Size, Facts: c.Facts,
			Chosen: c == r.Best && c.Name == chosen, Fits: c.Fits(), Notes: c.Notes, Reasons: c.Reasons(),
		}
		if !c.Created.IsZero() {
			one.Created = &c.Created
		}
		out.Candidates = append(out.Candidates, one)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
