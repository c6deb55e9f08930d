package lint

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// image is one that a Dockerfile names.
type image struct {
	ref      string
	line     int
	comments []string
}

// images lists the images that stages are built on, and that files come from.
func (f *finder) images() []image {
	var all []image
	add := func(ref string, line int, comments []string, before int) {
		if ref == "" || ref == "scratch" || strings.Contains(ref, "$") || f.IsContext(ref) || f.isStage(ref, before) {
			return
		}
		all = append(all, image{ref, line, comments})
	}
	for i, s := range f.stages {
		if s.parent < 0 && !s.onBase {
			add(s.base, firstLine(s.Location), s.Comments, i)
		}
		for _, command := range s.Commands {
			switch c := command.(type) {
			case *instructions.CopyCommand:
				add(c.From, firstLine(c.Location()), c.Comments(), i)
			case *instructions.RunCommand:
				for _, m := range instructions.GetMounts(c) {
					add(m.From, firstLine(c.Location()), c.Comments(), i)
				}
			}
		}
	}
	return all
}

// isStage reports whether a name or number is that of a stage before another one.
func (f *finder) isStage(name string, before int) bool {
	if stageNumber.MatchString(name) {
		return true
	}
	return slices.ContainsFunc(f.stages[:before], func(s stage) bool { return s.Name != "" && strings.EqualFold(s.Name, name) })
}

var stageNumber = regexp.MustCompile(`^[0-9]+$`)

// unpinnedImages reports images that may be others in the next build.
func (f *finder) unpinnedImages() {
	if f.Locked {
		return
	}
	for _, i := range f.images() {
		if name, moves := plan.MovingImage(i.ref); moves {
			f.report(rules.UnpinnedImage, i.line, i.comments, "name a version, or for one image alone its digest: "+name+"@sha256:…",
				"%s is whatever image that name has on the day of the build", i.ref)
		}
	}
}

// otherGeneration warns of images for Jetsons with another driver.
func (f *finder) otherGeneration() {
	for _, s := range f.ofImage() {
		if s.parent >= 0 || s.onBase || f.OtherGeneration == nil {
			continue
		}
		if message, hint := f.OtherGeneration(s.base); message != "" {
			f.report(rules.OtherGeneration, firstLine(s.Location), s.Comments, hint, "%s", message)
		}
	}
}

// unbased reports a package that is not built on what it is told to build on.
func (f *finder) unbased() {
	last := f.stages[len(f.stages)-1]
	if !f.Unbased || last.onBase {
		return
	}
	root := last
	for root.parent >= 0 {
		root = f.stages[root.parent]
	}
	f.report(rules.IgnoresBase, firstLine(root.Location), root.Comments, "write ARG BASE_IMAGE above it, and FROM ${BASE_IMAGE}",
		"the image of package %s starts from %s, whatever base it is built on", f.Package, root.base)
}

// unpinnedGit reports sources of repositories that may be others in the next build.
func (f *finder) unpinnedGit() {
	for _, s := range f.stages {
		for _, command := range s.Commands {
			if add, ok := command.(*instructions.AddCommand); ok && !f.Locked {
				for _, source := range add.SourcePaths {
					if isGit(source) && plan.MovingRef(refOfURL(source)) {
						f.unpinned(firstLine(add.Location()), add.Comments(), source, "")
					}
				}
			}
		}
		for _, r := range s.runs {
			if r.script != nil {
				f.gitInRun(r)
			}
		}
	}
}

func (f *finder) unpinned(line int, comments []string, what, branch string) {
	if branch != "" {
		what += " (" + branch + ")"
	}
	f.report(rules.UnpinnedGit, line, comments, "name a tag or a commit",
		"%s is whatever is newest there on the day that the step runs", what)
}

func (f *finder) gitInRun(r run) {
	all := r.commands(r.File)
	for i, c := range all {
		if c.name == "git" && slices.Contains(c.args, "clone") {
			ref, url := option(c.args, "--branch", "-b", "--revision"), repositoryOf(c.args)
			if url != "" && plan.MovingRef(ref) && !choosesCommit(all[i+1:]) {
				f.unpinned(r.line(c), r.Comments(), url, ref)
			}
		}
		what, args := c.pip()
		if !strings.HasSuffix(what, " install") && !strings.HasSuffix(what, " wheel") {
			continue
		}
		for _, arg := range args {
			if at := strings.Index(arg, "git+"); at >= 0 {
				url, _, _ := strings.Cut(arg[at:], "#")
				_, ref, _ := strings.Cut(url[strings.LastIndex(url, "/")+1:], "@")
				if strings.Contains(url, "://") && plan.MovingRef(ref) {
					f.unpinned(r.line(c), r.Comments(), url, "")
				}
			}
		}
	}
}

// choosesCommit reports whether commands go to another commit than the newest one.
func choosesCommit(later []command) bool {
	return slices.ContainsFunc(later, func(c command) bool {
		return c.name == "git" && slices.ContainsFunc(c.args, func(arg string) bool {
			return slices.Contains([]string{"checkout", "reset", "switch", "fetch", "pull"}, arg)
		})
	})
}

// repositoryOf returns the URL that a clone has among its words, "" for a folder or what
// nobody knows.
func repositoryOf(args []string) string {
	i := slices.IndexFunc(args, func(arg string) bool { return strings.Contains(arg, "://") || strings.HasPrefix(arg, "git@") })
	if i < 0 || strings.HasPrefix(args[i], "file://") {
		return ""
	}
	return args[i]
}

// isGit reports whether the source of an ADD is a repository.
func isGit(source string) bool {
	url, _, _ := strings.Cut(source, "#")
	url, _, _ = strings.Cut(url, "?")
	return strings.HasPrefix(source, "git@") || strings.HasPrefix(source, "git://") || strings.HasPrefix(source, "ssh://") ||
		strings.Contains(url, "://") && strings.HasSuffix(url, ".git")
}

// refOfURL returns the reference in a URL: "#REF:DIR", or "?ref=REF".
func refOfURL(source string) string {
	url, fragment, _ := strings.Cut(source, "#")
	ref, _, _ := strings.Cut(fragment, ":")
	_, query, _ := strings.Cut(url, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); slices.Contains([]string{"ref", "tag", "branch", "commit", "checksum"}, name) {
			ref = cmp.Or(ref, value)
		}
	}
	return ref
}
