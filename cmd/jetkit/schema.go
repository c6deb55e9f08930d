package main

import (
	"github.com/spf13/cobra"

	"jetkit/pkgspec"
	"jetkit/pkgspec/pkgmeta"
)

func newSchema(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:                   "schema [metadata]",
		DisableFlagsInUseLine: true,
		Short:                 "Print the JSON schema of jetson.yaml, or of package metadata, for editors",
		Long: `Print the JSON schema of jetson.yaml, or of package metadata (headers of Dockerfiles, config.yaml
and config.json). Editors check and complete a file that names it:

  # yaml-language-server: $schema=jetson.schema.json`,
		Example: `  jetkit schema > jetson.schema.json
  jetkit schema metadata > metadata.schema.json`,
		Args:              arguments(0, 1),
		ValidArgs:         []string{"metadata"},
		ValidArgsFunction: cobra.FixedCompletions([]string{"metadata"}, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			schema := pkgspec.Schema()
			if len(args) > 0 {
				if args[0] != "metadata" {
					return usagef(cmd, "there is no schema of %s: write metadata, or nothing for jetson.yaml", args[0])
				}
				schema = pkgmeta.Schema()
			}
			text, err := schema.JSON()
			if err == nil {
				_, err = sys.out.Write(text)
			}
			return err
		},
	}
}
