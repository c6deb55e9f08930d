package platform

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/releases.md")

const docFile = "../../docs/releases.md"

// TestDocIsCurrent keeps the tables of docs/releases.md equal to the JSON.
func TestDocIsCurrent(t *testing.T) {
	data, err := os.ReadFile(docFile)
	require.NoError(t, err)
	doc := string(data)
	for _, part := range []struct {
		name string
		rows [][]string
	}{
		{"releases", releaseRows()},
		{"ubuntu", ubuntuRows()},
		{"sm", capabilityRows()},
		{"lists", listRows()},
		{"limits", limitRows()},
	} {
		doc = replacePart(t, doc, part.name, markdown(part.rows))
	}
	if doc == string(data) {
		return
	}
	require.True(t, *update, "docs/releases.md differs from the tables: run go test ./pkgspec/platform -update")
	require.NoError(t, os.WriteFile(docFile, []byte(doc), 0o644))
}

// replacePart puts text between a part's begin and end marks.
func replacePart(t *testing.T, doc, name, text string) string {
	t.Helper()
	begin := "<!-- begin " + name + ": generated from pkgspec/platform/tables -->\n"
	before, rest, ok := strings.Cut(doc, begin)
	_, after, closed := strings.Cut(rest, "<!-- end "+name+" -->")
	require.True(t, ok, "docs/releases.md lacks the marks of %q", name)
	require.True(t, closed, "docs/releases.md lacks the marks of %q", name)
	return before + begin + text + "<!-- end " + name + " -->" + after
}

// markdown prints rows as a table; the first row is its head.
func markdown(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	return b.String()
}

func releaseRows() [][]string {
	rows := [][]string{{"L4T", "JetPack", "Ubuntu", "Python", "CUDA", "cuDNN", "TensorRT", "sm", "Base image", "Verified", "Source", "Checked", "Notes"}}
	for _, r := range BuiltIn().releases {
		value := func(field, v string) string {
			if slices.Contains(r.Unverified, field) && v != "" {
				return v + " ?"
			}
			return v
		}
		cuda := r.CUDA
		if r.CUDAToolkit != r.CUDA {
			cuda += " (" + r.CUDAToolkit + ")"
		}
		rows = append(rows, []string{
			r.L4T, value("jetpack", r.Name), value("ubuntu", r.Ubuntu), value("python", r.Python), value("cuda", cuda),
			value("cudnn", r.CUDNN), value("tensorrt", r.TensorRT), value("sm", joinSM(r.SM, ", ")), value("base", "`"+r.Base+"`"), r.Verified, r.Source, r.Checked, r.Notes,
		})
	}
	return rows
}

func ubuntuRows() [][]string {
	rows := [][]string{{"Ubuntu", "Codename", "Python", "Verified", "Source", "Checked"}}
	for _, u := range BuiltIn().ubuntus {
		rows = append(rows, []string{u.Release, u.Codename, u.Python, u.Verified, u.Source, u.Checked})
	}
	return rows
}

func capabilityRows() [][]string {
	rows := [][]string{{"sm", "Devices", "First CUDA", "Source", "Checked"}}
	for _, c := range BuiltIn().capabilities {
		rows = append(rows, []string{fmt.Sprint(c.SM), c.Devices, c.FirstCUDA, c.Source, c.Checked})
	}
	return rows
}

func listRows() [][]string {
	rows := [][]string{{"Arch", "From CUDA", "sm", "Source", "Checked"}}
	for _, l := range BuiltIn().lists {
		rows = append(rows, []string{l.Arch, l.FromCUDA, joinSM(l.SM, ", "), l.Source, l.Checked})
	}
	return rows
}

func limitRows() [][]string {
	rows := [][]string{{"L4T before", "CUDA from", "Reason", "Verified", "Source", "Checked"}}
	for _, l := range BuiltIn().cudaLimits {
		rows = append(rows, []string{l.BeforeL4T, l.BeforeCUDA, l.Reason, l.Verified, l.Source, l.Checked})
	}
	return rows
}
