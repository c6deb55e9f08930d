package run

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"jetkit/cmd/internal/shellword"
)

// Print writes the command as a bash array, one flag a line with its reason, and a last line that runs it: the whole
// can be pasted into a shell or saved as a script.
func (p *Plan) Print(w io.Writer) {
	lines := p.lines()
	width := 0
	for _, line := range lines {
		if line.why != "" {
			width = max(width, min(utf8.RuneCountInString(line.words), widest))
		}
	}
	for _, file := range p.Files {
		what := "file"
		if file.Mode.IsDir() {
			what = "folder"
		}
		fmt.Fprintf(w, "# makes the %s %s: %s\n", what, shellword.Quote(file.Path), file.Why)
	}
	if p.Xhost {
		fmt.Fprintf(w, "# runs %s\n", shellword.Join(xhostAdd))
	}
	for _, command := range p.Before {
		fmt.Fprintf(w, "# runs %s\n", shellword.Join(command))
	}
	fmt.Fprintln(w, "run=(")
	for _, line := range lines {
		if line.why == "" {
			fmt.Fprintf(w, "  %s\n", line.words)
			continue
		}
		fmt.Fprintf(w, "  %-*s  # %s\n", width, line.words, line.why)
	}
	fmt.Fprintln(w, ")\n\"${run[@]}\"")
	for _, left := range p.Left {
		fmt.Fprintf(w, "# left out: %s: %s\n", left.Thing, printable(left.Why))
	}
}

// widest is the column, in characters, up to which reasons are lined up.
const widest = 60

type printed struct{ words, why string }

func (p *Plan) lines() []printed {
	lines := []printed{{shellword.Join(append(slices.Clip(p.Program), "run")), p.Sudo}}
	for _, option := range p.Options {
		why := option.Thing + ": " + option.Reason
		if option.Risk != "" {
			why += "; risk: " + option.Risk
		}
		lines = append(lines, printed{shellword.Join(option.Words()), printable(why)})
	}
	for words := p.line.Words; len(words) > 0; {
		n := 1
		for n < len(words) && !strings.HasPrefix(words[n], "-") {
			n++
		}
		lines = append(lines, printed{shellword.Join(words[:n]), "yours"})
		words = words[n:]
	}
	argv := p.Argv()
	image := len(argv) - len(p.line.Command) - 1
	if argv[image-1] == "--" {
		lines = append(lines, printed{"--", ""})
	}
	lines = append(lines, printed{shellword.Join(argv[image : image+1]), ""})
	if len(p.line.Command) > 0 {
		lines = append(lines, printed{shellword.Join(p.line.Command), ""})
	}
	return lines
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// printable keeps a comment on its line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unprintable(r) {
			return '?'
		}
		return r
	}, text)
}
