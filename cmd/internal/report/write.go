package report

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"jetkit/cmd/internal/outfile"
)

// Format is the form of a report in a file.
type Format string

// The formats.
const (
	HTML  Format = "html"
	JSON  Format = "json"
	JUnit Format = "xml"
)

// FormatOf returns the format that a file's name asks for by its extension.
func FormatOf(file string) (Format, error) {
	format := Format(strings.ToLower(strings.TrimPrefix(filepath.Ext(file), ".")))
	if format == "htm" {
		format = HTML
	}
	if !slices.Contains([]Format{HTML, JSON, JUnit}, format) {
		return "", fmt.Errorf("%q does not say what to write: end it with .html, .json or .xml (JUnit)", file)
	}
	return format, nil
}

// Write writes the report.
func (r *Report) Write(w io.Writer, format Format) error {
	switch format {
	case HTML:
		return r.html(w)
	case JUnit:
		return r.junit(w)
	default:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
}

// WriteFile writes the report to a file, which is there when it is complete and not before.
func (r *Report) WriteFile(file string, format Format) error {
	if err := outfile.Write(file, func(w io.Writer) error { return r.Write(w, format) }); err != nil {
		return fmt.Errorf("report %s: %w", file, err)
	}
	return nil
}
