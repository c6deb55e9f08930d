package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"jetkit/pkgspec"
	"jetkit/pkgspec/plan"
)

// release is the version of a released program. The linker sets it; a program that
// was compiled in another way is named by what Go knows of its module.
var release string

// programBuild is the JSON form of jetkit version: what this program is.
type programBuild struct {
	// Version is the release, or the module's version, or "commit ..." of a checkout.
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Changed  bool   `json:"changed,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Spec and Plan are the versions of jetson.yaml and of the plan's JSON, and
	// BuildKit that of the client that is compiled in, if one is.
	Spec     string `json:"jetson_yaml"`
	Plan     int    `json:"plan"`
	BuildKit string `json:"buildkit,omitempty"`
}

func newVersion(sys *system) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:                   "version [OPTIONS]",
		DisableFlagsInUseLine: true,
		Short:                 "Print the version of jetkit and of the formats that it reads and writes",
		Example: `  jetkit version
  jetkit version --format json`,
		Args: arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if format == "json" {
				return writeJSON(sys.out, b)
			}
			for _, row := range [][2]string{
				{"jetkit", b.Version},
				{"jetson.yaml", "version " + b.Spec},
				{"plan", fmt.Sprintf("version %d", b.Plan)},
				{"BuildKit", b.BuildKit},
				{"built with", b.Go + " for " + b.Platform},
			} {
				if row[1] != "" {
					fmt.Fprintf(sys.out, "%-12s %s\n", row[0], row[1])
				}
			}
			return nil
		},
	}
	oneOf(cmd, &format, "format", "answer", "text", "json")
	return cmd
}

// thisBuild describes the running program.
func thisBuild() programBuild {
	info, _ := debug.ReadBuildInfo()
	b := programBuild{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Spec: pkgspec.Version, Plan: plan.Version,
	}
	if info != nil {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = s.Value
			case "vcs.modified":
				b.Changed = s.Value == "true"
			}
		}
		for _, module := range info.Deps {
			if module.Path == "github.com/moby/buildkit" {
				b.BuildKit = module.Version
			}
		}
	}
	b.Version = cmp.Or(release, buildVersion(info))
	return b
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
		return "unknown, built from source"
	}
	return "commit " + commit + changed
}
