package library

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/packages"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/pyreq"
)

// generated begins each page.
const generated = "<!-- made by go test ./frontend/library -update -->\n"

// TestPackagePages compares docs/library/NAME.md with what the package says of itself and how it
// resolves.
func TestPackagePages(t *testing.T) {
	all := readTried(t)
	families := library(t)
	known := map[string]bool{}
	for _, f := range families {
		known[f.name+".md"] = true
		llbtest.GoldenFile(t, filepath.Join("../../docs/library", f.name+".md"), page(t, f, families, all))
	}
	onlyOf(t, "../../docs/library", known)
}

// page is a package's page.
func page(t *testing.T, f family, families []family, all []tried) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\n", generated, f.name)
	for _, text := range distinct(f, func(p *catalog.Package) string { return p.Notes }) {
		fmt.Fprintf(&b, "%s.\n", cell(strings.TrimRight(text, ".")))
	}
	fmt.Fprintf(&b, "\nGroup %s, in %s.", f.group(), strings.Join(f.folders("[packages/%s](../../packages/%[1]s)"), " and "))
	if names := f.aliases(); len(names) > 0 {
		fmt.Fprintf(&b, " Other names: %s.", quoted(names))
	}
	for _, docs := range distinct(f, func(p *catalog.Package) string { return p.Docs }) {
		fmt.Fprintf(&b, " More: %s.", docs)
	}
	fmt.Fprintf(&b, " [All packages](../library.md).\n")
	writeExample(t, &b, f)
	writeVersions(&b, f)
	fmt.Fprintf(&b, "\n## State\n\n| platform | state |\n| --- | --- |\n")
	for _, name := range platformNames() {
		s := stateOf(f, name, all)
		fmt.Fprintf(&b, "| %s | %s |\n", name, strings.TrimSpace(s.text("../..")+" "+s.versionOf(f)))
	}
	b.WriteString("\n[What the words mean](../library.md#states).\n")
	writeDepends(&b, f, families)
	writeTests(t, &b, f)
	writeArgs(t, &b, f)
	for _, dir := range f.folders("%s") {
		if dt, err := fs.ReadFile(packages.FS, path.Join(dir, "README.md")); err == nil {
			b.WriteString("\n## README\n\n" + strings.TrimSpace(demote(string(dt))) + "\n")
		}
	}
	return b.String()
}

// folders lists the folders that the versions are in, each once and in a format.
func (f family) folders(format string) []string {
	return distinct(f, func(p *catalog.Package) string { return fmt.Sprintf(format, p.Origin.Path) })
}

// versionOf names the version that was tried, where there are several.
func (s state) versionOf(f family) string {
	if s.version == "" || len(f.packages) == 1 {
		return ""
	}
	return "as `" + s.version + "`"
}

// writeExample shows a jetson.yaml that resolves, and its chain.
func writeExample(t *testing.T, b *strings.Builder, f family) {
	t.Helper()
	i := slices.IndexFunc(f.answers, func(a answer) bool { return a.plan != nil && a.target.name == "JetPack 6.2" })
	if i < 0 {
		i = slices.IndexFunc(f.answers, func(a answer) bool { return a.plan != nil })
	}
	require.GreaterOrEqual(t, i, 0, "%s resolves nowhere", f.name)
	a := f.answers[i]
	text := jetsonYAML(a.target, f.name)
	_, solved, problems, err := load(t.Context(), "jetson.yaml", text, a.target.platform, root())
	require.NoError(t, err)
	require.NotNil(t, solved, problems.Err())
	require.Equal(t, names(a.plan), names(solved), "the example's chain is that of the table")
	fmt.Fprintf(b, "\n```yaml\n%s```\n\nThe chain on %s: %s.\n", text, a.target.name, quoted(names(solved)))
}

// names lists the chain of a plan.
func names(p *plan.Plan) []string {
	var list []string
	for _, s := range p.Steps {
		list = append(list, s.Name)
	}
	return list
}

// writeVersions has the table of targets, and that of the versions.
func writeVersions(b *strings.Builder, f family) {
	b.WriteString("\n## Versions\n\n")
	if only := f.everywhere(); only != "" {
		fmt.Fprintf(b, "`%s` is `%s` on JetPack 5.1.2 to 7.2 and on x86_64.\n", f.name, only)
	} else {
		fmt.Fprintf(b, "| on | `%s` is |\n| --- | --- |\n", f.name)
		for _, a := range f.answers {
			is := "–: " + cell(whyNot(a))
			if a.plan != nil {
				is = "`" + a.step(f.name).Name + "`"
			}
			fmt.Fprintf(b, "| %s | %s |\n", a.target.name, is)
		}
	}
	var rows [][]string
	for _, p := range f.packages {
		needs := quoted(texts(p.Requires))
		if p.Disabled != "" {
			needs = strings.TrimPrefix(needs+"; disabled: "+cell(p.Disabled), "–; ")
		}
		rows = append(rows, []string{"`" + p.Name + "`", needs, quoted(texts(p.Depends)), quoted(keeps(p)), quoted(kernels(p)), facts(p)})
	}
	writeTable(b, []string{"package", "needs of the target", "depends on", "later packages keep", "code for GPUs", "facts"}, rows)
	if warnings := f.warnings(); len(warnings) > 0 {
		fmt.Fprintf(b, "\nThe plan warns ([no-kernels](../rules.md#no-kernels)):\n\n- %s\n", strings.Join(warnings, "\n- "))
	}
}

