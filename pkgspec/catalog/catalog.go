package catalog

import (
	"maps"
	"path"
	"slices"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// Catalog is every package that was found, in scan order: the trees in the
// order of the request, and in each tree the folders in the order of their
// paths, a folder's subfolders before the folder itself. A lookup that several
// packages answer takes the first, as in jetson-containers.
//
// A Catalog doesn't change once made, so any number of goroutines may use it.
type Catalog struct {
	packages []*Package
	byName   map[string][]*Package
	byBase   map[string][]*Package
	byFolder map[string][]*Package
	names    []string
	trees    map[*Package]int // which tree a package is of
	leftOut  []LeftOut
}

// LeftOut is a folder that the search for packages left out.
type LeftOut struct {
	// Folder is the folder's name for messages.
	Folder string
	// Why says in words why it was left out: "it is a link".
	Why string
	// Ignored reports that an ignore file leaves it out.
	Ignored bool
	tree    int
}

// New indexes packages that are given tree by tree, in scan order. A package whose
// real name an earlier tree has too is left out. Packages of one tree with one real
// name all stay: their requirements may tell them apart.
func New(trees ...[]*Package) *Catalog {
	c := &Catalog{byName: map[string][]*Package{}, byBase: map[string][]*Package{}, byFolder: map[string][]*Package{}, trees: map[*Package]int{}}
	taken := map[string]int{}
	for i, tree := range trees {
		for _, p := range tree {
			if first, known := taken[p.Name]; known && first < i {
				continue
			}
			taken[p.Name] = i
			c.trees[p] = i
			c.add(p)
		}
	}
	c.names = slices.Sorted(maps.Keys(c.byName))
	return c
}

// add indexes one package.
func (c *Catalog) add(p *Package) {
	c.packages = append(c.packages, p)
	bases := map[string]bool{}
	names := map[string]bool{}
	for _, name := range p.lookups() {
		if !names[name] {
			names[name] = true
			c.byName[name] = append(c.byName[name], p)
		}
		if base := Base(name); !bases[base] {
			bases[base] = true
			c.byBase[base] = append(c.byBase[base], p)
		}
	}
	if p.Origin.Kind == plan.Context {
		c.byFolder[p.Origin.Path] = append(c.byFolder[p.Origin.Path], p)
	}
}

// lookups returns the names that find a package.
func (p *Package) lookups() []string {
	names := p.Names()
	if p.Unknown {
		for _, name := range p.Names() {
			names = append(names, Base(name))
		}
	}
	return names
}

// Packages returns every package in scan order, also those that are disabled or
// have problems. The slice is shared: don't change it.
func (c *Catalog) Packages() []*Package { return c.packages }

// Lookup returns the packages that a name or pattern finds, in scan order: those
// with exactly this real name or alias, or for a pattern those with a matching
// one.
func (c *Catalog) Lookup(name string) []*Package {
	if !IsPattern(name) {
		return c.byName[name]
	}
	var found []*Package
	for _, p := range c.packages {
		if slices.ContainsFunc(p.lookups(), func(n string) bool { return Match(name, n) }) {
			found = append(found, p)
		}
	}
	return found
}

// Find returns the first package that a name or pattern finds, or nil. It does
// not look at requirements; the resolver, which knows the target, does.
func (c *Catalog) Find(name string) *Package {
	if found := c.Lookup(name); len(found) > 0 {
		return found[0]
	}
	return nil
}

// Variants returns the packages with a real name or alias that is this name
// when tags are taken off: for "pytorch" each of pytorch:2.7 and pytorch:2.8.
func (c *Catalog) Variants(base string) []*Package { return c.byBase[base] }

// UnknownBefore returns the first unknown package that may be the one of this name,
// or nil. It looks at the packages before p in scan order, at all if p is nil.
func (c *Catalog) UnknownBefore(name string, p *Package) *Package {
	for _, other := range c.byBase[Base(name)] {
		if other == p {
			return nil
		}
		if other.Unknown {
			return other
		}
	}
	return nil
}

// LeaveOut notes folders that the search of a tree left out. It is for whoever
// makes the catalog.
func (c *Catalog) LeaveOut(tree int, folders []LeftOut) {
	for _, folder := range folders {
		folder.tree = tree
		c.leftOut = append(c.leftOut, folder)
	}
}

// LeftOutBefore returns the first folder that was left out, has the name without a
// tag, and is of a tree before p's; of any tree if p is nil.
func (c *Catalog) LeftOutBefore(name string, p *Package) (LeftOut, bool) {
	for _, folder := range c.leftOut {
		if path.Base(folder.Folder) == Base(name) && (p == nil || folder.tree < c.trees[p]) {
			return folder, true
		}
	}
	return LeftOut{}, false
}

// Ignored returns the folders that an ignore file left out.
func (c *Catalog) Ignored() []string {
	var folders []string
	for _, folder := range c.leftOut {
		if folder.Ignored {
			folders = append(folders, folder.Folder)
		}
	}
	return folders
}

// InFolder returns the packages declared in a folder of the build context.
func (c *Catalog) InFolder(folder string) []*Package { return c.byFolder[folder] }

// Suggest returns a hint for a name that finds nothing: the tags that exist, or
// the name that is likely meant. It is "" when nothing is near. It looks at every
// name, so ask only for names that are shown to people.
func (c *Catalog) Suggest(name string) string {
	if IsPattern(name) {
		return ""
	}
	if variants := c.byBase[Base(name)]; len(variants) > 0 {
		return "there is " + diag.Some(realNames(variants), ", ", 8)
	}
	if near := diag.Nearest(name, c.names); near != "" {
		return "did you mean " + near + "?"
	}
	if hint := diag.DidYouMean(Base(name), c.names); hint != "" {
		return hint
	}
	// No package may answer to the bare name of a family: cudastack, if all there
	// is are cudastack:minimal and cudastack:standard.
	near := diag.Nearest(Base(name), slices.Sorted(maps.Keys(c.byBase)))
	if near == "" {
		return ""
	}
	return "did you mean " + diag.Some(realNames(c.byBase[near]), ", ", 8) + "?"
}

// realNames returns the real names of packages, each once, in their order.
func realNames(packages []*Package) []string {
	var names []string
	seen := map[string]bool{}
	for _, p := range packages {
		if !seen[p.Name] {
			seen[p.Name] = true
			names = append(names, p.Name)
		}
	}
	return names
}
