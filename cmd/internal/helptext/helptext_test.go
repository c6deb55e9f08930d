package helptext

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUsage(t *testing.T) {
	root := &cobra.Command{Use: "tool COMMAND", DisableFlagsInUseLine: true, Run: func(*cobra.Command, []string) {}}
	cmd := &cobra.Command{Use: "do [OPTIONS] X", DisableFlagsInUseLine: true, Aliases: []string{"d"}, Short: "Do it", Example: "  tool do x", Run: root.Run}
	root.AddCommand(cmd)
	cmd.Flags().StringP("file", "f", "a", "read `FILE`")
	cmd.Flags().String("push", "", "push it, to `REPO` if there is one")
	cmd.Flags().Lookup("push").NoOptDefVal = "true"
	cmd.Flags().String("secret", "", "secret: `id=ID[,src=FILE|,env=NAME]`, "+strings.Repeat("one two ", 12))
	cmd.Flags().Bool("quiet", false, "say nothing")
	cmd.Flags().Bool("hidden", false, "nothing")
	require.NoError(t, cmd.Flags().MarkHidden("hidden"))
	Group(cmd, "Second", "quiet")
	Group(cmd, "First", "secret", "push", "hidden")

	var out strings.Builder
	root.SetOut(&out)
	require.NoError(t, Usage(cmd))
	assert.Equal(t, `Usage:
  tool do [OPTIONS] X

Aliases:
  do, d

Examples:
  tool do x

Second:
      --quiet  say nothing

First:
      --secret id=ID[,src=FILE|,env=NAME]
                     secret: id=ID[,src=FILE|,env=NAME], one two one two one two one two one two one
                     two one two one two one two one two one two one two
      --push[=REPO]  push it, to REPO if there is one

Other:
  -f, --file FILE  read FILE (default a)
`, out.String())

	out.Reset()
	require.NoError(t, Usage(root))
	assert.Equal(t, "Usage:\n  tool COMMAND\n\nCommands:\n  do          Do it\n\nRun 'tool COMMAND --help' for more information on a command.\n", out.String())
}
