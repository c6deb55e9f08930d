package library

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
)

// TestMatrix compares docs/library.md with how each package resolves on each target.
func TestMatrix(t *testing.T) {
	families := library(t)
	var b strings.Builder
	b.WriteString(generated + `# The library

jetkit has these packages built in. A name without a tag means the version in the table, on plain JetPack of that release and on
PCs; a package's page has its versions, tests, build arguments, and where its facts are from. ` + "`jetkit packages list`" + ` lists what there
is for one target, and [sources](jetson-yaml.md#sources) add others, such as [jetson-containers'](from-jetson-containers.md#both-libraries-together).

A test makes this page and the others: it resolves each name on each target, and fails if one neither resolves nor says why. It also
holds that no linter has anything to say of any package on any target, BuildKit's included. But for one thing, which pages show: whether binaries
that others publish [have code for a target's GPUs](rules.md#no-kernels).

## Packages

"yes" is a package without versions of its own: the distribution's, as a rule. It says that nothing in the package is against the
target, and not that somebody looked into that distribution's archive; [states](#states) say what was built. Numbers in parentheses are
[reasons](#why-not).
`)
	reasons := writeMatrix(&b, families)
	b.WriteString("\n## Why not\n\n")
	if len(reasons) == 0 {
		b.WriteString("All packages resolve on all targets.\n")
	}
	for i, reason := range reasons {
		fmt.Fprintf(&b, "%d. %s\n", i+1, cell(reason))
	}
	writeStates(t, &b, families, readTried(t))
	llbtest.GoldenFile(t, "../../docs/library.md", b.String())
}

// writeMatrix has a table for each group. It returns why names do not resolve.
func writeMatrix(b *strings.Builder, families []family) []string {
	var reasons []string
	group := ""
	for _, f := range families {
		if f.group() != group {
			group = f.group()
			fmt.Fprintf(b, "\n### Group %s\n\n|", group)
			for _, t := range targets() {
				fmt.Fprintf(b, " | %s", t.name)
			}
			b.WriteString(" |\n| ---" + strings.Repeat(" | ---", len(targets())) + " |\n")
		}
		fmt.Fprintf(b, "| [%s](library/%[1]s.md)", f.name)
		for _, a := range f.answers {
			fmt.Fprintf(b, " | %s", a.short(f.name, &reasons))
		}
		b.WriteString(" |\n")
	}
	return reasons
}

// short is an answer in a word, with the number of the reason if it is none.
func (a answer) short(name string, reasons *[]string) string {
	if a.plan != nil {
		_, tag, _ := strings.Cut(a.step(name).Name, ":")
		if tag == "" {
			return "yes"
		}
		return tag
	}
	reason := whyNot(a)
	if !slices.Contains(*reasons, reason) {
		*reasons = append(*reasons, reason)
	}
	return fmt.Sprintf("– (%d)", slices.Index(*reasons, reason)+1)
}

// writeStates says what was tried of each package, and what that means.
func writeStates(t *testing.T, b *strings.Builder, families []family, all []tried) {
	t.Helper()
	b.WriteString(`
## States

How far each package was tried, by the builds of the [integration tests](../CONTRIBUTING.md). A test takes it from the chains that
they build, the files in ` + "`integration/testdata/library`" + `, so that nothing is listed which nobody builds. ` + "`make test`" + ` builds amd64.yaml,
and ` + "`make library`" + ` all of them: large packages and stand-ins take more time than a test of each change may.

| state | what was done | what that does not mean |
| --- | --- | --- |
`)
	for _, row := range []struct {
		kind      kind
		done, not string
	}{
		{built, "Its Dockerfile ran, and its tests passed, on linux/amd64, on Debian 12.", "That it works on a JetPack's own Ubuntu, or on a Jetson."},
		{emulated, "The same for linux/arm64, by an emulator of the processor.", "That it ran on a Jetson, or on any ARM processor."},
		{standIns, "Its Dockerfile ran with servers in the place of NVIDIA's and of PyPI, which have packages of the same names with next to nothing in them. What is asked of which server, and what is done with the answer, was checked.", "That the real packages are there, that they install, or that they work."},
		{planned, "It resolves, is compiled, and no linter has a finding.", "That its Dockerfile ever ran."},
	} {
		fmt.Fprintf(b, "| %s | %s | %s |\n", row.kind.words(), row.done, row.not)
	}
	b.WriteString(`
"Its tests not run" stands where the chain leaves a package's tests out: those that need a GPU, where there is none.
`)
	gpu, err := os.ReadFile("../../docs/gpu.md")
	require.NoError(t, err)
	b.WriteString(ranOnGPU(families, string(gpu)) + `
Sizes of images were not measured.

| package | linux/amd64 | linux/arm64 |
| --- | --- | --- |
`)
	for _, f := range families {
		fmt.Fprintf(b, "| [%s](library/%[1]s.md)", f.name)
		for _, platform := range platformNames() {
			fmt.Fprintf(b, " | %s", stateOf(f, platform, all).text(".."))
		}
		b.WriteString(" |\n")
	}
}

// ranOnGPU says which packages docs/gpu.md names as run on a GPU: by "builtin:GROUP/NAME".
func ranOnGPU(families []family, page string) string {
	var ran []string
	for _, f := range families {
		if regexp.MustCompile(`builtin:` + regexp.QuoteMeta(f.packages[0].Origin.Path) + `\b[^-]`).MatchString(page) {
			ran = append(ran, f.name)
		}
	}
	if len(ran) == 0 {
		return "**No package of the library has run on a GPU or on a Jetson**; [what ran on a GPU](gpu.md#what-ran-on-a-gpu) were examples and packages of tests."
	}
	return "Of the library, only " + quoted(ran) + " [ran on a GPU](gpu.md#what-ran-on-a-gpu), and **no package on a Jetson**."
}