// keeps lists which versions of Python projects later packages have to keep.
func keeps(p *catalog.Package) []string {
	var list []string
	for _, c := range p.Constraints {
		text := c.Value
		if r, err := pyreq.Expand(text, p.BuildArgs); err == nil { // else the scan reports it
			text = r.Project + r.Specifier
		}
		list = append(list, text)
	}
	return list
}

// kernels lists the compute capabilities that a package's binaries have.
func kernels(p *catalog.Package) []string {
	var list []string
	for _, k := range p.Kernels {
		text := fmt.Sprint(k.SM)
		if k.PTX {
			text += "+ptx"
		}
		list = append(list, text)
	}
	return list
}

// facts says where the facts about a version are from.
func facts(p *catalog.Package) string {
	text := cmp.Or(cell(p.Source), "–")
	if p.Checked != "" {
		text += ", read on " + p.Checked
	}
	return text
}

// writeTable leaves out the columns that say nothing.
func writeTable(b *strings.Builder, heads []string, rows [][]string) {
	for i := len(heads) - 1; i > 0; i-- {
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[i] != "–" }) {
			heads = slices.Delete(heads, i, i+1)
			for k := range rows {
				rows[k] = slices.Delete(rows[k], i, i+1)
			}
		}
	}
	if len(heads) == 1 {
		return
	}
	fmt.Fprintf(b, "\n| %s |\n|%s\n", strings.Join(heads, " | "), strings.Repeat(" --- |", len(heads)))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}

// everywhere returns what the bare name means, if that is the same on all targets.
func (f family) everywhere() string {
	only := ""
	for _, a := range f.answers {
		if a.plan == nil || only != "" && a.step(f.name).Name != only {
			return ""
		}
		only = a.step(f.name).Name
	}
	return only
}

// writeDepends links what the package depends on and what depends on it.
func writeDepends(b *strings.Builder, f family, families []family) {
	var on, by []string
	for _, other := range families {
		link := fmt.Sprintf("[%s](%[1]s.md)", other.name)
		if other.name != f.name && dependsOn(f, other) {
			on = append(on, link)
		}
		if other.name != f.name && dependsOn(other, f) {
			by = append(by, link)
		}
	}
	fmt.Fprintf(b, "\n## Depends\n\n- on: %s\n- needed by: %s\n", list(on), list(by))
}

// dependsOn reports whether a version of a package names another package.
func dependsOn(f, on family) bool {
	return slices.ContainsFunc(f.packages, func(p *catalog.Package) bool {
		return slices.ContainsFunc(p.Depends, func(d diag.Text) bool {
			return slices.ContainsFunc(on.packages, func(q *catalog.Package) bool { return q.Matches(d.Value) })
		})
	})
}

// writeTests lists the test scripts with what each says that it does.
func writeTests(t *testing.T, b *strings.Builder, f family) {
	t.Helper()
	b.WriteString("\n## Tests\n\n")
	var scripts []string
	gpu := false
	for _, a := range f.answers {
		gpu = gpu || a.plan != nil && a.step(f.name).GPU
	}
	for _, p := range f.packages {
		for _, test := range p.Tests {
			args, err := catalog.SplitTest(test.Value)
			require.NoError(t, err)
			dt, err := fs.ReadFile(packages.FS, path.Join(p.Origin.Path, args[0]))
			require.NoError(t, err)
			summary := summaryOf(string(dt))
			require.NotEmpty(t, summary, "%s: %s begins with no comment that says what it tests", p.Name, args[0])
			if line := fmt.Sprintf("- %s: %s\n", quoted([]string{test.Value}), cell(summary)); !slices.Contains(scripts, line) {
				scripts = append(scripts, line)
			}
		}
	}
	b.WriteString(strings.Join(scripts, ""))
	switch {
	case len(scripts) == 0:
		b.WriteString("None.\n")
	case gpu:
		b.WriteString("\nThey need a GPU.\n")
	default:
		b.WriteString("\nThey need no GPU.\n")
	}
}

var (
	docstring = regexp.MustCompile(`(?s)^(?:\s*#[^\n]*\n|\s*\n)*\s*[rR]?"""(.*?)"""`)
	paragraph = regexp.MustCompile(`\n\s*\n`)
)

