package pkgmeta

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// folderReader reads the packages of one folder.
type folderReader struct {
	*scanner
	tree  Tree
	dir   string
	files []string
	links map[string]bool
	// root is the folder of the source that config.py files are run in.
	root string
	// main is the file that makes the folder a package.
	main string
	// lenient makes faults warnings that upstream only meets when it runs tests.
	lenient bool
	// shared are problems that every package of the folder has.
	shared diag.List
}

// packages reads the packages that a folder itself declares: none, one, or for
// a configuration file that names several, each of them.
func (s *scanner) packages(t Tree, dir string, entries []fs.DirEntry) (r result) {
	defer func() {
		if err := diag.Panic(recover()); err != nil {
			r = s.unreadable(t, dir, err)
		}
	}()
	f := &folderReader{scanner: s, tree: t, dir: dir, root: path.Clean(cmp.Or(t.Dir, ".")), links: map[string]bool{}}
	for _, entry := range entries {
		switch {
		case entry.IsDir():
			continue
		case entry.Type().IsRegular(), entry.Type()&fs.ModeSymlink != 0:
			f.files = append(f.files, entry.Name())
			f.links[entry.Name()] = !entry.Type().IsRegular()
		case strings.EqualFold(entry.Name(), "dockerfile") || isConfig(path.Base(dir), entry.Name()):
			return s.unreadable(t, dir, fmt.Errorf("cannot read the package: %s is %s", entry.Name(), irregular(entry.Type())))
		}
	}
	dockerfile := f.dockerfile()
	configs := configFiles(path.Base(dir), f.files)
	if dockerfile == "" && len(configs) == 0 {
		return result{}
	}
	f.main = dockerfile
	if f.main == "" {
		f.main = configs[0]
	}
	packages, err := f.read(dockerfile, configs)
	if err != nil {
		return s.unreadable(t, dir, fmt.Errorf("cannot read the package: %w", err))
	}
	return result{packages: packages}
}

