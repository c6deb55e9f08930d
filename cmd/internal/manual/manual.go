// Package manual writes the pages about commands: man pages, and pages in Markdown.
// Both are made of what the help of a command says and of nothing else, so that they
// are the same wherever they are made. The program itself does not hold it.
package manual

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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

// option is a flag as the pages show it.
type option struct {
	// short is "-f" or empty, long "--file", value "FILE" or empty.
	short, long, value string
	usage              string
	// otherwise is the value without the flag, where there is one to tell.
	otherwise string
}

// options lists the flags of a command and of those above it that are not hidden.
func options(cmd *cobra.Command) []option {
	var list []option
	visit := func(flag *pflag.Flag) {
		if flag.Hidden || flag.Name == "help" || flag.Name == "version" && !cmd.HasParent() {
			return
		}
		value, usage := pflag.UnquoteUsage(flag)
		o := option{long: "--" + flag.Name, value: value, usage: usage}
		if flag.Shorthand != "" {
			o.short = "-" + flag.Shorthand
		}
		switch flag.DefValue {
		case "", "0", "false", "[]", "0s":
		default:
			o.otherwise = flag.DefValue
		}
		list = append(list, o)
	}
	cmd.LocalFlags().VisitAll(visit)
	cmd.InheritedFlags().VisitAll(visit)
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