// summaryOf returns the first paragraph of a script's docstring or first comment.
func summaryOf(script string) string {
	if m := docstring.FindStringSubmatch(script); m != nil {
		return join(paragraph.Split(strings.TrimSpace(m[1]), 2)[0])
	}
	var lines []string
	for line := range strings.Lines(script) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		switch {
		case strings.HasPrefix(comment, "!") && len(lines) == 0:
		case ok && strings.TrimSpace(comment) != "":
			lines = append(lines, comment)
		case len(lines) > 0:
			return join(strings.Join(lines, "\n"))
		}
	}
	return join(strings.Join(lines, "\n"))
}

// writeArgs lists what ARG instructions declare, with defaults and the comments above them.
func writeArgs(t *testing.T, b *strings.Builder, f family) {
	t.Helper()
	var rows []string
	seen := map[string]bool{}
	for _, p := range f.packages {
		if p.Dockerfile == "" {
			continue
		}
		dt, err := fs.ReadFile(packages.FS, path.Join(p.Origin.Path, p.Dockerfile))
		require.NoError(t, err)
		for _, arg := range declared(t, dt) {
			if arg.name == "BASE_IMAGE" || seen[arg.name] {
				continue
			}
			seen[arg.name] = true
			rows = append(rows, "| "+quoted([]string{arg.name})+" | "+f.defaultOf(arg)+" | "+cell(arg.comment)+" |\n")
		}
	}
	b.WriteString("\n## Build arguments\n\n")
	if len(rows) == 0 {
		b.WriteString("None.\n")
		return
	}
	b.WriteString("| name | default | |\n| --- | --- | --- |\n" + strings.Join(rows, ""))
}

// argument is what an ARG instruction declares.
type argument struct{ name, value, comment string }

// declared reads the ARG instructions of a Dockerfile.
func declared(t *testing.T, dockerfile []byte) []argument {
	t.Helper()
	parsed, err := parser.Parse(bytes.NewReader(dockerfile))
	require.NoError(t, err)
	stages, meta, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{}))
	require.NoError(t, err)
	var all []argument
	add := func(c instructions.ArgCommand) {
		comment := join(strings.Join(c.Comments(), "\n"))
		for _, arg := range c.Args {
			all = append(all, argument{arg.Key, strings.Trim(arg.ValueString(), `"'`), comment})
			comment = ""
		}
	}
	for _, c := range meta {
		add(c)
	}
	for _, s := range stages {
		for _, c := range s.Commands {
			if arg, ok := c.(*instructions.ArgCommand); ok {
				add(*arg)
			}
		}
	}
	return all
}

// defaultOf says what a build argument is if the user gives none: what the versions say, the
// target, or the Dockerfile.
func (f family) defaultOf(arg argument) string {
	var values []string
	add := func(value string) {
		if !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	ofTarget := false
	for _, a := range f.answers {
		if a.plan == nil {
			continue
		}
		step := a.step(f.name)
		if value, ok := step.BuildArgs[arg.name]; ok {
			add(value)
			continue
		}
		_, given := chain.BuildArgs(a.plan, step)[arg.name]
		ofTarget = ofTarget || given
	}
	switch {
	case ofTarget:
		return "the target's"
	case len(values) > 0:
		return quoted(values)
	case arg.value != "":
		return "`" + strings.ReplaceAll(arg.value, "|", `\|`) + "`"
	}
	return "none"
}

// aliases lists the other names without tags, each once.
func (f family) aliases() []string {
	var names []string
	for _, p := range f.packages {
		for _, name := range p.Alias {
			if base := catalog.Base(name); base != f.name && !slices.Contains(names, base) {
				names = append(names, base)
			}
		}
	}
	return names
}

// distinct lists what the versions of a package say, each text once.
func distinct(f family, of func(*catalog.Package) string) []string {
	var all []string
	for _, p := range f.packages {
		if text := of(p); text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

func texts(list []diag.Text) []string {
	var all []string
	for _, t := range list {
		all = append(all, t.Value)
	}
	return all
}

// quoted lists words as code.
func quoted(words []string) string {
	if len(words) == 0 {
		return "–"
	}
	return "`" + strings.ReplaceAll(strings.Join(words, "`, `"), "|", `\|`) + "`"
}

func list(items []string) string {
	if len(items) == 0 {
		return "nothing"
	}
	return strings.Join(items, ", ")
}

// cell is text for a cell of a table, with what Markdown would take for its own.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`, "[", `\[`, "\n", " ").Replace(text)
}

// join makes one line of several.
func join(text string) string { return strings.Join(strings.Fields(text), " ") }

// demote puts the headings of a README below those of the page.
func demote(text string) string {
	return regexp.MustCompile(`(?m)^(#+ )`).ReplaceAllString(text, "##$1")
}
