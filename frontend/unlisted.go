package frontend

import (
	"fmt"
	"path"
	"slices"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// unlisted names the platform if no worker lists it, as native or emulated.
func unlisted(workers []client.WorkerInfo, platform ocispecs.Platform) string {
	for _, w := range workers {
		if slices.ContainsFunc(w.Platforms, func(p ocispecs.Platform) bool { return platforms.Only(p).Match(platform) }) {
			return ""
		}
	}
	return platforms.FormatAll(platforms.Normalize(platform))
}

// withPlatformHint explains "exec format error", which a step's output may
// hold but never its error. The builder's list can be out of date, so this is
// said only once a step has failed.
func (c *compiled) withPlatformHint(err error) error {
	if c.unlisted == "" {
		return err
	}
	return fmt.Errorf("%w\nthe builder does not list %s among its platforms (docker buildx inspect)\n"+
		"  if the step says \"exec format error\", let the builder's machine emulate it:\n"+
		"  docker run --privileged --rm tonistiigi/binfmt --install %s\n"+
		"  or use a builder with a node of that platform", err, c.unlisted, path.Base(c.unlisted))
}
