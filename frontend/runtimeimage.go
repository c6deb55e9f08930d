package frontend

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/runtimeimage"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// runtimeImage makes what a chain has finished a runtime image: image.from.
func (b *build) runtimeImage(ctx context.Context, p *plan.Plan, c *converted, platform ocispecs.Platform) error {
	on := c.base
	if p.Image.Base != "" {
		var err error
		if on, err = b.resolveBase(ctx, plan.Value{Value: p.Image.Base, Reason: "image.base"}, platform); err != nil {
			return &placedError{error: err, at: []diag.Range{p.Image.BaseAt}}
		}
	}
	image, err := runtimeimage.Compile(runtimeimage.Options{
		Chain: c.Finished, ChainBase: *c.base, Base: *on, Files: p.Image.From, Platform: platform, Prefix: b.prefix(platform),
		Epoch: b.imageEpoch(c.epoch, c.Stages),
		At:    func(at diag.Range) llb.ConstraintsOpt { return b.placed(cmp.Or(at, p.RequestedAt)) },
	})
	c.Finished, c.base, c.runtime = image, on, true
	return err
}

// missingFile matches what BuildKit says of a path that is not there to copy.
// Source: moby/buildkit v0.34, solver/llbsolver/file and cache/contenthash.
var missingFile = regexp.MustCompile(`not found|no such file or directory`)

// copyFailure returns an error of an operation of that name with what was copied out of the
// chain; nil for other operations.
func (c *compiled) copyFailure(name string, err error) error {
	i := slices.IndexFunc(c.plan.Image.From, func(f plan.ImageFile) bool { return runtimeimage.Name("", f) == name })
	if i < 0 {
		return nil
	}
	file, hint := c.plan.Image.From[i], ""
	if file.Path != plan.PythonFiles && missingFile.MatchString(err.Error()) {
		hint = fmt.Sprintf("\nno package of the chain makes %s: name in image.from what they make", file.Path)
	}
	return fmt.Errorf("copying %s of image.from out of the chain failed%s%s: %w%s", file.Path, c.forPlatform(), firstPlace(err), err, hint)
}

// runtimeHint says of a test that failed on a runtime image what that is.
func (c *compiled) runtimeHint(where teststep.Where) string {
	if where != teststep.OnImage || !c.plan.Image.IsRuntime() {
		return ""
	}
	return "\nof the packages, the image has only what image.from lists: if the test misses a file, add it there"
}
