package chain

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/patternmatcher"

	"jetkit/pkgspec/plan"
)

// check is a run of BuildKit's linter on one package's Dockerfile. It follows
// BuildKit's options (the build argument BUILDKIT_DOCKERFILE_CHECK or, without it,
// the Dockerfile's "# check=" line), with two differences: it knows what
// jetson-containers' format breaks by design, and the package's own .dockerignore.
type check struct {
	config linter.Config
	// asError turns findings into an error.
	asError bool
	stages  []instructions.Stage
	// byDesign has the lines of FROM that name no variable but BASE_IMAGE. It
	// never has a default value, as jetkit sets it.
	byDesign map[int]bool
	found    []string
	// at is where the first finding is.
	at []parser.Range
}

// newCheck prepares the linter of a step's client. A Dockerfile that cannot be
// parsed has nothing to check: the conversion reports what is wrong with it.
func newCheck(bc *dockerui.Client, dockerfile []byte) (*check, error) {
	c := &check{byDesign: map[int]bool{}}
	options := bc.LinterConfig
	if options == nil {
		text, _, at, _ := parser.ParseDirective("check", dockerfile)
		var err error
		if options, err = linter.ParseLintOptions(text); err != nil {
			return nil, parser.WithLocation(fmt.Errorf("reading its check options: %w", err), at)
		}
	}
	c.config, c.asError = *options, options.ReturnAsError
	c.config.ReturnAsError = false // BuildKit would count what the format breaks
	bc.LinterConfig = &c.config
	parsed, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return c, nil //nolint:nilerr // see above
	}
	if c.stages, _, err = instructions.Parse(parsed.AST, linter.New(&linter.Config{})); err != nil {
		return c, nil //nolint:nilerr // see above
	}
	for _, s := range c.stages {
		name, err := shell.NewLex(parsed.EscapeToken).ProcessWordWithMatches(s.BaseName, shell.EnvsFromSlice(nil))
		if _, ok := name.Unmatched["BASE_IMAGE"]; err == nil && ok && len(name.Unmatched) == 1 && len(s.Location) > 0 {
			c.byDesign[s.Location[0].Start.Line] = true
		}
	}
	return c, nil
}

// expected reports whether a finding is what the format breaks by design.
func (c *check) expected(rule string, at []parser.Range) bool {
	return rule == linter.RuleInvalidDefaultArgInFrom.Name && len(at) > 0 && c.byDesign[at[0].Start.Line]
}

// warn hands findings on.
func (c *check) warn(next linter.LintWarnFunc) linter.LintWarnFunc {
	return func(rule, description, url, msg string, at []parser.Range) {
		if c.expected(rule, at) {
			return
		}
		if len(c.found) == 0 {
			c.at = at
		}
		c.found = append(c.found, rule)
		next(rule, description, url, msg, at)
	}
}

// err returns the findings as the error that the options want of them.
func (c *check) err() error {
	if !c.asError || len(c.found) == 0 {
		return nil
	}
	slices.Sort(c.found)
	err := fmt.Errorf("lint violation found for rules: %s", strings.Join(slices.Compact(c.found), ", "))
	return parser.WithLocation(err, c.at)
}

// contextIgnored is copyIgnored for what the build context's ignore file leaves out of
// the folder of a package.
func (c *check) contextIgnored(opt Options, step plan.Step, warn linter.LintWarnFunc) error {
	if step.Origin.Kind != plan.Context {
		return nil
	}
	return c.copyIgnored(step.Origin.Path, opt.Ignored, warn)
}

// copyIgnored checks for files that are copied although an ignore file leaves them
// out: the package's own, or that of the tree which has the package in dir. BuildKit does
// not see that file, since the folder comes to it without what the file names. Like
// BuildKit, it does not check against a list with exceptions; names with variables are
// left alone.
func (c *check) copyIgnored(dir string, excludes []string, warn linter.LintWarnFunc) error {
	if len(excludes) == 0 {
		return nil
	}
	ignored, err := patternmatcher.New(excludes)
	if err != nil || ignored.Exclusions() {
		return err
	}
	config := c.config
	config.Warn = warn
	rules := linter.New(&config)
	for _, s := range c.stages {
		for _, cmd := range s.Commands {
			verb, sources := copied(cmd)
			for _, src := range sources {
				src = path.Clean(src)
				out, err := ignored.MatchesOrParentMatches(path.Join(dir, path.Join("/", src)))
				if err != nil {
					return err
				}
				if out && src != "." && src != "/" {
					rules.WithMergedConfigFromComments(cmd.Comments()).
						Run(&linter.RuleCopyIgnoredFile, cmd.Location(), linter.RuleCopyIgnoredFile.Format(verb, src))
				}
			}
		}
	}
	return nil
}

// copied lists the files of the context that an instruction copies, as far as its
// text says so.
func copied(cmd instructions.Command) (verb string, sources []string) {
	switch cmd := cmd.(type) {
	case *instructions.CopyCommand:
		if cmd.From == "" {
			verb, sources = "Copy", cmd.SourcePaths
		}
	case *instructions.AddCommand:
		verb, sources = "Add", cmd.SourcePaths
	}
	return verb, slices.DeleteFunc(slices.Clone(sources), func(s string) bool {
		return strings.Contains(s, "$") || strings.Contains(s, "://") || strings.HasPrefix(s, "git@")
	})
}

// Lint returns what BuildKit's linter finds in the Dockerfile of one of the plan's
// steps, without the steps before it. The result's one source is the Dockerfile.
func Lint(ctx context.Context, opt Options, step plan.Step) (*lint.LintResults, error) {
	files, err := openFolder(ctx, opt.Sources, step)
	if err != nil {
		return nil, err
	}
	files.sourceMap.Definition = &llb.Definition{} // a LintResults takes no source without one
	convert, err := alone(opt, step, files)
	if err != nil {
		return nil, err
	}
	c, err := newCheck(convert.Client, files.sourceMap.Data)
	if err != nil {
		return nil, err
	}
	results, err := dockerfile2llb.DockerfileLint(ctx, files.sourceMap.Data, convert)
	if err != nil {
		return nil, err
	}
	all := results.Warnings
	results.Warnings = nil
	keep := c.warn(func(rule, description, url, msg string, at []parser.Range) {
		results.AddWarning(rule, description, url, msg, 0, at)
	})
	for _, w := range all {
		keep(w.RuleName, w.Description, w.URL, w.Detail, rangesOf(w))
	}
	if err := cmp.Or(c.copyIgnored(".", files.excludes, keep), c.contextIgnored(opt, step, keep)); err != nil {
		return nil, err
	}
	if err := c.err(); err != nil && results.Error == nil {
		results.Error = &lint.BuildError{Message: err.Error()}
		results.Error.Location.Ranges = results.Warnings[0].Location.Ranges
	}
	return results, nil
}

func rangesOf(w lint.Warning) []parser.Range {
	var at []parser.Range
	for _, r := range w.Location.GetRanges() {
		at = append(at, parser.Range{
			Start: parser.Position{Line: int(r.GetStart().GetLine()), Character: int(r.GetStart().GetCharacter())},
			End:   parser.Position{Line: int(r.GetEnd().GetLine()), Character: int(r.GetEnd().GetCharacter())},
		})
	}
	return at
}
