package resolve

import (
	"slices"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
)

// graph is the packages that one round reached and the demands between them.
type graph struct {
	nodes map[*catalog.Package]*node
	// roots are the requests, in their order.
	roots []*demand
	// order is the chain: every node after the ones it demands.
	order []*node
	// reached is every node in the order in which it was first demanded.
	reached []*node
	// missing are the demands that found nothing, absent those of them that the
	// user leaves out.
	missing, absent []*demand
	// adapted reports for which normal version a package stands in.
	adapted map[*catalog.Package]*catalog.Package
	// cycles are circles of demands.
	cycles [][]*demand
	// exact are the demands that leave no choice of version, in order.
	exact []*demand
	// byVariable are those of them that the user's variables make, and unknown
	// the variables that name a version that there is not.
	byVariable []*demand
	unknown    []unknownVersion
}

// node is a package that was reached.
type node struct {
	pkg *catalog.Package
	// first is the demand that reached it first. Following it back leads to the
	// user on a shortest way.
	first *demand
	// demands are its own, in the order it declares them; askedBy are those that
	// it answers.
	demands, askedBy []*demand
	// skipped marks a package that the user leaves out; excluded one that only
	// packages left out demand.
	skipped, excluded bool
	expanded          bool
	// pinned marks a package whose version follows from the request alone: the
	// user asked for it exactly, or a pinned package does.
	pinned bool
}

// inChain reports whether the package is part of the chain.
func (n *node) inChain() bool { return !n.skipped && !n.excluded }

// demand is one name that a package or the user asks for.
type demand struct {
	text diag.Text
	// by is the package that asks, nil for the user.
	by *node
	// to is the package that answers, nil if there is none.
	to *node
	// match is what the name finds when left alone.
	match match
	// variable is set if the user asks through a variable.
	variable *variable
	// back is the route, once somebody asked for it.
	back *route
}

// route is the way from a demand back to the user's request.
type route struct {
	root  *demand
	steps int
	// viaVersion reports whether a declared version is on the way.
	viaVersion bool
}

// route returns the demand's way back. Each part of a way is walked once, however
// many demands it is part of.
func (d *demand) route() route {
	var walked []*demand
	for ; d.by != nil && d.back == nil; d = d.by.first {
		walked = append(walked, d)
	}
	if d.back == nil {
		d.back = &route{root: d}
	}
	back := *d.back
	for _, next := range slices.Backward(walked) {
		back = route{root: back.root, steps: back.steps + 1, viaVersion: back.viaVersion || next.by.pkg.Variant != nil}
		next.back = &route{back.root, back.steps, back.viaVersion}
	}
	return back
}

// walker makes a graph, given the versions that are settled so far.
type walker struct {
	*graph
	finder *finder
	pins   map[string]*catalog.Package
	skip   []diag.Text
	// chosen keeps the answer to each name.
	chosen map[string]*catalog.Package
	// adapt lets names without a tag find another version than the normal one
	// where that disagrees with pins.
	adapt     bool
	variables map[string]variable
	// excluded is set while looking behind packages that are left out.
	excluded bool
}

// walk finds everything that the requests need, level by level, and then puts it
// in order.
func (r *resolver) walk(pins map[string]*catalog.Package, adapt bool) *graph {
	w := &walker{
		graph:  &graph{nodes: map[*catalog.Package]*node{}, adapted: map[*catalog.Package]*catalog.Package{}},
		finder: r.finder, pins: pins, skip: r.spec.Skip, chosen: map[string]*catalog.Package{}, adapt: adapt,
		variables: r.variables,
	}
	for _, ref := range r.spec.Packages {
		d := &demand{text: ref.Text}
		if ref.Folder != "" {
			d.match = folderMatch(r.cat, ref.Folder)
		} else {
			d.match = r.finder.find(ref.Value)
		}
		w.roots = append(w.roots, d)
		w.ask(d)
	}
	w.expandAll()
	w.applyVariables()
	w.spreadPins()
	// What stands behind the packages that are left out gets into the chain only
	// if something else needs it, but it says in which order and whether a
	// package needs a GPU.
	w.excluded = true
	w.expandAll()
	w.sort()
	return w.graph
}

