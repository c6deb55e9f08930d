package manual

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/helptext"
)

// sample is a program with everything that pages show, and with text that Markdown and
// roff would read as something else.
func sample() *cobra.Command {
	root := &cobra.Command{Use: "tool COMMAND", Short: "A tool", DisableFlagsInUseLine: true}
	root.AddGroup(&cobra.Group{ID: "first", Title: "First:"})
	run := func(*cobra.Command, []string) {}
	sub := &cobra.Command{
		Use: "do [OPTIONS] X|Y", DisableFlagsInUseLine: true, Aliases: []string{"d"}, Short: "Do *it* <now>", Run: run, GroupID: "first",
		Long:    "First line,\n.second one.\n\n  as it is: \\ -\n\n'Third.",
		Example: "  tool do x\n  tool do -- ~y",
	}
	sub.Flags().StringP("file", "f", "a|b", "read `FILE`, a_b")
	sub.Flags().Bool("quiet", false, "say nothing")
	sub.Flags().String("secret", "", "never shown")
	_ = sub.Flags().MarkHidden("secret")
	sub.Flags().String("to", "", "goes `THERE`")
	helptext.Group(sub, "Where", "to")
	hidden := &cobra.Command{Use: "hidden", Hidden: true, Run: run}
	root.AddCommand(sub, &cobra.Command{Use: "other", Short: "Other", Run: run}, hidden)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	return root
}

func TestMarkdown(t *testing.T) {
	pages := Pages(sample(), Markdown)
	require.Len(t, pages, 3)
	assert.Equal(t, "tool.md", pages[0].File)
	assert.Contains(t, pages[0].Text, "| [tool do](tool_do.md) | Do \\*it\\* &lt;now> |\n| [tool other](tool_other.md) | Other |\n")
	assert.NotContains(t, pages[0].Text, "hidden")
	assert.NotContains(t, pages[0].Text, "completion")
	assert.Equal(t, "tool_do.md", pages[1].File)
	assert.Equal(t, `# tool do

`+begin+`

First line,
.second one.

`+"```\nas it is: \\ -\n```"+`

'Third.

`+"```\ntool do [OPTIONS] X|Y\n```\n\nAlso called `tool d`.\n\n```sh\ntool do x\ntool do -- ~y\n```"+`

### Where

`+"| option | meaning |\n| --- | --- |\n| `--to THERE` | goes THERE |\n\n"+`| option | meaning |
| --- | --- |
`+"| `-f`, `--file FILE` | read FILE, a\\_b (default `a\\|b`) |\n| `--quiet` | say nothing |"+`

`+end+"\n", pages[1].Text)
}

func TestWithKept(t *testing.T) {
	page := Page{Text: "new\n" + end + "\n"}
	assert.Equal(t, "new\n"+end+"\n\nmine\n", page.WithKept("old\n"+end+"\n\nmine\n").Text)
	assert.Equal(t, page, page.WithKept("a page without the mark"))
}

func TestMan(t *testing.T) {
	pages := Pages(sample(), Man)
	require.Len(t, pages, 3)
	assert.Equal(t, "tool-do.1", pages[1].File)
	assert.Equal(t, `.TH TOOL\-DO 1 "" tool "tool manual"
.SH NAME
tool\-do \- Do *it* <now>
.SH SYNOPSIS
\fBtool do\fR [OPTIONS] X|Y
.SH DESCRIPTION
.PP
First line,
\&.second one.
.PP
.RS 4
.EX
as it is: \e \-
.EE
.RE
.PP
\&'Third.
.SH OPTIONS
.SS Where
.TP
\fB\-\-to\fR \fITHERE\fR
goes THERE
.TP
\fB\-f\fR, \fB\-\-file\fR \fIFILE\fR
read FILE, a_b (default a|b)
.TP
\fB\-\-quiet\fR
say nothing
.SH EXAMPLES
.PP
.RS 4
.EX
tool do x
tool do \-\- \(tiy
.EE
.RE
.SH SEE ALSO
.BR tool (1)
`, pages[1].Text)
	assert.Contains(t, pages[0].Text, ".SH COMMANDS\n.TP\n\\fBtool\\-do\\fR(1)\nDo *it* <now>\n")
	assert.Equal(t, `a\[u2026]`, roff("a…"))
}
