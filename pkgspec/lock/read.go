package lock

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

var sha256Digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// Read reads a lock. It is nil if something is wrong with it.
func Read(file string, text []byte) (*Lock, diag.List) {
	if len(text) > MaxSize {
		var l diag.List
		l.Errorf(rules.TooLarge, diag.Range{File: file}, remake, "the lock is larger than %d MiB", MaxSize>>20)
		return nil, l
	}
	root, problems := yamlnode.ReadJSON(yamlnode.Source{File: file, Text: text})
	r := &reader{lock: New(), problems: &problems}
	r.lock.file = file
	switch {
	case root != nil:
		r.root(root)
	case len(problems) == 0:
		problems.Errorf(rules.EmptyFile, diag.Range{File: file}, remake, "the lock is empty")
	}
	if problems.HasErrors() {
		return nil, problems
	}
	return r.lock, problems
}

// LinkError says that a lock is a link that leads to no file beside it. What is elsewhere on the
// machine is no part of a build, and nobody should take such a lock for none.
func LinkError(file, target string) error {
	return fmt.Errorf("%s is a link to %s, which is no file of its folder: put the lock itself there", file, target)
}

// remake is what helps against a lock that cannot be read.
const remake = "jetkit lock --update all writes it anew, and so does docker buildx build --call=jetson.lock after it is removed"

type reader struct {
	lock     *Lock
	problems *diag.List
}

// fields calls a function for each key of a mapping, which must be one of those that are
// known; nil is any.
func (r *reader) fields(n *yamlnode.Node, what string, known []string, each func(f *yamlnode.Field)) {
	if n.Kind != yamlnode.Mapping {
		r.wrongType(n, what, "a mapping")
		return
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		if known != nil && !slices.Contains(known, f.Key) {
			r.problems.Errorf(rules.UnknownKey, f.KeyAt, diag.DidYouMean(f.Key, known), "unknown key %s in %s", yamlnode.Quote(f.Key), what)
			continue
		}
		each(f)
	}
}

func (r *reader) wrongType(n *yamlnode.Node, what, want string) {
	if n.Kind != yamlnode.Broken { // it is reported already
		r.problems.Errorf(rules.WrongType, n.At, remake, "%s must be %s, not %s", what, want, n.Describe())
	}
}

func (r *reader) text(n *yamlnode.Node, what string) string {
	if n.Kind != yamlnode.Scalar || n.Tag != yamlnode.StrTag {
		r.wrongType(n, what, "a text")
		return ""
	}
	return n.Text
}

func (r *reader) root(n *yamlnode.Node) {
	l := r.lock
	r.fields(n, "the lock", []string{"version", "facts", "pins", "platforms"}, func(f *yamlnode.Field) {
		switch f.Key {
		case "version":
			if f.Value.Text != strconv.Itoa(Version) {
				r.problems.Errorf(rules.UnknownVersion, f.Value.At, "use the jetkit that it was made by, or make it anew with this one",
					"the lock has the version %s, and this jetkit reads %d", yamlnode.Excerpt(f.Value.Text), Version)
			}
		case "facts":
			l.Facts = r.text(f.Value, f.Key)
		case "platforms":
			l.at[f.Key] = f.KeyAt
			r.fields(f.Value, f.Key, nil, func(f *yamlnode.Field) {
				l.at[f.Key] = f.KeyAt
				l.Platforms[f.Key] = r.choice(f.Key, f.Value)
			})
		case "pins":
			r.fields(f.Value, f.Key, []string{string(Image), string(Source), string(Git), string(HTTP)}, func(f *yamlnode.Field) {
				r.pins(Kind(f.Key), f.Value)
			})
		}
	})
	if n.Kind == yamlnode.Mapping && n.Get("version") == nil {
		r.problems.Errorf(rules.MissingKey, n.At, remake, "the lock has no version")
	}
}

// pins reads those of a kind. What a name is pinned to becomes part of what a builder fetches.
func (r *reader) pins(kind Kind, n *yamlnode.Node) {
	r.fields(n, string(kind), nil, func(f *yamlnode.Field) {
		value := r.text(f.Value, string(kind)+"."+yamlnode.Excerpt(f.Key))
		good := sha256Digest.MatchString(value)
		if kind == Git || kind == Source && !good {
			good = plan.IsCommit(value)
		}
		if !good && f.Value.Tag == yamlnode.StrTag {
			r.problems.Errorf(rules.BadValue, f.Value.At, remake, "%s: %s is neither a commit nor a digest", kind, yamlnode.Quote(value))
		}
		r.lock.Set(kind, f.Key, value)
	})
}

func (r *reader) choice(platform string, n *yamlnode.Node) Choice {
	c := Choice{Target: map[string]string{}, Packages: []Package{}}
	r.fields(n, platform, []string{"target", "base", "packages", "reasons"}, func(f *yamlnode.Field) {
		r.lock.at[platform+" "+f.Key] = f.KeyAt
		switch f.Key {
		case "target":
			r.fields(f.Value, f.Key, nil, func(f *yamlnode.Field) {
				c.Target[f.Key] = r.text(f.Value, f.Key)
				r.lock.at[platform+" target "+f.Key] = f.KeyAt
			})
		case "base":
			c.Base = r.text(f.Value, f.Key)
		case "packages":
			c.Packages = r.packages(platform, f.Value)
		case "reasons":
			c.Reasons = r.text(f.Value, f.Key)
		}
	})
	return c
}

func (r *reader) packages(platform string, n *yamlnode.Node) []Package {
	if n.Kind != yamlnode.List {
		r.wrongType(n, "packages", "a list")
		return []Package{}
	}
	all := []Package{}
	for _, item := range n.Items {
		var p Package
		r.fields(item, "a package", []string{"name", "from"}, func(f *yamlnode.Field) {
			text := r.text(f.Value, f.Key)
			if f.Key == "name" {
				p.Name = text
			} else {
				p.From = text
			}
		})
		r.lock.at[platform+" package "+p.Name] = item.At
		all = append(all, p)
	}
	return all
}