// folderMatch finds the package of a folder. A folder with several is reported
// by the caller, from match.several.
func folderMatch(cat *catalog.Catalog, folder string) match {
	found := cat.InFolder(folder)
	if len(found) == 0 {
		return match{exact: true}
	}
	return match{pkg: found[0], exact: true, several: len(found) > 1}
}

// ask finds the answer to a demand whose match is known.
func (w *walker) ask(d *demand) {
	pkg := w.choose(d)
	if pkg == nil {
		switch {
		case w.excluded:
		case leftOut(w.skip, d.text.Value):
			w.absent = append(w.absent, d)
		default:
			w.missing = append(w.missing, d)
		}
		return
	}
	n := w.nodes[pkg]
	if n == nil {
		n = &node{pkg: pkg, first: d, excluded: w.excluded, skipped: anyMatches(w.skip, pkg)}
		w.nodes[pkg] = n
		w.reached = append(w.reached, n)
	}
	d.to = n
	if w.excluded {
		return
	}
	n.askedBy = append(n.askedBy, d)
	if d.match.exact && !n.skipped {
		w.exact = append(w.exact, d)
	}
}

// choose returns the package that answers a demand: a settled version that goes
// by the name, or what the name finds by itself.
func (w *walker) choose(d *demand) *catalog.Package {
	if d.match.exact {
		return d.match.pkg
	}
	name := d.text.Value
	if d.by != nil && d.match.pkg != nil && d.match.pkg.Name == name && d.by.pkg.Family() == name && d.by.pkg != d.match.pkg {
		d.match.exact = true // langchain:samples builds on langchain itself
		return d.match.pkg
	}
	if pkg, ok := w.chosen[name]; ok {
		return pkg
	}
	chosen := w.settled(name, d.match.pkg)
	w.chosen[name] = chosen
	return chosen
}

// settled returns the version that the chain has settled on for a name without a
// tag, the normal package's family first, or else the normal package.
func (w *walker) settled(name string, normal *catalog.Package) *catalog.Package {
	if normal != nil {
		if pin := w.pins[normal.Family()]; pin != nil && hasBase(pin, name) {
			return pin
		}
	}
	for _, p := range w.finder.cat.Variants(name) {
		if w.pins[p.Family()] == p {
			return p
		}
	}
	if w.adapt && normal != nil && w.agreement(normal) < 0 {
		return w.adaptation(name, normal)
	}
	return normal
}

// spreadPins marks the packages that exact demands lead to from the user.
func (w *walker) spreadPins() {
	queue := slices.Concat(w.roots, w.byVariable)
	for len(queue) > 0 {
		d := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if d.to != nil && d.match.exact && !d.to.pinned {
			d.to.pinned = true
			queue = append(queue, d.to.demands...)
		}
	}
}

// hasBase reports whether one of a package's names is this one without its tag.
func hasBase(p *catalog.Package, base string) bool {
	for _, name := range p.Names() {
		if catalog.Base(name) == base {
			return true
		}
	}
	return false
}

// expandAll expands every node, also those that are reached on the way.
func (w *walker) expandAll() {
	for next := 0; next < len(w.reached); {
		w.expand(w.reached[next])
		next++
	}
}

// expand asks for what a package demands. Packages that are left out wait until
// the rest is known; those that cannot be used stay as they are.
func (w *walker) expand(n *node) {
	if n.expanded || n.skipped && !w.excluded || !w.finder.usable(n.pkg) {
		return
	}
	n.expanded = true
	for _, text := range n.pkg.Depends {
		d := &demand{text: text, by: n, match: w.finder.find(text.Value)}
		n.demands = append(n.demands, d)
		w.ask(d)
	}
}

// anyMatches reports whether a package goes by any of the names and patterns.
func anyMatches(by []diag.Text, p *catalog.Package) bool {
	for _, text := range by {
		if p.Matches(text.Value) {
			return true
		}
	}
	return false
}

// leftOut reports whether a name that finds no package is left out.
func leftOut(skip []diag.Text, name string) bool {
	for _, text := range skip {
		if catalog.Match(text.Value, name) || catalog.Match(text.Value, catalog.Base(name)) {
			return true
		}
	}
	return false
}
