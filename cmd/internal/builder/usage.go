package builder

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"text/template"
	"time"

	"github.com/docker/cli/templates"
	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"

	"jetkit/pkgspec/diag"
)

// The forms of docker buildx du.
const (
	usageTable  = "table {{.ID}}\t{{.Reclaimable}}\t{{.Size}}\t{{.LastUsedAt}}"
	usagePretty = `ID:           {{.ID}}
{{- if .Parents}}
Parents:
{{- range .Parents}}
 - {{.}}
{{- end}}
{{- end}}
Created at:   {{.CreatedAt}}
Mutable:      {{.Mutable}}
Reclaimable:  {{.Reclaimable}}
Shared:       {{.Shared}}
Size:         {{.Size}}
{{- if .Description}}
Description:  {{.Description}}
{{- end}}
Usage count:  {{.UsageCount}}
{{- if .LastUsedAt}}
Last used:    {{.LastUsedAt}}
{{- end}}
{{- if .Type}}
Type:         {{.Type}}
{{- end}}
`
)

// Usage prints what a builder's cache takes, as docker buildx du does: as a
// "table", "pretty", "json", or by a template. Now is for the age of records.
func (b *Builder) Usage(ctx context.Context, out io.Writer, format string, filters []string, now time.Time) error {
	limits, err := ParseFilters(filters)
	if err != nil {
		return err
	}
	form, err := parseForm(format)
	if err != nil {
		return err
	}
	c, err := b.Client(ctx, nil)
	if err != nil {
		return err
	}
	records, err := c.DiskUsage(ctx, client.WithFilter(limits.Filter))
	if err != nil {
		return plain(err)
	}
	if err := form.print(out, usagesOf(records, form, now)); err != nil {
		return err
	}
	if len(filters) > 0 || !form.summed {
		return nil
	}
	return printSummary(out, records)
}

// usage is one record, as templates and JSON see it: with buildx's keys, and text
// for people.
type usage struct {
	CreatedAt   string
	Description string
	ID          string
	LastUsedAt  string
	Mutable     bool
	Parents     []string
	Reclaimable bool
	Shared      bool
	Size        string
	Type        string
	UsageCount  int
}

// usageHeader has the headings of a table.
var usageHeader = map[string]string{
	"ID": "ID", "Parents": "PARENTS", "CreatedAt": "CREATED AT", "Mutable": "MUTABLE", "Reclaimable": "RECLAIMABLE",
	"Shared": "SHARED", "Size": "SIZE", "Description": "DESCRIPTION", "UsageCount": "USAGE COUNT",
	"LastUsedAt": "LAST ACCESSED", "Type": "TYPE",
}

// usagesOf describes records. JSON has texts as they are.
func usagesOf(records []*client.UsageInfo, f form, now time.Time) []usage {
	rows := make([]usage, len(records))
	for i, r := range records {
		rows[i] = usageOf(r, f.table, now)
		if f.template == nil {
			rows[i].Description = r.Description
		}
	}
	return rows
}

// usageOf describes a record for people; a table marks what is mutable or shared.
func usageOf(r *client.UsageInfo, table bool, now time.Time) usage {
	u := usage{
		CreatedAt: r.CreatedAt.String(), Description: diag.Clean(r.Description), ID: r.ID, Mutable: r.Mutable, Parents: r.Parents,
		Reclaimable: !r.InUse, Shared: r.Shared, Size: units.HumanSize(float64(r.Size)), Type: string(r.RecordType), UsageCount: r.UsageCount,
	}
	if table && r.Mutable {
		u.ID += "*"
	}
	if table && r.Shared {
		u.Size += "*"
	}
	if r.LastUsedAt != nil {
		u.LastUsedAt = units.HumanDuration(now.Sub(*r.LastUsedAt)) + " ago"
	}
	return u
}

// form is how records are printed.
type form struct {
	template *template.Template // nil is JSON, one object a line
	table    bool
	summed   bool // docker buildx du ends with sums
}

// parseForm reads a --format: a word, or a template that "table" may precede.
func parseForm(format string) (form, error) {
	text, f := format, form{}
	switch format {
	case "", "table":
		text, f.summed = usageTable, true
	case "pretty":
		text, f.summed = usagePretty, true
	case "json", "{{json .}}":
		return f, nil
	}
	text, f.table = strings.CutPrefix(text, "table ")
	text = strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(text)
	t, err := templates.Parse(text)
	if err != nil {
		return f, fmt.Errorf("--format: %w: it can be table, pretty, json or a Go template such as '{{.ID}} {{.Size}}'", err)
	}
	f.template = t
	return f, nil
}

func (f form) print(out io.Writer, rows []usage) error {
	if f.template == nil {
		e := json.NewEncoder(out)
		for _, r := range rows {
			if err := e.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	tw := tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)
	if f.table {
		if err := f.row(tw, usageHeader); err != nil {
			return err
		}
	}
	for _, r := range rows {
		if err := f.row(tw, r); err != nil {
			return err
		}
	}
	return tw.Flush()
}

func (f form) row(out io.Writer, value any) error {
	if err := f.template.Execute(out, value); err != nil {
		return fmt.Errorf("--format: %w", err)
	}
	_, err := fmt.Fprintln(out)
	return err
}

// printSummary prints the sums that docker buildx du ends with.
func printSummary(out io.Writer, records []*client.UsageInfo) error {
	var total, reclaimable, shared int64
	for _, r := range records {
		total += r.Size
		if !r.InUse {
			reclaimable += r.Size
		}
		if r.Shared {
			shared += r.Size
		}
	}
	tw := tabwriter.NewWriter(out, 1, 8, 1, '\t', 0)
	if shared > 0 {
		fmt.Fprintf(tw, "Shared:\t%s\nPrivate:\t%s\n", units.HumanSize(float64(shared)), units.HumanSize(float64(total-shared)))
	}
	fmt.Fprintf(tw, "Reclaimable:\t%s\nTotal:\t%s\n", units.HumanSize(float64(reclaimable)), units.HumanSize(float64(total)))
	return tw.Flush()
}
