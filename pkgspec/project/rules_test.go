package project_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/project"
	"jetkit/pkgspec/rules"
)

var update = flag.Bool("update", false, "rewrite docs/rules.md")

const rulesPage = "../../docs/rules.md"

// notHere are the rules that no example here shows, and why.
var notHere = map[string]string{
	"too-large":          "It is reported for files over a few hundred KiB or a MiB, which the message names.",
	"bad-context":        "It is reported by the command line for `--build-context NAME=FILE`: write a folder.",
	"lock-differs":       "The message names what the lock has, and what there is now. See [lock](lock.md).",
	"missing-lock":       "It is reported for `locked: true` and `--build-arg LOCK=require`. See [lock](lock.md).",
	"unreachable-source": "The message names URL, ref and folder, and has what git or the registry said. See [sources](jetson-yaml.md#sources).",
	"bad-source":         "Its place in jetson.yaml is refused earlier, as `bad-value`; other callers get this.",
	"bad-folder":         "Its place in jetson.yaml is refused earlier, as `bad-value`; other callers get this.",
	"unreadable":         "Make the file readable, or take the package out of the tree.",
	"scan-stopped":       "The build was cancelled.",
	"ignored-header":     "It is reported for trees with config.py, which are read as jetson-containers reads them.",
	"config-py":          "See [config.py](config-py.md).",
	"unknown-package":    "See [config.py](config-py.md).",
	"unknown-target":     "It is reported for `docker buildx build --target`: name a package of the chain.",
	"ignored-syntax":     "Remove the package's `# syntax=` line: jetkit compiles all packages itself.",
	"limit-dropped":      "Update the builder, or leave the limit out.",
	"chain-dropped":      "Start the last stage of the Dockerfile with `FROM ${BASE_IMAGE}`.",
	"many-layers":        "It is reported from 120 layers on: Docker's own store of images takes no more than 125 (`max depth exceeded`). See [layers](layers.md).",
	"base-platform":      "Choose a base image for the platform, or build for the base's.",
}

// together are rules that come with another one.
var together = map[string]diag.Rule{"unlisted-jetpack": rules.UnlistedL4T}

// example is a build context, bad or good.
type example map[string]string

// ofDockerfiles are the examples of rules about Dockerfiles, which package llb/lint's tests
// look at and write the reports of.
const ofDockerfiles = "../../llb/lint/testdata/rules.txtar"

// examples reads testdata/rules.txtar, or another such file: per rule a bad and a good example.
func examples(t *testing.T, name string) map[string]map[string]example {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	require.NoError(t, err)
	all := map[string]map[string]example{}
	for _, f := range archive.Files {
		rule, rest, _ := strings.Cut(f.Name, "/")
		kind, file, _ := strings.Cut(rest, "/")
		if all[rule] == nil {
			all[rule] = map[string]example{"bad": {}, "good": {}, "both": {}, "report": {}}
		}
		require.Contains(t, all[rule], kind, f.Name)
		all[rule][kind][file] = strings.ReplaceAll(string(f.Data), "\x07", "\a")
	}
	return all
}

// problemsOf plans an example.
func problemsOf(t *testing.T, e, both example) diag.List {
	t.Helper()
	all := maps.Clone(both)
	maps.Copy(all, e)
	platform, args := "linux/arm64", map[string]string{}
	folder := fstest.MapFS{}
	packages := false
	for name, text := range all {
		switch name {
		case "platform":
			platform = strings.TrimSpace(text)
		case "args":
			for line := range strings.Lines(text) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				args[key] = value
			}
		default:
			folder[name] = file(text)
			packages = packages || strings.HasPrefix(name, "packages/a/") || strings.HasPrefix(name, "packages/one/")
		}
	}
	if folder["jetson.yaml"] == nil {
		folder["jetson.yaml"] = file("target: {jetpack: 6.2}\npackages: a\n")
	}
	if !packages {
		folder["packages/a/Dockerfile"] = file("#---\n# name: a\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n")
	}
	loaded, problems, err := project.Load(t.Context(), project.Options{
		File: "jetson.yaml", Data: folder["jetson.yaml"].Data, Args: args, Contexts: &contexts{files: map[string]fstest.MapFS{"": folder}},
		Complete: func(s *pkgspec.Spec) error {
			s.Target.Platform = platform
			return nil
		},
	})
	require.NoError(t, err)
	if loaded.Spec == nil || problems.HasErrors() {
		return problems.Sorted()
	}
	p, problems, err := loaded.Solve(t.Context())
	require.NoError(t, err)
	if p != nil {
		problems = append(problems, loaded.Lint(p)...)
	}
	return problems.Sorted()
}

