package pkgmeta

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// defaultTests are the scripts that are a package's tests when its metadata
// names none.
var defaultTests = []string{"test.py", "test.sh"}

// finish makes a package of its fields: the defaults are filled in, and what
// the fields name is checked against the folder. A folder that gives no name,
// which only the root of a source can, holds no package.
func (f *folderReader) finish(read fields, dockerfile string) (*catalog.Package, bool) {
	p := &catalog.Package{Origin: f.origin(), Dockerfile: dockerfile}
	check := &checker{folderReader: f, p: p}
	if named, ok := read["dockerfile"]; ok {
		p.Dockerfile = check.dockerfile(named.items[0])
	}
	p.At = f.declared(read)
	if !check.named(read) {
		return nil, false
	}
	for _, alias := range read["alias"].items {
		p.Alias = append(p.Alias, alias.Value)
	}
	p.Group, p.Notes, p.Docs = read["group"].value(), read["notes"].value(), read["docs"].value()
	p.Prefix, p.Postfix = read["prefix"].value(), read["postfix"].value()
	if flags := read["build_flags"].value(); flags != "" {
		p.Problems.Warnf(rules.UnusedBuildFlags, read["build_flags"].at, "give them to docker buildx build, or write them into the Dockerfile",
			"build_flags (%s) are options of docker build and have no effect here", flags)
	}
	p.Depends, p.Requires = read["depends"].items, read["requires"].items
	p.BuildkitDevice = check.device(read["buildkit_device"])
	p.Disabled = disabledReason(read["disabled"].value())
	if gpu, ok := yamlnode.Truth(read["gpu"].value()); ok {
		p.GPU = &gpu
	}
	p.TestTimeout, p.BuildTimeout, p.TestRetries = read["test_timeout"].timeout(), read["build_timeout"].timeout(), read["test_retries"].number()
	if layers, ok := read["layers"]; ok {
		p.AfterAll = &layers.at
	}
	if args := read["build_args"].args; len(args) > 0 {
		p.BuildArgs = map[string]string{}
		for name, value := range args {
			p.BuildArgs[name] = value.Value
		}
		check.unusedArgs(args)
	}
	p.Source, p.Checked = read["source"].value(), read["checked"].value()
	check.constraints(read["constraints"])
	p.Kernels = kernels(read["kernels"])
	p.Problems = append(p.Problems, unexpanded(read)...)
	check.tests(read)
	return p, true
}

// declared returns the place where a package is declared: its name, or the start
// of the file that makes the folder a package.
func (f *folderReader) declared(read fields) diag.Range {
	if name, ok := read["name"]; ok {
		return name.at
	}
	at := f.at(f.main)
	at.Start = diag.Position{Line: 1, Column: 1}
	return at
}

// checker checks what a package's fields name.
type checker struct {
	*folderReader
	p *catalog.Package
}

// named returns the package its name.
func (c *checker) named(read fields) bool {
	name, given := read["name"]
	if !given {
		c.p.Name = path.Base(c.dir)
		return c.dir != "."
	}
	c.p.Name = name.value()
	r := reader{}
	if !r.name("name", name.items[0]) || catalog.IsPattern(c.p.Name) || c.p.Name == "" {
		c.p.Problems.Errorf(rules.BadName, name.at, "use letters, digits and - _ . +, and name:tag for one of several versions",
			"%q is no package name", c.p.Name)
	}
	return true
}

// dockerfile checks the Dockerfile that the metadata names.
func (c *checker) dockerfile(named diag.Text) string {
	if !c.link(named) && !c.exists(named.Value) {
		c.p.Problems.Errorf(rules.MissingFile, named.At, diag.DidYouMean(named.Value, c.files), "the package's folder has no %s", named.Value)
		return named.Value
	}
	return path.Clean(named.Value)
}

// link reports a file that links lead out of the package's folder, and returns
// whether it did.
func (c *checker) link(file diag.Text) bool {
	problem := c.linkProblem(file.Value)
	if problem != "" {
		c.p.Problems.Errorf(rules.PathOutside, file.At, "put the file itself there", "%s %s", file.Value, problem)
	}
	return problem != ""
}

// maxTests bounds the tests of a package: each is a step, and the last step of a build has the
// results of all.
const maxTests = 500

// tests sets the package's tests: those it names, or the default scripts that
// its folder has.
func (c *checker) tests(read fields) {
	named, ok := read["test"]
	if !ok {
		for _, script := range defaultTests {
			if slices.Contains(c.files, script) {
				c.test(diag.Text{Value: script, At: c.p.At})
			}
		}
		return
	}
	if len(named.items) > maxTests {
		c.p.Problems.Errorf(rules.TooLarge, named.at, "call several from one script", "there are more than %d tests", maxTests)
		return
	}
	for _, test := range named.items {
		c.test(test)
	}
}

// test adds a test whose first word is a script of the folder.
func (c *checker) test(test diag.Text) {
	args, err := catalog.SplitTest(test.Value)
	switch {
	case err != nil:
		c.p.Problems.Errorf(rules.BadTest, test.At, "close every quote", "the test %q cannot be split into words: %v", test.Value, err)
		return
	case !staysInside(args[0]):
		c.p.Problems.Errorf(rules.PathOutside, test.At, "name a script inside the package's folder", "the test script %q leaves the package's folder", args[0])
		return
	case c.link(diag.Text{Value: args[0], At: test.At}):
	case !c.exists(args[0]) && c.lenient:
		c.p.Problems.Warnf(rules.MissingFile, test.At, testHint(args[0], c.files), "test %s is left out: the package's folder has no such script", args[0])
		return
	case !c.exists(args[0]):
		c.p.Problems.Errorf(rules.MissingFile, test.At, cmp.Or(whyMissing(c.tree.FS, path.Join(c.dir, args[0])), testHint(args[0], c.files)), "the package's folder has no test script %s", args[0])
		return
	}
	c.p.Tests = append(c.p.Tests, test)
}

// testHint suggests a script, or explains what a test's first word is.
func testHint(script string, files []string) string {
	if strings.Contains(script, ".") {
		return diag.DidYouMean(script, files)
	}
	return "a test starts with the name of a script: test.py, not python3 test.py"
}

// device reads buildkit_device: a CDI device's name, or yes or no.
func (c *checker) device(read field) string {
	value := strings.TrimSpace(read.value())
	switch strings.ToLower(value) {
	case "", "0", "false", "no", "none", "off":
		return ""
	case "1", "true", "yes", "on":
		return plan.DefaultDevice
	}
	if !plan.IsDevice(value) {
		c.p.Problems.Errorf(rules.BadDevice, read.at, "write true for "+plan.DefaultDevice+", or vendor.com/class=name, or vendor.com/class for the first of its devices",
			"buildkit_device: %q is not the name of a CDI device", value)
	}
	return value
}

// disabledReason reads disabled: true, false or the reason itself.
func disabledReason(value string) string {
	disabled, isTruth := yamlnode.Truth(value)
	switch {
	case isTruth && disabled:
		return "disabled by its own metadata"
	case isTruth:
		return ""
	}
	return value
}
