package lock

import (
	"fmt"
	"slices"
	"strings"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// update is what helps where a build is not what the lock says.
const update = "jetkit lock writes what is now; --build-arg LOCK=ignore builds without the lock"

// Compare reports where a plan is another one than the lock has for the platform. facts is the
// digest of the tables that the plan was made by.
func (l *Lock) Compare(platform string, p *plan.Plan, facts string) diag.List {
	var problems diag.List
	locked, ok := l.Platforms[platform]
	if !ok {
		problems.Errorf(rules.LockDiffers, l.placeOf("platforms"), "jetkit lock --platform "+platform+" adds it; --build-arg LOCK=ignore builds without the lock",
			"the lock has no %s", platform)
		return problems
	}
	hint := update
	if l.Facts != facts {
		hint += "\nthe tables of releases are others than the lock was made with: by another jetkit, or facts of your own"
	}
	now := ChoiceOf(p)
	if locked.Reasons == now.Reasons {
		hint += "\nit is asked for as it was when the lock was made: the packages, or the tables, are others"
	}
	c := &comparison{lock: l, platform: platform, hint: hint, problems: &problems}
	for _, f := range p.Target.Facts() {
		c.value("target "+f.Key, f.Title, locked.Target[f.Key], f.Value)
	}
	c.value("base", "the base image", locked.Base, p.Base)
	c.packages(locked.Packages, now.Packages)
	return problems
}

type comparison struct {
	lock           *Lock
	platform, hint string
	problems       *diag.List
}

// placeOf returns where something is in the lock, or the file if it is not there.
func (l *Lock) placeOf(what string) diag.Range {
	if at, ok := l.at[what]; ok {
		return at
	}
	return diag.Range{File: l.file}
}

func (c *comparison) report(what, format string, args ...any) {
	c.problems.Errorf(rules.LockDiffers, c.lock.placeOf(c.platform+" "+what), c.hint, format, args...)
}

func (c *comparison) value(what, title, locked string, now plan.Value) {
	if locked != now.Value {
		c.report(what, "%s is %s in the lock, and %s now: %s", title, orNone(locked), orNone(now.Value), now.Reason)
	}
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// packages compares chains. A package of the same name but for the version is one that
// moved; where both have the same packages, their order may differ.
func (c *comparison) packages(locked, now []Package) {
	before := len(*c.problems)
	left := slices.Clone(now)
	for _, was := range locked {
		i := slices.IndexFunc(left, func(p Package) bool { return catalog.Base(p.Name) == catalog.Base(was.Name) })
		if i < 0 {
			c.report("package "+was.Name, "%s is in the lock, and not in the chain", was.Name)
			continue
		}
		is := left[i]
		left = slices.Delete(left, i, i+1)
		switch {
		case is.Name != was.Name:
			c.report("package "+was.Name, "%s is in the lock, and %s in the chain", was.Name, is.Name)
		case is.From != was.From:
			c.report("package "+was.Name, "%s is from %s in the lock, and from %s now", was.Name, was.From, is.From)
		}
	}
	for _, p := range left {
		c.report("packages", "%s is in the chain, and not in the lock", p.Name)
	}
	if len(*c.problems) == before && !slices.Equal(locked, now) {
		c.report("packages", "the packages are in another order than in the lock: %s", names(now))
	}
}

func names(packages []Package) string {
	var all []string
	for _, p := range packages {
		all = append(all, p.Name)
	}
	return strings.Join(all, ", ")
}

// NotLocked is the error of something that moves and that a lock does not have.
type NotLocked struct {
	// File is the lock's name.
	File string
	Kind Kind
	Name string
}

func (e *NotLocked) Error() string {
	what := map[Kind]string{Image: "the image", Source: "the source", Git: "the repository", HTTP: "the download"}[e.Kind]
	return fmt.Sprintf("%s %s is not in %s: %s", what, e.Name, e.File, update)
}

// File returns the name of the lock.
func (l *Lock) File() string { return l.file }
