package chain

import (
	"slices"
	"strconv"
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// earlierSteps stands for the history of the steps before while a Dockerfile is
// converted. Each conversion encodes and decodes the configuration several times, and
// with it a history to which every package of the chain adds: the time for a chain would
// grow with the square of its length.
const earlierSteps = "history of the steps before"

// withoutHistory returns a configuration whose history is one entry that stands for it.
func withoutHistory(image *dockerspec.DockerOCIImage) *dockerspec.DockerOCIImage {
	short := *image
	short.History = []ocispecs.History{{Comment: earlierSteps}}
	return &short
}

// withHistory puts the history of the steps before back in a configuration that was made
// from one without it, and reports whether it was: a Dockerfile that ends in a stage of
// another image has that image's.
func withHistory(image *dockerspec.DockerOCIImage, earlier []ocispecs.History) bool {
	if len(image.History) == 0 || image.History[0].Comment != earlierSteps {
		return false
	}
	image.History = slices.Concat(earlier, image.History[1:])
	return true
}

func formatEpoch(t *time.Time) string {
	if t == nil {
		return ""
	}
	return strconv.FormatInt(t.Unix(), 10)
}
