package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// Writable reports why a file cannot be written, before a build that takes hours.
func Writable(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder", file)
	}
	probe, err := os.CreateTemp(filepath.Dir(file), ".jetkit-report-*")
	if err != nil {
		return fmt.Errorf("report %s: %w", file, errors.Unwrap(err))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
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
func (r *Report) WriteFile(file string, format Format) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("report %s: %w", file, err)
		}
	}()
	temporary, err := os.CreateTemp(filepath.Dir(file), ".jetkit-report-*")
	if err != nil {
		return err
	}
	err = r.Write(temporary, format)
	if err == nil {
		err = temporary.Chmod(0o644)
	}
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temporary.Name()) // the other error says more
	}
	return err
}