// irregular returns what a file is that is neither a regular file, a link nor a folder.
func irregular(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// unreadable is the result of a folder that cannot be read. A package stands for
// whatever it holds, so that only those who ask for that are stopped.
func (s *scanner) unreadable(t Tree, dir string, err error) result {
	at := diag.Range{File: t.file(dir)}
	if s.ctx.Err() != nil {
		return result{} // reported for the whole search
	}
	p := &catalog.Package{
		Name: path.Base(dir), Origin: plan.Origin{Kind: t.Kind, Name: t.Name, Path: dir},
		Disabled: err.Error(), Unknown: true, At: at,
	}
	p.Problems.Errorf(rules.Unreadable, at, "", "%v", err)
	return result{packages: foundAll([]*catalog.Package{p})}
}

// dockerfile finds the folder's Dockerfile in any case of letters.
func (f *folderReader) dockerfile() string {
	found := slices.DeleteFunc(slices.Clone(f.files), func(name string) bool { return !strings.EqualFold(name, "dockerfile") })
	if len(found) == 0 {
		return ""
	}
	if len(found) > 1 {
		f.shared.Errorf(rules.TwoDockerfiles, f.at(found[1]), "keep one", "there is a %s beside the %s", found[1], found[0])
	}
	return found[0]
}

// read reads the folder's files and makes its packages.
func (f *folderReader) read(dockerfile string, configs []string) ([]found, error) {
	base, err := f.header(dockerfile)
	if err != nil {
		return nil, err
	}
	return f.bothReadings(base, dockerfile, configs)
}

// from makes the folder's packages on top of a header.
func (f *folderReader) from(base header, dockerfile string, configs []string) ([]found, error) {
	f.shared = append(f.shared, base.problems...)
	if named, ok := base.fields["config"]; ok {
		configs = f.namedConfigs(named)
	}
	if slices.Contains(configs, PythonConfig) {
		f.shared = append(f.shared, unexpanded(base.fields)...)
		return f.postpone(base.fields, dockerfile, configs), nil
	}
	packages, err := f.configured(base.fields, dockerfile, configs)
	return foundAll(packages), err
}

// configured lays the configuration file over the header and makes the
// packages.
func (f *folderReader) configured(base fields, dockerfile string, configs []string) ([]*catalog.Package, error) {
	var c config
	for i, name := range configs {
		if i > 0 {
			f.shared.Errorf(rules.TwoConfigs, f.at(name), "keep one", "there is a %s beside the %s", name, configs[0])
			break
		}
		dt, err := f.file(name)
		if err != nil {
			return nil, err
		}
		c = readConfig(f.tree.file(path.Join(f.dir, name)), dt, dockerfile != "")
		f.shared = append(f.shared, c.problems...)
	}
	if c.foreign != "" {
		if dockerfile == "" {
			return nil, nil
		}
		f.shared.Warnf(rules.ForeignConfig, f.at(configs[0]), "rename it if it belongs to another program",
			"%s is not used: it holds %s, which is no metadata key", configs[0], c.foreign)
	}
	entries := []nestedPackage{{fields: c.own}}
	if len(c.nested) > 0 {
		entries = c.nested
	}
	var packages []*catalog.Package
	for _, entry := range entries {
		made, err := f.packagesOf(base, dockerfile, entry)
		if err != nil {
			return nil, err
		}
		packages = append(packages, made...)
	}
	return packages, nil
}

// packagesOf makes one package, or each version that it declares: the folder's
// header, under the header of the Dockerfile that the entry names, under the
// entry itself.
func (f *folderReader) packagesOf(base fields, dockerfile string, entry nestedPackage) ([]*catalog.Package, error) {
	read := base
	var problems diag.List
	if named, ok := entry.fields["dockerfile"]; ok && named.value() != dockerfile && f.exists(named.value()) {
		own, err := f.header(named.value())
		if err != nil {
			return nil, err
		}
		problems = append(problems, own.problems...)
		read = read.over(own.fields)
	}
	read = read.over(entry.fields)
	if entry.name.Value != "" {
		read["name"] = field{at: entry.name.At, key: entry.name.At, items: []diag.Text{entry.name}}
	}
	var made []*catalog.Package
	if _, declares := read["variants"]; declares {
		made = f.versions(read, dockerfile)
	} else if p, ok := f.finish(read, dockerfile); ok {
		made = append(made, p)
	}
	for _, p := range made {
		p.Problems = slices.Concat(f.shared, problems, p.Problems)
	}
	return made, nil
}

// namedConfigs checks the configuration files that a header names.
func (f *folderReader) namedConfigs(named field) []string {
	var configs []string
	for _, item := range named.items {
		switch {
		case f.linkProblem(item.Value) != "":
			f.shared.Errorf(rules.PathOutside, item.At, "put the file itself there", "%s %s", item.Value, f.linkProblem(item.Value))
		case !f.exists(item.Value):
			f.shared.Errorf(rules.MissingFile, item.At, diag.DidYouMean(item.Value, f.files), "the package's folder has no %s", item.Value)
		case item.Value != PythonConfig && !isData(item.Value):
			f.shared.Errorf(rules.BadConfig, item.At, "name a .yaml, .yml or .json file, or config.py", "%s cannot be read as configuration", item.Value)
		default:
			configs = append(configs, item.Value)
		}
	}
	return configs
}

// header reads a Dockerfile's header; a package without a Dockerfile has none.
func (f *folderReader) header(dockerfile string) (header, error) {
	if dockerfile == "" {
		return header{}, nil
	}
	if problem := f.linkProblem(dockerfile); problem != "" {
		var h header
		h.problems.Errorf(rules.PathOutside, f.at(dockerfile), "put the file itself there", "%s %s", dockerfile, problem)
		return h, nil
	}
	dt, err := f.file(dockerfile)
	if errors.Is(err, cachefs.ErrNotMetadata) {
		return header{}, nil // a Dockerfile of an unusual name
	}
	return readHeader(f.tree.file(path.Join(f.dir, dockerfile)), dt), err
}

// file reads a file of the folder. One that is larger than any metadata is cut
// off a byte beyond the limit, for the caller to refuse; so is one that the file
// system itself refuses to read for its size.
func (f *folderReader) file(name string) (dt []byte, err error) {
	err = f.call(func() error {
		dt, err = fs.ReadFile(f.tree.FS, path.Join(f.dir, name))
		if err == nil {
			return nil
		}
		if info, statErr := fs.Stat(f.tree.FS, path.Join(f.dir, name)); statErr == nil && info.Size() > maxDockerfile {
			dt, err = make([]byte, maxDockerfile+1), nil
		}
		return err
	})
	return dt[:min(len(dt), maxDockerfile+1)], err
}

// maxLinks bounds how many links are followed for one file, as in cachefs.
const maxLinks = 40

// exists reports whether the folder has a file, or a link that leads to one.
func (f *folderReader) exists(name string) bool {
	if !strings.Contains(name, "/") && !f.links[name] {
		return slices.Contains(f.files, name)
	}
	return f.call(func() error {
		info, err := fs.Stat(f.tree.FS, path.Join(f.dir, name))
		if err == nil && !info.Mode().IsRegular() {
			err = fs.ErrNotExist
		}
		return err
	}) == nil
}

// linkProblem returns what is wrong with a file that links lead out of the package's
// folder; "" if nothing is. A file system that cannot tell where its links go is
// trusted: none can leave the source.
func (f *folderReader) linkProblem(name string) (problem string) {
	links, ok := f.tree.FS.(fs.ReadLinkFS)
	if !ok || !strings.Contains(name, "/") && !f.links[name] {
		return ""
	}
	at, rest := ".", strings.Split(path.Clean(name), "/")
	for followed := 0; len(rest) > 0 && followed < maxLinks; {
		at, rest = path.Join(at, rest[0]), rest[1:]
		target := ""
		if at != "." {
			target = f.linkAt(links, at)
		}
		if target == "" {
			continue
		}
		followed++
		next := path.Join(path.Dir(at), target)
		if path.IsAbs(target) || next != "." && !staysInside(next) {
			problem = "is a link to " + target
			if at != path.Clean(name) {
				problem = "leads over the link " + at + " to " + target
			}
			return problem + ", outside the package's folder"
		}
		at, rest = ".", append(strings.Split(next, "/"), rest...)
	}
	return ""
}

// linkAt returns the target of a link in the folder, "" for anything else.
func (f *folderReader) linkAt(links fs.ReadLinkFS, name string) (target string) {
	_ = f.call(func() (err error) { // whoever reads the file reports what is wrong with it
		target, err = links.ReadLink(path.Join(f.dir, name))
		return err
	})
	return target
}

// staysInside reports whether a slash-separated path names something below the
// folder that it is relative to.
func staysInside(p string) bool {
	p = path.Clean(p)
	return fs.ValidPath(p) && p != "." && !strings.Contains(p, `\`)
}

// at returns the place of a whole file of the folder.
func (f *folderReader) at(name string) diag.Range {
	return diag.Range{File: f.tree.file(path.Join(f.dir, name))}
}

// origin is the folder's place in its source.
func (f *folderReader) origin() plan.Origin {
	return plan.Origin{Kind: f.tree.Kind, Name: f.tree.Name, Path: f.dir}
}
