// Package helptext is what the help of a command is made of, for the terminal and for
// the pages of the manual: its flags, under headings where there are many.
package helptext

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Option is a flag as help and pages show it.
type Option struct {
	// Short is "-f" or empty, Long "--file", Value "FILE" or empty. A flag that may have
	// a value or none has it in Long: "--push[=REPO]".
	Short, Long, Value string
	Usage              string
	// Default is the value without the flag, where there is one to tell.
	Default string
}

// Section is a part of the flags of a command.
type Section struct {
	// Title is empty for the flags that are under no heading.
	Title   string
	Options []Option
}

// section is the annotation of a flag that names its heading.
const section = "jetkit_section"

// Group puts flags of a command under a heading. Headings appear in the order in which
// they are made, and flags in the order in which they are named.
func Group(cmd *cobra.Command, title string, flags ...string) {
	for _, name := range flags {
		// An error would mean that there is no such flag.
		_ = cmd.Flags().SetAnnotation(name, section, []string{title})
	}
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[section] += title + "\n"
	cmd.Annotations[section+title] = strings.Join(flags, " ")
}

// Sections lists the flags of a command that are not hidden: those under headings, and
// then those under none.
func Sections(cmd *cobra.Command) []Section {
	var list []Section
	for title := range strings.Lines(cmd.Annotations[section]) {
		s := Section{Title: strings.TrimSuffix(title, "\n")}
		for name := range strings.FieldsSeq(cmd.Annotations[section+s.Title]) {
			if flag := cmd.Flags().Lookup(name); flag != nil && !flag.Hidden {
				s.Options = append(s.Options, option(flag))
			}
		}
		list = append(list, s)
	}
	var rest Section
	visit := func(flag *pflag.Flag) {
		if !flag.Hidden && len(flag.Annotations[section]) == 0 {
			rest.Options = append(rest.Options, option(flag))
		}
	}
	cmd.LocalFlags().VisitAll(visit)
	cmd.InheritedFlags().VisitAll(visit)
	if len(rest.Options) > 0 {
		list = append(list, rest)
	}
	return list
}

func option(flag *pflag.Flag) Option {
	value, usage := pflag.UnquoteUsage(flag)
	o := Option{Long: "--" + flag.Name, Value: value, Usage: usage}
	if flag.NoOptDefVal != "" && value != "" {
		o.Long, o.Value = fmt.Sprintf("--%s[=%s]", flag.Name, value), ""
	}
	if flag.Shorthand != "" {
		o.Short = "-" + flag.Shorthand
	}
	switch flag.DefValue {
	case "", "0", "false", "[]", "0s", "0B":
	default:
		o.Default = flag.DefValue
	}
	return o
}

// Usage prints how a command is called, as cobra's does, once and with its flags under
// their headings.
func Usage(cmd *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(&b, "\nAliases:\n  %s\n", cmd.NameAndAliases())
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	commands(&b, cmd)
	sections := Sections(cmd)
	for _, s := range sections {
		title := s.Title
		switch {
		case title == "" && len(sections) > 1:
			title = "Other"
		case title == "":
			title = "Flags"
		}
		fmt.Fprintf(&b, "\n%s:\n", title)
		flags(&b, s.Options)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nRun '%s COMMAND --help' for more information on a command.\n", cmd.CommandPath())
	}
	_, err := fmt.Fprint(cmd.OutOrStderr(), b.String())
	return err
}

// commands lists the commands below one, under their headings.
func commands(b *strings.Builder, cmd *cobra.Command) {
	list := func(title, group string) {
		first := true
		for _, sub := range cmd.Commands() {
			if sub.GroupID != group || !sub.IsAvailableCommand() && sub.Name() != "help" {
				continue
			}
			if first {
				fmt.Fprintf(b, "\n%s\n", title)
				first = false
			}
			fmt.Fprintf(b, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
		}
	}
	for _, group := range cmd.Groups() {
		list(group.Title, group.ID)
	}
	list("Commands:", "")
}

// The measures of a list of flags, in characters: of the whole, and of the flags' names.
const (
	width    = 100
	maxNames = 32
)

// flags lists flags with what they mean.
func flags(b *strings.Builder, options []Option) {
	names, column := make([]string, len(options)), 0
	for i, o := range options {
		short := "    "
		if o.Short != "" {
			short = o.Short + ", "
		}
		names[i] = strings.TrimRight("  "+short+o.Long+" "+o.Value, " ")
		if len(names[i]) <= maxNames {
			column = max(column, len(names[i]))
		}
	}
	for i, o := range options {
		usage := o.Usage
		if o.Default != "" {
			usage += fmt.Sprintf(" (default %s)", o.Default)
		}
		line := fmt.Sprintf("%-*s", column, names[i])
		if len(names[i]) > column { // the meaning begins on the next line
			fmt.Fprintln(b, names[i])
			line = strings.Repeat(" ", column)
		}
		line += "  "
		empty := true
		for word := range strings.FieldsSeq(usage) {
			if !empty && len(line)+1+len(word) > width {
				fmt.Fprintln(b, line)
				line, empty = strings.Repeat(" ", column+2), true
			}
			if !empty {
				line += " "
			}
			line, empty = line+word, false
		}
		fmt.Fprintln(b, line)
	}
}
