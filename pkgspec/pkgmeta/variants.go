package pkgmeta

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/platform"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// maxVariants bounds the versions that one package may declare.
const maxVariants = 500

// variants reads the list of declared versions. Entries at fault are left out.
func (r *reader) variants(n *yamlnode.Node) (field, bool) {
	if len(n.Items) == 0 {
		r.wrongType(n, `write a list, with "- version: ..." for each version`, "variants must be a list of versions")
		return field{}, false
	}
	if len(n.Items) > maxVariants {
		r.problems.Errorf(rules.TooLarge, n.At, "", "there are more than %d variants", maxVariants)
		return field{}, false
	}
	var f field
	seen := map[declaredVersion]diag.Range{}
	for _, entry := range n.Items {
		if entry.Kind != yamlnode.Mapping {
			r.wrongType(entry, "write version: and its other keys", "a variant must be a mapping")
			continue
		}
		if read := r.readKeys(entry, variantKeys); r.variant(entry.At, read, seen) {
			f.variants = append(f.variants, read)
		}
	}
	return f, true
}

// declaredVersion is what tells the rows of a list of variants apart.
type declaredVersion struct{ version, requires string }

// requirements joins the conditions of a row, in any order.
func requirements(read fields) string {
	var texts []string
	for _, item := range read["requires"].items {
		texts = append(texts, item.Value)
	}
	slices.Sort(texts)
	return strings.Join(texts, "\n")
}

// variant checks one entry of variants. seen holds the versions before it.
func (r *reader) variant(at diag.Range, read fields, seen map[declaredVersion]diag.Range) bool {
	version, given := read["version"]
	if !given {
		r.problems.Errorf(rules.MissingKey, at, `write version: "2.8", say`, "a variant needs a version")
		return false
	}
	text := version.value()
	if !isTag(text) {
		r.problems.Errorf(rules.BadName, version.at, "use letters, digits and - _ . +", "%q is no version", text)
		return false
	}
	declared := declaredVersion{text, requirements(read)}
	if first, twice := seen[declared]; twice {
		r.problems.Errorf(rules.DuplicateVersion, version.at, "keep one of them, or give them requires that tell them apart", "version %s is declared twice", text).
			Relate(first, "the first %s", text)
		return false
	}
	seen[declared] = version.at
	for _, condition := range defaultConditions(read["default"]) {
		var wrong *platform.RequirementError
		if _, err := platform.ParseRequirement(condition.Value); errors.As(err, &wrong) {
			r.problems.Errorf(rules.BadRequirement, condition.At, "write true, false, or conditions: "+wrong.Hint, "default: %s", wrong.Message)
		}
	}
	return true
}

// defaultConditions returns the conditions in a default; none for true and false.
func defaultConditions(f field) []diag.Text {
	if len(f.items) == 1 {
		if _, isTruth := yamlnode.Truth(f.value()); isTruth {
			return nil
		}
	}
	return f.items
}

// isTag reports whether a text can stand behind the colon of a package's name.
func isTag(s string) bool {
	for i, c := range s {
		word := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !word && (i == 0 || !strings.ContainsRune("-_.+", c)) {
			return false
		}
	}
	return s != ""
}

// versions makes a package for each declared version, each with what the
// metadata says of all of them. If no entry is sound it makes the bare package,
// which carries the problems.
func (f *folderReader) versions(read fields, dockerfile string) []*catalog.Package {
	common := maps.Clone(read)
	delete(common, "variants")
	delete(common, "variable")
	set := &catalog.VersionSet{Family: path.Base(f.dir)}
	if name, ok := read["name"]; ok {
		set.Family = name.value()
	}
	var problems diag.List
	entries := read["variants"].variants
	if strings.Contains(set.Family, ":") {
		problems.Errorf(rules.BadName, read["name"].at, "write name: "+catalog.Base(set.Family), "%s has a tag, but its versions are declared under variants", set.Family)
		entries = nil
	}
	set.Variable = variable(read, set.Family, &problems)
	for _, alias := range common["alias"].items {
		if strings.Contains(alias.Value, ":") {
			problems.Errorf(rules.BadName, alias.At, "move it to the variant, or leave the tag out: each version adds its own", "the alias %s is that of one version", alias.Value)
		}
	}
	for _, entry := range entries {
		if p, ok := f.finish(versionFields(common, entry, set), dockerfile); ok {
			p.Variant = &catalog.Variant{Set: set, Version: entry["version"].value(), Default: defaultRule(entry["default"]), When: defaultConditions(entry["default"])}
			set.Packages = append(set.Packages, p)
		}
	}
	made := slices.Clone(set.Packages)
	if len(made) == 0 {
		if p, ok := f.finish(common, dockerfile); ok {
			made = append(made, p)
		}
	}
	for _, p := range made {
		p.Problems = append(slices.Clone(problems), p.Problems...)
	}
	return made
}

