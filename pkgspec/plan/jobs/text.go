package jobs

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"jetkit/pkgspec/diag"
)

// Text lays the jobs out for people: a section for each wave, a line for each job.
func (j *Jobs) Text() string {
	var b strings.Builder
	if j.Note != "" {
		fmt.Fprintf(&b, "%s\n", j.Note)
	}
	names := map[string]string{}
	for i, wave := range j.Waves {
		writeSection(&b, fmt.Sprintf("Wave %d", i+1), wave, names)
	}
	writeSection(&b, "Image", j.Image, names)
	return b.String()
}

// writeSection writes the jobs of one matrix, and adds their names to those by ID.
func writeSection(b *strings.Builder, title string, m Matrix, names map[string]string) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintln(b, title)
	width := 0
	for _, job := range m.Include {
		names[job.ID] = diag.Clean(job.Name)
		width = max(width, utf8.RuneCountInString(names[job.ID]))
	}
	for _, job := range m.Include {
		line := fmt.Sprintf("  %-*s  %s", width, names[job.ID], details(job, names))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// details says what there is to know of a job beside its name.
func details(job Job, names map[string]string) string {
	var parts []string
	if len(job.Packages) > 1 {
		parts = append(parts, "builds "+diag.Clean(strings.Join(job.Packages, ", ")))
	}
	switch {
	case job.Target == "" && len(job.Needs) > 0:
		parts = append(parts, "after all waves")
	case len(job.Needs) > 0:
		needs := make([]string, len(job.Needs))
		for i, id := range job.Needs {
			needs[i] = names[id]
		}
		parts = append(parts, "after "+strings.Join(needs, ", "))
	}
	if job.GPU {
		parts = append(parts, "needs a GPU")
	}
	if job.CacheTo != "" {
		parts = append(parts, "cache "+diag.Clean(job.CacheTo))
	}
	return strings.Join(parts, "; ")
}