// TestRules checks that each bad example is reported by its rule and by no other,
// with the rule's severity, and that no rule is reported for the good one.
func TestRules(t *testing.T) {
	all, elsewhere := examples(t, "testdata/rules.txtar"), examples(t, ofDockerfiles)
	known := map[string]bool{}
	for _, g := range rules.Groups() {
		for _, rule := range g.Rules {
			known[rule.Name] = true
			t.Run(rule.Name, func(t *testing.T) {
				e, ok := all[rule.Name]
				require.NotEqual(t, ok, notHere[rule.Name] != "" || elsewhere[rule.Name] != nil, "a rule has an example, or a reason to have none")
				if !ok {
					return
				}
				bad := problemsOf(t, e["bad"], e["both"])
				require.NotEmpty(t, bad)
				for _, d := range bad {
					if d.Rule != rule && d.Rule == together[rule.Name] {
						continue
					}
					require.Equal(t, rule, d.Rule, d.String())
					if rule.Severity != "" {
						require.Equal(t, rule.Severity, d.Severity)
					}
				}
				require.Empty(t, problemsOf(t, e["good"], e["both"]))
			})
		}
	}
	for _, name := range append(slices.Collect(maps.Keys(all)), slices.Collect(maps.Keys(elsewhere))...) {
		require.Contains(t, known, name, "no rule has this name")
	}
	for name := range notHere {
		require.Contains(t, known, name, "no rule has this name")
	}
}

// TestRulesPage keeps docs/rules.md equal to the table and the examples.
func TestRulesPage(t *testing.T) {
	all, elsewhere := examples(t, "testdata/rules.txtar"), examples(t, ofDockerfiles)
	var b strings.Builder
	b.WriteString(`# Rules

Every error and warning of jetkit's ends with its rule in brackets. Here is what each rule means, with an example and what is
reported for it. Warnings of a build and of ` + "`--check`" + ` name their place on this page.

A test plans each example: the first one is reported by this rule alone, the second by none. The page is made by
` + "`go test ./pkgspec/project -run RulesPage -update`" + ` from the table in [rules.go](../pkgspec/rules/rules.go) and the
[examples](../pkgspec/project/testdata/rules.txtar), and [those of Dockerfiles](../llb/lint/testdata/rules.txtar). Packages that an
example does not show are there and empty.
Whoever publishes this page sets the address that warnings name: ` + "`go build -ldflags '-X jetkit/pkgspec/diag.page=https://…'`" + `.

`)
	for _, g := range rules.Groups() {
		var names []string
		for _, rule := range g.Rules {
			names = append(names, fmt.Sprintf("[%s](#%[1]s)", rule.Name))
		}
		fmt.Fprintf(&b, "- About %s: %s\n", g.Title, strings.Join(names, ", "))
	}
	for _, g := range rules.Groups() {
		fmt.Fprintf(&b, "\n## Rules about %s\n", g.Title)
		for _, rule := range g.Rules {
			severity := map[diag.Severity]string{diag.Error: "Error", diag.Warning: "Warning", "": "Error or warning"}[rule.Severity]
			if rule.CheckOnly {
				severity += " of `--check`"
			}
			fmt.Fprintf(&b, "\n### %s\n\n%s. %s", rule.Name, severity, rule.Description)
			if rule.Why != "" {
				b.WriteString(" " + rule.Why)
			}
			e, ok := all[rule.Name]
			if other := elsewhere[rule.Name]; other != nil {
				b.WriteString("\n\n" + other["bad"].markdown() + "\n```\n" + other["report"][""] + "```\n\nWithout the fault:\n\n" + other["good"].markdown())
				continue
			}
			if !ok {
				fmt.Fprintf(&b, " %s\n", notHere[rule.Name])
				continue
			}
			b.WriteString("\n\n" + e["bad"].markdown() + "\n```\n")
			for _, d := range problemsOf(t, e["bad"], e["both"]) {
				b.WriteString(d.String() + "\n")
			}
			b.WriteString("```\n\nWithout the fault:\n\n" + e["good"].markdown())
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(rulesPage, []byte(b.String()), 0o644))
	}
	page, err := os.ReadFile(rulesPage)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(page), "run go test ./pkgspec/project -run RulesPage -update")
}

// markdown shows the files of an example.
func (e example) markdown() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(e)) {
		text := strings.ReplaceAll(e[name], "\a", "␇")
		switch name {
		case "args", "platform":
			option := map[string]string{"args": "--build-arg", "platform": "--platform"}[name]
			fmt.Fprintf(&b, "```console\n$ docker buildx build %s %s -f jetson.yaml .\n```\n", option, strings.TrimSpace(text))
		default:
			language := map[string]string{".yaml": "yaml", ".json": "json", ".sh": "sh", ".py": "python"}[path.Ext(name)]
			if language == "" {
				language = "dockerfile"
			}
			fmt.Fprintf(&b, "`%s`:\n\n```%s\n%s```\n", name, language, text)
		}
	}
	return b.String()
}