// variable reads the name of the variable that selects a version.
func variable(read fields, family string, problems *diag.List) string {
	named, ok := read["variable"]
	if !ok {
		return variableOf(family)
	}
	if !isArgName(named.value()) {
		problems.Errorf(rules.BadName, named.at, "use letters, digits and _, as in PYTORCH_VERSION", "%q cannot be the name of a variable", named.value())
		return ""
	}
	return named.value()
}

// versionFields lays one variant over what the metadata says of all versions:
// lists grow, build arguments are laid over each other.
//
// The names that all versions share mean the default without a tag, and a
// version with its tag; so only versions that may be the default have the bare
// ones.
func versionFields(common, entry fields, set *catalog.VersionSet) fields {
	version := entry["version"]
	read := maps.Clone(common)
	read["name"] = field{at: version.at, key: version.key, items: []diag.Text{{Value: set.Family + ":" + version.value(), At: version.at}}}
	var alias []diag.Text
	if defaultRule(entry["default"]) != catalog.DefaultNever {
		alias = append(alias, diag.Text{Value: set.Family, At: version.at})
	}
	for _, shared := range common["alias"].items {
		if defaultRule(entry["default"]) != catalog.DefaultNever {
			alias = append(alias, shared)
		}
		alias = append(alias, diag.Text{Value: shared.Value + ":" + version.value(), At: shared.At})
	}
	read["alias"] = field{at: version.at, items: append(alias, entry["alias"].items...)}
	for _, key := range []string{"depends", "requires", "constraints"} {
		if own, ok := entry[key]; ok {
			own.items = slices.Concat(common[key].items, own.items)
			read[key] = own
		}
	}
	for _, key := range []string{"disabled", "kernels", "source", "checked"} {
		if own, ok := entry[key]; ok {
			read[key] = own
		}
	}
	args := maps.Clone(common["build_args"].args)
	if args == nil {
		args = map[string]argument{}
	}
	if set.Variable != "" {
		args[set.Variable] = argument{Text: version.items[0]}
	}
	maps.Copy(args, entry["build_args"].args)
	read["build_args"] = field{at: version.at, args: args}
	return read
}

// defaultRule reads default: true, false, conditions, or nothing.
func defaultRule(f field) catalog.DefaultRule {
	if len(f.items) == 0 {
		return catalog.DefaultOpen
	}
	if value, isTruth := yamlnode.Truth(f.value()); isTruth && len(f.items) == 1 && !value {
		return catalog.DefaultNever
	}
	return catalog.DefaultWhen
}

// unexpanded reports versions in a place where they are not read.
func unexpanded(read fields) diag.List {
	var problems diag.List
	if declared, ok := read["variants"]; ok {
		problems.Errorf(rules.IgnoredKey, declared.key, "declare the versions in one of the two", "variants have no effect beside a config.py")
	} else if named, ok := read["variable"]; ok {
		problems.Warnf(rules.IgnoredKey, named.key, "remove it, or declare variants", "variable has no effect without variants")
	}
	return problems
}

// variableOf makes the variable of a family that names none: PYTORCH_VERSION
// for pytorch. It is empty where that is no name of a build argument.
func variableOf(family string) string {
	name := strings.Map(func(c rune) rune {
		if c == '-' || c == '.' || c == '+' {
			return '_'
		}
		return c
	}, strings.ToUpper(family)) + "_VERSION"
	if !isArgName(name) {
		return ""
	}
	return name
}
