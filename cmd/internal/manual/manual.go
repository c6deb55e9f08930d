// Package manual writes the pages about commands: man pages, and pages in Markdown.
// Both are made of what the help of a command says and of nothing else, so that they
// are the same wherever they are made. The program itself does not hold it.
package manual

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/helptext"
)

// Page is one page about a command, in one of the forms.
type Page struct {
	// File is the name of the page's file, without a folder.
	File string
	Text string
}

// Pages returns a page for each command that is not hidden, in the order of their
// names. Those that cobra adds to every program have none: their help says all.
func Pages(root *cobra.Command, write func(*cobra.Command) Page) []Page {
	var pages []Page
	eachCommand(root, func(cmd *cobra.Command) { pages = append(pages, write(cmd)) })
	return pages
}

func eachCommand(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range documented(cmd) {
		eachCommand(sub, visit)
	}
}

// documented lists the commands below one that have pages.
func documented(cmd *cobra.Command) []*cobra.Command {
	var subs []*cobra.Command
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && !isCobras(sub) {
			subs = append(subs, sub)
		}
	}
	return subs
}

// isCobras reports whether cobra adds a command to every program.
func isCobras(cmd *cobra.Command) bool {
	return !cmd.Parent().HasParent() && (cmd.Name() == "completion" || cmd.Name() == "help")
}

// sections lists the flags of a command as its help does, without those that every
// command has.
func sections(cmd *cobra.Command) []helptext.Section {
	var list []helptext.Section
	for _, s := range helptext.Sections(cmd) {
		s.Options = slices.DeleteFunc(s.Options, func(o helptext.Option) bool {
			return o.Long == "--help" || o.Long == "--version" && !cmd.HasParent()
		})
		if len(s.Options) > 0 {
			list = append(list, s)
		}
	}
	return list
}

// block is a paragraph of a help's text, or lines that stay as they are.
type block struct {
	lines   []string
	literal bool
}

// blocks splits a help's text. Paragraphs are separated by an empty line, and lines
// that begin with two spaces stay as they are.
func blocks(text string) []block {
	var list []block
	for part := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		if part == "" {
			continue
		}
		lines := strings.Split(part, "\n")
		b := block{lines: lines, literal: strings.HasPrefix(lines[0], "  ")}
		if b.literal {
			for i, line := range lines {
				b.lines[i] = strings.TrimPrefix(line, "  ")
			}
		}
		list = append(list, b)
	}
	return list
}

// about is what a command does, at length or else in short.
func about(cmd *cobra.Command) string { return cmp.Or(cmd.Long, cmd.Short) }

// aliases lists the other names of a command, with those of the commands above it.
func aliases(cmd *cobra.Command) []string {
	var list []string
	for _, alias := range cmd.Aliases {
		list = append(list, fmt.Sprintf("%s %s", cmd.Parent().CommandPath(), alias))
	}
	return list
}
