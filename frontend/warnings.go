package frontend

import (
	"context"
	"fmt"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// warning is a warning of the build.
type warning struct {
	text string
	opts client.WarnOpts
}

// warningsOf makes warnings of the diagnostics that do not stop the build. The
// place is part of the text, because docker buildx build shows only the text
// unless it runs with --debug.
func (b *build) warningsOf(problems diag.List) []warning {
	var list []warning
	for _, d := range problems.Warnings() {
		w := warning{text: d.Rule.Name + ": " + d.Message + inParentheses(d.At.String()), opts: client.WarnOpts{URL: d.Rule.URL()}}
		if info := b.sourceInfo(d.At.File); info != nil {
			w.opts.SourceInfo, w.opts.Range = info, ranges(d.At)
		}
		if d.Hint != "" {
			w.opts.Detail = [][]byte{[]byte(d.Hint)}
		}
		list = append(list, w)
	}
	return list
}

func inParentheses(place string) string {
	if place == "" {
		return ""
	}
	return " (" + place + ")"
}

// lintFunc returns what receives the findings of BuildKit's linter in a package's
// Dockerfile; nil drops them.
type lintFunc = func(plan.Step, *llb.SourceMap) linter.LintWarnFunc

// lintWarnings makes warnings of what BuildKit's linter finds in the users'
// Dockerfiles. Built-in packages are jetkit's own business.
func lintWarnings(into *[]warning) lintFunc {
	return func(step plan.Step, sm *llb.SourceMap) linter.LintWarnFunc {
		if step.Origin.Kind == plan.Builtin {
			return nil
		}
		return func(rule, description, url, msg string, at []parser.Range) {
			place := sm.Filename
			if len(at) > 0 {
				place = fmt.Sprintf("%s:%d", place, at[0].Start.Line)
			}
			*into = append(*into, warning{text: rule + ": " + msg + inParentheses(place), opts: client.WarnOpts{
				SourceInfo: fileInfo(sm.Filename, sm.Language, sm.Data),
				Range:      chain.Ranges(at),
				Detail:     [][]byte{[]byte(description)},
				URL:        url,
			}})
		}
	}
}

// show shows warnings of one platform's build, in the progress and below it.
//
// docker buildx build prints a warning in the progress when the step that it
// belongs to changes the next time, and never if the step has come to its end. By
// the time that jetkit has something to say, all steps so far have. So the warnings
// get a step of their own, which is shown once before them and once after them.
func (b *build) show(ctx context.Context, platform ocispecs.Platform, list []warning) {
	if len(list) == 0 {
		return
	}
	name := b.label(platform, "internal") + " check jetson.yaml and packages"
	step, err := b.showStep(ctx, name, platform)
	for _, w := range list {
		if err != nil { // then they are shown below the progress only
			b.spec.Warn(ctx, w.text, w.opts)
			continue
		}
		_ = b.client.Warn(ctx, step, w.text, w.opts) // a builder that shows no warnings can build
	}
	if err == nil {
		_, _ = b.showStep(ctx, name, platform)
	}
}

// showStep shows a step that does nothing, and returns its digest. BuildKit shows a
// step while it looks up what is known of a source before it is loaded, which for a
// local folder is nothing; solver/llbsolver/bridge.go makes the digest.
func (b *build) showStep(ctx context.Context, name string, platform ocispecs.Platform) (digest.Digest, error) {
	source := "local://jetkit-" + digest.FromString(name).Encoded()[:12]
	_, err := b.client.ResolveSourceMetadata(ctx, &pb.SourceOp{Identifier: source}, sourceresolver.Opt{
		LogName: name, ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &platform},
	})
	return digest.FromString(source + platforms.FormatAll(platform)), err
}
