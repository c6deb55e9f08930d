package manual

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Man returns the man page of a command, "jetkit-plan.1", in roff. It has no date: it
// is the same until the help changes.
func Man(cmd *cobra.Command) Page {
	var b strings.Builder
	name := manName(cmd)
	fmt.Fprintf(&b, ".TH %s 1 \"\" %s %q\n", roff(strings.ToUpper(name)), cmd.Root().Name(), cmd.Root().Name()+" manual")
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(cmd.Short))
	rest := strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
	fmt.Fprintf(&b, ".SH SYNOPSIS\n\\fB%s\\fR%s\n", roff(cmd.CommandPath()), roff(rest))
	b.WriteString(".SH DESCRIPTION\n")
	for _, part := range blocks(about(cmd)) {
		if part.literal {
			literal(&b, part.lines)
			continue
		}
		b.WriteString(".PP\n")
		for _, line := range part.lines {
			fmt.Fprintln(&b, roffLine(line))
		}
	}
	manOptions(&b, cmd)
	if subs := documented(cmd); len(subs) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range subs {
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR(1)\n%s\n", roff(manName(sub)), roffLine(sub.Short))
		}
	}
	if cmd.HasExample() {
		b.WriteString(".SH EXAMPLES\n")
		literal(&b, strings.Split(unindent(cmd.Example), "\n"))
	}
	seeAlso(&b, cmd)
	return Page{File: name + ".1", Text: b.String()}
}

func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func manOptions(b *strings.Builder, cmd *cobra.Command) {
	for i, s := range sections(cmd) {
		if i == 0 {
			b.WriteString(".SH OPTIONS\n")
		}
		if s.Title != "" {
			fmt.Fprintf(b, ".SS %s\n", roff(s.Title))
		}
		for _, o := range s.Options {
			b.WriteString(".TP\n")
			if o.Short != "" {
				fmt.Fprintf(b, "\\fB%s\\fR, ", roff(o.Short))
			}
			fmt.Fprintf(b, "\\fB%s\\fR", roff(o.Long))
			if o.Value != "" {
				fmt.Fprintf(b, " \\fI%s\\fR", roff(o.Value))
			}
			usage := o.Usage
			if o.Default != "" {
				usage += fmt.Sprintf(" (default %s)", o.Default)
			}
			fmt.Fprintf(b, "\n%s\n", roffLine(usage))
		}
	}
}

// seeAlso names the commands above and beside one.
func seeAlso(b *strings.Builder, cmd *cobra.Command) {
	if !cmd.HasParent() {
		return
	}
	names := []string{manName(cmd.Parent())}
	for _, sibling := range documented(cmd.Parent()) {
		if sibling != cmd && cmd.Parent().HasParent() {
			names = append(names, manName(sibling))
		}
	}
	b.WriteString(".SH SEE ALSO\n")
	for i, name := range names {
		comma := ","
		if i == len(names)-1 {
			comma = ""
		}
		fmt.Fprintf(b, ".BR %s (1)%s\n", roff(name), comma)
	}
}

func literal(b *strings.Builder, lines []string) {
	b.WriteString(".PP\n.RS 4\n.EX\n")
	for _, line := range lines {
		fmt.Fprintln(b, roffLine(line))
	}
	b.WriteString(".EE\n.RE\n")
}

// roffLine writes a line of text so that roff does not take it for a request.
func roffLine(line string) string {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + roff(line)
	}
	return roff(line)
}

// roff writes text so that roff shows it as it is: a hyphen of a flag is a minus, which
// can be copied.
func roff(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r == '^':
			b.WriteString(`\(ha`)
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
