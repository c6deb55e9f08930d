package imagetree

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Aspect is what of a path differs between two trees.
type Aspect string

// The aspects. Times are none, as they are those of the build: see [CompareTimes].
const (
	Missing Aspect = "missing" // only the first tree has the path
	Added   Aspect = "added"   // only the second has it
	Kind    Aspect = "kind"
	Mode    Aspect = "mode"
	Owner   Aspect = "owner"
	Content Aspect = "content" // or where a link leads, or a device's number
	Xattr   Aspect = "xattr"
	Linked  Aspect = "linked" // which other paths are the same file
)

// Difference is one aspect of one path.
type Difference struct {
	Path          string
	Aspect        Aspect
	First, Second string // what the trees say; empty where a tree does not have the path
}

func (d Difference) String() string {
	return fmt.Sprintf("%-8s %s %s", d.Aspect, d.Path, strings.TrimSpace(shorten(d.First)+" / "+shorten(d.Second)))
}

// Naming tells a tree's numbers of users and groups as what they mean. A nil Naming leaves them numbers.
type Naming struct{ Users, Groups map[int]string }

func (n *Naming) owner(f *File) string {
	if n == nil {
		return fmt.Sprintf("%d:%d", f.UID, f.GID)
	}
	return named(n.Users, f.UID) + ":" + named(n.Groups, f.GID)
}

func named(names map[int]string, number int) string {
	if name, ok := names[number]; ok {
		return name
	}
	return strconv.Itoa(number)
}

// Side is a tree to compare.
type Side struct {
	Tree   Tree
	Naming *Naming
}

// Compare lists all differences by path.
func Compare(first, second Side) []Difference {
	var found []Difference
	firstLinks, secondLinks := first.Tree.linked(), second.Tree.linked()
	names := slices.Collect(maps.Keys(first.Tree))
	for name := range second.Tree {
		if first.Tree[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		a, b := first.Tree[name], second.Tree[name]
		switch {
		case b == nil:
			found = append(found, Difference{Path: name, Aspect: Missing, First: a.describe()})
			continue
		case a == nil:
			found = append(found, Difference{Path: name, Aspect: Added, Second: b.describe()})
			continue
		case a.Type != b.Type:
			found = append(found, Difference{name, Kind, a.describe(), b.describe()})
			continue
		}
		for _, pair := range []Difference{
			{name, Mode, fmt.Sprintf("%04o", a.Mode), fmt.Sprintf("%04o", b.Mode)},
			{name, Owner, first.Naming.owner(a), second.Naming.owner(b)},
			{name, Content, a.content(), b.content()},
			{name, Xattr, a.Xattrs, b.Xattrs},
			{name, Linked, firstLinks[name], secondLinks[name]},
		} {
			if pair.First != pair.Second {
				found = append(found, pair)
			}
		}
	}
	return found
}

// CompareTimes lists the paths that both trees have and that changed at different times.
func CompareTimes(first, second Tree) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(first)) {
		if b := second[name]; b != nil && !first[name].ModTime.Equal(b.ModTime) {
			found = append(found, name)
		}
	}
	return found
}

func (f *File) describe() string { return fmt.Sprintf("%c %04o %s", f.Type, f.Mode, f.content()) }

func (f *File) content() string {
	switch {
	case f.Digest != "":
		return fmt.Sprintf("%d bytes %s", f.Size, f.Digest)
	case f.Link != "":
		return "-> " + f.Link
	}
	return f.Device
}

func shorten(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
