package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"
)

// maxScript bounds the scripts that are read, in bytes: the parser calls itself for what is
// nested, and a program that runs out of stack cannot go on.
const maxScript = 32 << 10

// script is what a RUN instruction has a shell do.
type script struct {
	*syntax.File
	// first is the line of the Dockerfile that the script's first line is, and oneLine is set
	// if only the line of the instruction is known.
	first   int
	oneLine bool
	// stops and pipefail tell that the shell ends with the first command that fails, and that
	// a pipe fails with any of its commands.
	stops, pipefail bool
}

// line returns the line of the Dockerfile that a part of the script is in.
func (s *script) line(n syntax.Node) int {
	if s.oneLine {
		return s.first
	}
	return s.first + int(n.Pos().Line()) - 1 //nolint:gosec // lines of a file
}

// scriptOf parses the script of an instruction; nil if no shell that is known reads it, or
// the parser does not understand it.
func scriptOf(c *instructions.RunCommand, lines, shell []string) *script {
	s := &script{first: firstLine(c.Location())}
	var text string
	switch {
	case len(c.CmdLine) == 0 || len(shell) == 0:
		return nil
	case !c.PrependShell:
		text, s.oneLine = ofWords(c.CmdLine), true
	case !isShell(shell):
		return nil
	case len(c.Files) > 0:
		var ok bool
		if text, shell, ok = ofHeredoc(c, shell); !ok {
			return nil
		}
		end := c.Location()[len(c.Location())-1].End.Line
		s.first, s.oneLine = end-strings.Count(c.Files[0].Data, "\n"), len(c.Files) > 1
	case len(c.CmdLine[0]) <= maxScript:
		text = s.withLines(c, lines)
	}
	if text == "" || len(text) > maxScript {
		return nil
	}
	var err error
	if s.File, err = syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), ""); err != nil {
		return nil
	}
	s.stops = hasOption(shell[1:], 'e', "errexit")
	s.pipefail = slices.Contains(shell, "pipefail") || slices.ContainsFunc(shell, func(w string) bool { return strings.Contains(w, "pipefail") })
	s.readOptions()
	return s
}

// isShell reports whether a command is a shell of the kind that scripts are read as.
func isShell(words []string) bool {
	return len(words) > 0 && slices.Contains([]string{"sh", "bash", "dash", "ash", "ksh"}, path.Base(words[0]))
}

// ofWords returns the script of a command that is given as words: itself, or what a shell
// in it is told to do.
func ofWords(words []string) string {
	if len(words) == 3 && isShell(words) && strings.HasPrefix(words[1], "-") && strings.HasSuffix(words[1], "c") {
		return words[2]
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		q, err := syntax.Quote(word, syntax.LangBash)
		if err != nil {
			return ""
		}
		quoted[i] = q
	}
	return strings.Join(quoted, " ")
}

// ofHeredoc returns the script of an instruction with heredocs, if the first of them is one:
// "RUN <<EOF", or "RUN bash -e <<EOF". A line "#!" in it names another program.
func ofHeredoc(c *instructions.RunCommand, shell []string) (text string, by []string, ok bool) {
	command, _, _ := strings.Cut(strings.Join(c.CmdLine, " "), "<<")
	if words := strings.Fields(command); len(words) > 0 {
		shell = words
	}
	text = c.Files[0].Data
	if first, _, _ := strings.Cut(text, "\n"); strings.HasPrefix(first, "#!") {
		shell = strings.Fields(strings.TrimPrefix(first, "#!"))
		if len(shell) > 1 && path.Base(shell[0]) == "env" {
			shell = shell[1:]
		}
	}
	return text, shell, isShell(shell)
}

// withLines returns the script as the Dockerfile has it, so that its lines are those of the
// file. BuildKit joins them, and leaves out comments and empty lines in between, as this
// does. Where both do not agree, the script is one line.
func (s *script) withLines(c *instructions.RunCommand, lines []string) string {
	joined := strings.Join(c.CmdLine, " ")
	at := c.Location()
	if len(at) == 0 || at[len(at)-1].End.Line > len(lines) {
		s.oneLine = true
		return joined
	}
	var kept []string
	for _, line := range lines[at[0].Start.Line-1 : at[len(at)-1].End.Line] {
		line = strings.TrimRight(line, " \t\r")
		if trimmed := strings.TrimSpace(line); len(kept) > 0 && (trimmed == "" || strings.HasPrefix(trimmed, "#")) {
			line = `\`
		}
		kept = append(kept, line)
	}
	kept[len(kept)-1] = strings.TrimRight(kept[len(kept)-1], `\`)
	text := strings.Join(kept, "\n")
	word, _, _ := strings.Cut(strings.TrimSpace(joined), " ")
	for start := 0; start < len(text); start++ { // behind the instruction's name and flags
		next := strings.Index(text[start:], word)
		if next < 0 {
			break
		}
		start += next
		if start > 0 && strings.IndexByte(" \t\n", text[start-1]) >= 0 && sameWords(text[start:], joined) {
			s.first += strings.Count(text[:start], "\n")
			return text[start:]
		}
	}
	s.oneLine = true
	return joined
}

// sameWords reports whether two texts have the same words, whatever the lines they are in.
func sameWords(a, b string) bool {
	fields := func(text string) []string { return strings.Fields(strings.ReplaceAll(text, "\\\n", "\n")) }
	return slices.Equal(fields(a), fields(b))
}

// readOptions reads what the script sets itself, at its start or anywhere.
func (s *script) readOptions() {
	syntax.Walk(s.File, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 || call.Args[0].Lit() != "set" {
			return true
		}
		var words []string
		for _, w := range call.Args[1:] {
			words = append(words, w.Lit())
		}
		s.stops = s.stops || hasOption(words, 'e', "errexit")
		s.pipefail = s.pipefail || slices.Contains(words, "pipefail")
		return true
	})
}

// hasOption reports whether words have a shell's option, by its letter or its name.
func hasOption(words []string, letter rune, name string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return w == name || strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && strings.ContainsRune(w, letter)
	})
}
