package pkgmeta

import (
	"path"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// configNames are the configuration files that a folder is searched for.
var configNames = []string{"config.json", "config.yaml", "config.yml"}

// PythonConfig is the one that is a program.
const PythonConfig = "config.py"

// configFiles picks the configuration files out of a folder's files, sorted. A
// file named like the folder counts too: jetson-containers' meta-packages call
// theirs l4t-pytorch/l4t-pytorch.json.
func configFiles(folder string, files []string) []string {
	var found []string
	for _, file := range files {
		if isConfig(folder, file) {
			found = append(found, file)
		}
	}
	slices.Sort(found)
	return found
}

// isConfig reports whether a folder's file is searched for configuration.
func isConfig(folder, file string) bool {
	stem := strings.TrimSuffix(file, path.Ext(file))
	return file == PythonConfig || slices.Contains(configNames, file) || stem == folder && isData(file)
}

// isData reports whether a file is JSON or YAML by its name.
func isData(file string) bool {
	return slices.Contains([]string{".json", ".yaml", ".yml"}, path.Ext(file))
}

// config is what a configuration file says.
type config struct {
	// own is the metadata for the folder's one package, if nested is empty.
	own fields
	// nested holds the packages that the file names, in the order of the file.
	nested []nestedPackage
	// foreign names a key that shows that the file is no package configuration
	// but some other program's; it is empty for package configurations.
	foreign  string
	problems diag.List
}

// nestedPackage is a package that a configuration file names.
type nestedPackage struct {
	name   diag.Text
	fields fields
}

// readConfig reads a configuration file: metadata keys for one package at the
// top level, or names of packages with the keys of each below.
//
// Other programs have a config.yaml too. A file none of whose keys is (or is
// nearly) a metadata key is theirs, and so is, in a folder without a
// Dockerfile, a file with any other key.
func readConfig(file string, dt []byte, besideDockerfile bool) config {
	var c config
	if len(dt) > maxDockerfile {
		c.problems.Errorf(rules.TooLarge, diag.Range{File: file}, "", "the file is larger than %d KiB", maxDockerfile>>10)
		return c
	}
	read := yamlnode.ReadYAML
	if path.Ext(file) == ".json" {
		read = yamlnode.ReadJSON
	}
	root, problems := read(yamlnode.Source{File: file, Text: dt})
	r := reader{problems: problems}
	switch {
	case root == nil:
	case root.Kind != yamlnode.Mapping:
		return config{foreign: root.Describe()}
	case isNested(root):
		c.nested = r.nested(root)
	default:
		if foreign := foreignKey(root, besideDockerfile); foreign != "" {
			return config{foreign: foreign}
		}
		c.own = r.read(root)
	}
	c.problems = atMost(r.problems, maxProblems)
	return c
}

// nested reads "name: {keys}" pairs.
func (r *reader) nested(root *yamlnode.Node) []nestedPackage {
	var packages []nestedPackage
	for _, f := range root.Fields {
		if f.Value.Kind != yamlnode.Mapping && !f.Value.IsNull() {
			r.wrongType(f.Value, "write its keys below it, such as depends", "package "+f.Key+" must be a mapping")
			continue
		}
		packages = append(packages, nestedPackage{name: diag.Text{Value: f.Key, At: f.KeyAt}, fields: r.read(f.Value)})
	}
	return packages
}

// isNested reports whether a mapping names packages: none of its keys is a
// metadata key, and the mappings among its values hold nothing else.
func isNested(root *yamlnode.Node) bool {
	nested := false
	for _, f := range root.Fields {
		if packageKeys.find(f.Key) != nil {
			return false
		}
		if f.Value.Kind == yamlnode.Mapping {
			if foreignKey(f.Value, false) != "" {
				return false
			}
			nested = true
		}
	}
	return nested
}

// foreignKey returns a key that shows that a mapping is no package metadata, or "".
func foreignKey(mapping *yamlnode.Node, besideDockerfile bool) string {
	foreign, ours := "", false
	for _, f := range mapping.Fields {
		switch {
		case packageKeys.find(f.Key) != nil:
			ours = true
		case foreign == "" && diag.Nearest(f.Key, packageKeys.names()) == "":
			foreign = f.Key
		}
	}
	if besideDockerfile && ours {
		return ""
	}
	return foreign
}
