package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"jetkit/pkgspec"
	"jetkit/pkgspec/plan"
)

func newVersion(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:                   "version",
		DisableFlagsInUseLine: true,
		Short:                 "Print the version of jetkit and of the formats that it reads and writes",
		Args:                  arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			fmt.Fprintf(sys.out, "jetkit       %s\njetson.yaml  version %s\nplan         version %d\nbuilt with   %s for %s/%s\n",
				buildVersion(info), pkgspec.Version, plan.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// buildVersion returns the module's version, or for a build from a checkout the
// commit.
func buildVersion(info *debug.BuildInfo) string {
	if info == nil {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	if commit == "" {
		return "built from source"
	}
	return "commit " + commit + changed
}
