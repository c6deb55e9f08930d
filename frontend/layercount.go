package frontend

import (
	"context"
	"fmt"
	"slices"
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// layerCount is how many layers an image has, and how many of them are its base's.
type layerCount struct{ all, base int }

func (n layerCount) String() string {
	return fmt.Sprintf("The image has %d layers, %d of them the base image's.", n.all, n.base)
}

// layersOf counts the layers of an image that is not sealed yet.
func layersOf(c *converted) layerCount {
	n := layerCount{base: layersOfBase(c.base.Image)}
	n.all = layersInHistory(c.Finished.Image) + 1 // the seal
	if !c.runtime && slices.ContainsFunc(c.Stages, func(s chain.Stage) bool { return s.Detached }) {
		n.base = 0 // nothing of it is in the image
		return n
	}
	n.all += n.base - layersInHistory(c.base.Image)
	return n
}

// layersOfBase counts the layers of a base image: of one that another build makes its
// history alone is known, and of others not always all of it.
func layersOfBase(image *dockerspec.DockerOCIImage) int {
	if image == nil {
		return 0
	}
	return max(len(image.RootFS.DiffIDs), layersInHistory(image))
}

func layersInHistory(image *dockerspec.DockerOCIImage) int {
	if image == nil {
		return 0
	}
	n := 0
	for _, h := range image.History {
		if !h.EmptyLayer {
			n++
		}
	}
	return n
}

// manyLayers warns of an image that Docker cannot load, or that hardly anything can be
// built on. What the plan alone tells, the plan has warned of.
func manyLayers(p *plan.Plan, c *converted) diag.List {
	var l diag.List
	own, _ := p.LayersOnBase()
	n := layersOf(c)
	if n.all < plan.ManyLayers || own >= plan.ManyLayers {
		return nil
	}
	l.Warnf(rules.ManyLayers, p.RequestedAt, p.FewerLayers(), "the image has %d layers, %d of them the base image's; Docker's own store of images takes no more than %d",
		n.all, n.base, plan.MaxLayers)
	return l
}

// countTime bounds how long a plan waits for the registries that know the images of its
// Dockerfiles. The plan itself needs none.
const countTime = 10 * time.Second

// countLayers says how many layers the image of a plan has, or why nobody knows, and
// warns of many.
func (b *build) countLayers(ctx context.Context, p *plan.Plan) (string, diag.List) {
	if b.contexts.anyUnbuilt() {
		return "How many layers the image has is known when what it builds on is built.", nil
	}
	ctx, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	c, _, err := b.convert(ctx, p, b.targetPlatform(b.firstPlatform()), nil)
	if err != nil {
		return fmt.Sprintf("How many layers the image has is not known: %v", err), nil
	}
	return layersOf(c).String(), manyLayers(p, c)
}
