package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newHelp makes the command that shows the help of others: jetkit help build.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:                   "help [COMMAND...]",
		DisableFlagsInUseLine: true,
		Short:                 "Show the help of a command",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			if above, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, sub := range above.Commands() {
					if sub.IsAvailableCommand() && strings.HasPrefix(sub.Name(), begun) {
						names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			of := cmd.Root()
			for _, name := range args {
				i := slices.IndexFunc(of.Commands(), func(sub *cobra.Command) bool { return sub.Name() == name || sub.HasAlias(name) })
				if i < 0 {
					return noSuchCommand(of, []string{name})
				}
				of = of.Commands()[i]
			}
			of.InitDefaultHelpFlag()
			of.InitDefaultVersionFlag()
			return of.Help()
		},
	}
}

// newCompletion makes the command that prints what a shell needs to complete command
// lines.
func newCompletion(sys *system) *cobra.Command {
	scripts := map[string]func(root *cobra.Command) error{
		"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(sys.out, true) },
		"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(sys.out, true) },
		"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(sys.out) },
		"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(sys.out) },
	}
	shells := []string{"bash", "fish", "powershell", "zsh"}
	return &cobra.Command{
		Use:                   "completion bash|fish|powershell|zsh",
		DisableFlagsInUseLine: true,
		Short:                 "Print the script that completes command lines in a shell",
		Long: `Print the script with which a shell completes command lines of jetkit: commands, flags, and what they
can be, such as names of packages and releases. The Debian package brings the scripts for bash, zsh and
fish. Elsewhere, put the script where the shell looks for it, and start a new shell.`,
		Example: `  source <(jetkit completion bash)         # for this shell; it needs the package bash-completion
  jetkit completion bash | sudo tee /etc/bash_completion.d/jetkit >/dev/null
  jetkit completion zsh | sudo tee /usr/local/share/zsh/site-functions/_jetkit >/dev/null
  jetkit completion fish > ~/.config/fish/completions/jetkit.fish`,
		ValidArgs: shells,
		Args:      arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			script := scripts[args[0]]
			if script == nil {
				return usagef(cmd, "there is no script for %s; there is one for %s", args[0], strings.Join(shells, ", "))
			}
			return script(cmd.Root())
		},
	}
}

// badFlag tells what is wrong with the flags of a command line.
func badFlag(cmd *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok && invalid.GetFlag().Value.Type() == "bool" {
		return usagef(cmd, "--%s takes no value: it can be true or false, and not %q", invalid.GetFlag().Name, invalid.GetValue())
	}
	return usagef(cmd, "%w", err)
}
