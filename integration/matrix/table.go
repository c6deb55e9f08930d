//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// row is what came of all probes on a builder.
type row struct {
	builder builder
	// reason is why nothing was built on it.
	reason string
	cells  []cell
}

// compare finds cells whose image is not that of the first builder.
func (m *matrix) compare(ctx context.Context) error {
	for _, r := range m.rows[1:] {
		for i := range r.cells {
			c, first := &r.cells[i], m.rows[0].cells[i]
			if c.digest == first.digest || !c.ok || !first.ok {
				continue
			}
			difference, err := m.difference(ctx, first.digest, c.digest)
			if err != nil {
				return err
			}
			c.ok, c.difference = false, difference
		}
	}
	return nil
}

// table is the result as Markdown.
func (m *matrix) table(own string) string {
	var b strings.Builder
	head, line := []string{"builder"}, []string{"---"}
	for _, p := range probes {
		head, line = append(head, p.name), append(line, "---")
	}
	write := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	write(head)
	write(line)
	var notes []string
	for _, r := range m.rows {
		cells := []string{r.builder.name}
		if r.reason != "" {
			reason := strings.TrimSpace(strings.SplitN(r.reason, "\n", 2)[0])
			cells = append(cells, reason)
			cells = append(cells, make([]string, len(probes)-1)...)
		}
		for _, c := range r.cells {
			cells = append(cells, c.text(&notes))
		}
		write(cells)
	}
	fmt.Fprintf(&b, "\nBuildKit %s unless a row says another, with %s.\n", own, strings.Join(versions(), ", "))
	for i, text := range notes {
		head, text, _ := strings.Cut(text, "\n")
		fmt.Fprintf(&b, "\n%d. %s:\n\n   ```\n", i+1, head)
		for line := range strings.Lines(text) {
			fmt.Fprintf(&b, "   %s\n", strings.TrimRight(line, "\n"))
		}
		b.WriteString("   ```\n")
	}
	return b.String()
}

// text is what the table has for a cell.
func (c cell) text(notes *[]string) string {
	switch {
	case c.ok:
		return "yes"
	case c.difference != "":
		return fmt.Sprintf("another image (%d)", note(notes, "How the image differs from that of the first builder\n"+c.difference))
	}
	return fmt.Sprintf("no (%d)", note(notes, "What the user sees\n"+c.message))
}

// note returns a text's number. Its first line is its heading.
func note(notes *[]string, text string) int {
	for i, known := range *notes {
		if known == text {
			return i + 1
		}
	}
	*notes = append(*notes, text)
	return len(*notes)
}

// versions tells which programs took part, as they tell it themselves. Of the kernel, what is
// behind its version is a builder's of kernels.
func versions() []string {
	var known []string
	for _, command := range [][]string{
		{"sh", "-c", "uname -sr | sed 's/-.*//'"}, {"runc", "--version"}, {"crun", "--version"}, {"containerd", "--version"}, {"rootlesskit", "--version"}, {"slirp4netns", "--version"},
	} {
		out, err := exec.Command(command[0], command[1:]...).Output()
		if err != nil {
			continue // what it is needed for was not tried, which the table tells
		}
		first, _, _ := strings.Cut(string(out), "\n")
		known = append(known, cmp.Or(strings.TrimSpace(first), command[0]))
	}
	return known
}

// The marks of the table in a page.
const (
	begin = "<!-- begin matrix: written by make matrix -->\n"
	end   = "<!-- end matrix -->\n"
)

func writeBetweenMarks(page, text string) error {
	content, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(content), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s lacks the marks %q and %q", page, begin, end)
	}
	return os.WriteFile(page, []byte(before+begin+"\n"+text+"\n"+end+after), 0o644)
}
