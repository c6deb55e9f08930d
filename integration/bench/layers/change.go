//go:build linux

package main

import "slices"

// change is something that happens to a tree between two builds.
type change struct {
	what string
	// to changes a tree, and names the packages that have to be built for it: no others should.
	to func(t tree, id string) (changed tree, built []string)
	// once is set of a change that makes the same tree each time: a second one finds all that the first one built.
	once bool
}

// added is the name of the package that some changes add. It comes after all others in the order of names.
const added = "q"

// changes are all that are measured. Those in the middle happen to the package there.
var changes = []change{
	{what: "added at the end", to: func(t tree, id string) (tree, []string) {
		last := t.packages[len(t.packages)-1]
		t.packages = append(t.packages, pkg{name: added, needs: last.needsAsNext(), seed: id, content: id})
		return t, []string{added}
	}},
	{what: "added in the middle", to: func(t tree, id string) (tree, []string) {
		middle := len(t.packages) / 2
		before := t.packages[middle-1]
		p := pkg{name: added, needs: before.needsAsNext(), seed: id, content: id}
		// Of a line, the next one needs it.
		if next := &t.packages[middle]; slices.Equal(next.needs, p.needs) && len(p.needs) > 0 {
			next.needs = []string{added}
		}
		t.packages = slices.Insert(t.packages, middle, p)
		return t, t.dependents(added)
	}},
	{what: "removed from the middle", once: true, to: func(t tree, _ string) (tree, []string) {
		gone := t.packages[len(t.packages)/2]
		t.packages = slices.Delete(t.packages, len(t.packages)/2, len(t.packages)/2+1)
		var orphans []string
		for i := range t.packages {
			p := &t.packages[i]
			if at := slices.Index(p.needs, gone.name); at >= 0 {
				p.needs = slices.Replace(p.needs, at, at+1, gone.needs...)
				slices.Sort(p.needs)
				p.needs = slices.Compact(p.needs)
				orphans = append(orphans, p.name)
			}
		}
		if len(orphans) == 0 {
			return t, nil
		}
		return t, t.dependents(orphans...)
	}},
	{what: "changed in the middle", to: func(t tree, id string) (tree, []string) {
		p := &t.packages[len(t.packages)/2]
		p.seed, p.content = id, id
		return t, t.dependents(p.name)
	}},
	// Its command is another one, and what it makes the same.
	{what: "changed, makes the same", to: func(t tree, id string) (tree, []string) {
		p := &t.packages[len(t.packages)/2]
		p.seed = id
		return t, []string{p.name}
	}},
}

// needsAsNext are the needs of a package that is put after this one: of a line it needs this one.
func (p pkg) needsAsNext() []string {
	if len(p.needs) == 0 {
		return nil
	}
	return []string{p.name}
}
