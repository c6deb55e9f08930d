package pkgmeta

import (
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

// configNames are the configuration files that a folder is searched for, and
// pythonConfig the one that is a program.
var configNames = []string{"config.json", "config.yaml", "config.yml"}

const pythonConfig = "config.py"

// configFiles picks the configuration files out of a folder's files, sorted. A
// file named like the folder counts too: jetson-containers' meta-packages call
// theirs l4t-pytorch/l4t-pytorch.json.
func configFiles(folder string, files []string) []string {
	var found []string
	for _, file := range files {
		stem := strings.TrimSuffix(file, path.Ext(file))
		if file == pythonConfig || slices.Contains(configNames, file) || stem == folder && isData(file) {
			found = append(found, file)
		}
	}
	slices.Sort(found)
	return found
}

// isData tells whether a file is JSON or YAML by its name.
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
	doc := &document{file: file, text: dt}
	parse := doc.parse
	if path.Ext(file) == ".json" {
		parse = doc.parseJSON
	}
	root, problems := parse()
	if root == nil {
		c.problems = problems
		return c
	}
	if root.Kind != yaml.MappingNode {
		c.foreign = describe(root)
		return c
	}
	r := reader{at: doc.at}
	if isNested(root) {
		c.nested = r.nested(root)
	} else if c.foreign = foreignKey(root, besideDockerfile); c.foreign == "" {
		c.own = r.read(root)
	}
	c.problems = atMost(append(problems, r.problems...), maxProblems)
	return c
}

// nested reads "name: {keys}" pairs.
func (r *reader) nested(root *yaml.Node) []nestedPackage {
	var packages []nestedPackage
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if !r.plain(key, "a package's name") || !r.once(seen, key) {
			continue
		}
		if value.Kind != yaml.MappingNode && !isNull(value) {
			r.problems.Errorf(rules.WrongType, r.at(value), "write its keys below it, such as depends", "package %s must be a mapping, not %s", key.Value, describe(value))
			continue
		}
		packages = append(packages, nestedPackage{name: diag.Text{Value: key.Value, At: r.at(key)}, fields: r.read(value)})
	}
	return packages
}

// isNested tells whether a mapping names packages: none of its keys is a
// metadata key, and the mappings among its values hold nothing else.
func isNested(root *yaml.Node) bool {
	nested := false
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if _, known := keys[key.Value]; known {
			return false
		}
		if value.Kind == yaml.MappingNode {
			if foreignKey(value, false) != "" {
				return false
			}
			nested = true
		}
	}
	return nested
}

// foreignKey gives a key that says that a mapping is no package metadata, or "".
func foreignKey(mapping *yaml.Node, besideDockerfile bool) string {
	foreign, ours := "", false
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key := mapping.Content[i].Value
		_, known := keys[key]
		switch {
		case known:
			ours = true
		case diag.Nearest(key, keyNames) == "" && foreign == "":
			foreign = key
		}
	}
	if besideDockerfile && ours {
		return ""
	}
	return foreign
}
