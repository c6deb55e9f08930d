package manual

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The marks around what is generated of a page in Markdown. What follows the second
// one is written by hand, and kept.
const (
	begin = "<!-- What follows is made of the command's help: JETKIT_UPDATE=1 go test ./cmd/jetkit -run TestManual -->"
	end   = "<!-- What follows is written by hand. -->"
)

// Markdown returns the page of a command in Markdown, "jetkit_plan.md", up to and with
// the mark after which people write.
func Markdown(cmd *cobra.Command) Page {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", cmd.CommandPath(), begin)
	for _, part := range blocks(about(cmd)) {
		if part.literal {
			fence(&b, "", part.lines)
			continue
		}
		fmt.Fprintf(&b, "%s\n\n", escape(strings.Join(part.lines, "\n")))
	}
	fence(&b, "", []string{cmd.UseLine()})
	if other := aliases(cmd); len(other) > 0 {
		fmt.Fprintf(&b, "Also called `%s`.\n\n", strings.Join(other, "`, `"))
	}
	if cmd.HasExample() {
		fence(&b, "sh", strings.Split(unindent(cmd.Example), "\n"))
	}
	markdownCommands(&b, cmd)
	markdownOptions(&b, cmd)
	b.WriteString(end + "\n")
	return Page{File: markdownFile(cmd), Text: b.String()}
}

func markdownFile(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "_") + ".md"
}

// WithKept returns a page with the text that people wrote after the mark of the page
// as it was.
func (p Page) WithKept(before string) Page {
	if _, kept, found := strings.Cut(before, end+"\n"); found {
		p.Text += kept
	}
	return p
}

func fence(b *strings.Builder, language string, lines []string) {
	fmt.Fprintf(b, "```%s\n%s\n```\n\n", language, strings.Join(lines, "\n"))
}

// unindent takes the two spaces off that begin the lines of an example.
func unindent(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "  "), "\n  ", "\n")
}

// markdownCommands lists the commands below one, under their headings.
func markdownCommands(b *strings.Builder, cmd *cobra.Command) {
	subs := documented(cmd)
	if len(subs) == 0 {
		return
	}
	b.WriteString("| command | |\n| --- | --- |\n")
	row := func(sub *cobra.Command) {
		fmt.Fprintf(b, "| [%s](%s) | %s |\n", sub.CommandPath(), markdownFile(sub), cell(sub.Short))
	}
	for _, group := range cmd.Groups() {
		for _, sub := range subs {
			if sub.GroupID == group.ID {
				row(sub)
			}
		}
	}
	for _, sub := range subs {
		if sub.GroupID == "" {
			row(sub)
		}
	}
	b.WriteString("\n")
}

func markdownOptions(b *strings.Builder, cmd *cobra.Command) {
	for _, s := range sections(cmd) {
		if s.Title != "" {
			fmt.Fprintf(b, "### %s\n\n", escape(s.Title))
		}
		b.WriteString("| option | meaning |\n| --- | --- |\n")
		for _, o := range s.Options {
			name := "`" + strings.TrimSpace(o.Long+" "+o.Value) + "`"
			if o.Short != "" {
				name = "`" + o.Short + "`, " + name
			}
			usage := cell(o.Usage)
			if o.Default != "" {
				usage += " (default `" + strings.ReplaceAll(o.Default, "|", `\|`) + "`)"
			}
			fmt.Fprintf(b, "| %s | %s |\n", strings.ReplaceAll(name, "|", `\|`), usage)
		}
		b.WriteString("\n")
	}
}

// cell writes a text into a table.
func cell(text string) string { return strings.ReplaceAll(escape(text), "|", `\|`) }

// escape keeps Markdown from reading more into a text than it says.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "<", "&lt;", "[", `\[`, "_", `\_`, "`", "\\`").Replace(text)
}
