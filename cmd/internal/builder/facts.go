package builder

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/grpcerrors"
	dockerclient "github.com/moby/moby/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/grpc/codes"

	"jetkit/cmd/internal/engine"
)

// MinimumVersion is the oldest BuildKit that jetkit builds on.
const MinimumVersion = "0.31.1"

// minimumEngine is a Docker engine whose BuildKit is new enough, and which lacks
// known holes: BuildKit 0.33.1.
const minimumEngine = "29.8.2"

// minimum is MinimumVersion in parts.
var minimum = [3]int{0, 31, 1}

// Facts are what a node tells of itself. BuildKit tells nothing of the
// entitlements that it allows: only a build shows those.
type Facts struct {
	// BuildKit is the version as reported: "v0.34.2". It is empty before v0.11.
	BuildKit string
	// EngineVersion is that of Docker's engine, where one builds.
	EngineVersion string
	// Platforms are those that its steps can run on, its own first.
	Platforms []ocispecs.Platform
	// Devices are its CDI devices.
	Devices []client.CDIDevice
	// Labels are its worker's.
	Labels map[string]string
	// GCPolicy is what its garbage collector keeps.
	GCPolicy []client.PruneInfo
	// ContainerdStore tells that Docker's engine keeps images in containerd's
	// store, so that it can export any format and cache.
	ContainerdStore bool
}

// snapshotterLabel is what an engine's worker has with containerd's image store.
const snapshotterLabel = "org.mobyproject.buildkit.worker.snapshotter"

// ask gets the facts of a connection's node.
func ask(ctx context.Context, c *client.Client) (Facts, error) {
	workers, err := c.ListWorkers(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return Facts{}, context.Cause(ctx)
		}
		if code := grpcerrors.Code(err); code == codes.Unimplemented {
			return Facts{}, nil
		}
		return Facts{}, plain(err)
	}
	if len(workers) == 0 {
		return Facts{}, fmt.Errorf("it has no worker")
	}
	w := workers[0] // the default one: BuildKit lists it first
	_, containerd := w.Labels[snapshotterLabel]
	version := w.BuildkitVersion.Version
	if version == "" { // as with Docker's engine; what is older than v0.11 has no Info
		if info, err := c.Info(ctx); err == nil {
			version = info.BuildkitVersion.Version
		}
	}
	return Facts{
		BuildKit: version, Platforms: w.Platforms, Devices: w.CDIDevices,
		Labels: w.Labels, GCPolicy: w.GCPolicy, ContainerdStore: containerd,
	}, nil
}

// complete adds what Docker's engine tells.
func (f *Facts) complete(ctx context.Context, e *engine.Engine) {
	if e == nil {
		f.ContainerdStore = false
		return
	}
	// The version is for messages only.
	if v, err := e.ServerVersion(ctx, dockerclient.ServerVersionOptions{}); err == nil {
		f.EngineVersion = v.Version
	}
}

// version is the text for messages: "v0.34.2", "29.8.2 with BuildKit v0.33.1".
func (f *Facts) version() string {
	buildkit := f.BuildKit
	if buildkit == "" {
		buildkit = "of an unknown version"
	}
	if f.EngineVersion != "" {
		return f.EngineVersion + " with BuildKit " + buildkit
	}
	return buildkit
}

var versionNumber = regexp.MustCompile(`^v?(\d+)\.(\d+)\.(\d+)`)

// check refuses a node that is too old. Versions of development builds are not
// numbers, or zero, and pass.
func (f *Facts) check() error {
	have := "BuildKit " + f.BuildKit
	if f.BuildKit == "" {
		have = "its BuildKit is older than v0.11"
	}
	if f.EngineVersion != "" {
		have = "Docker " + f.EngineVersion + ": " + have
	}
	if f.BuildKit != "" && !older(f.BuildKit) {
		return nil
	}
	remedy := "upgrade it, or name another builder with --builder"
	if f.EngineVersion != "" {
		remedy = fmt.Sprintf("upgrade Docker to %s or later, or name another builder with --builder", minimumEngine)
	}
	return &TooOldError{Have: have, Remedy: remedy}
}

// older reports whether a version is below the minimum.
func older(version string) bool {
	m := versionNumber.FindStringSubmatch(version)
	if m == nil {
		return false
	}
	var have [3]int
	for i := range have {
		have[i], _ = strconv.Atoi(m[i+1]) // digits; a number too large is no old version
	}
	if have == ([3]int{}) {
		return false
	}
	for i := range have {
		if have[i] != minimum[i] {
			return have[i] < minimum[i]
		}
	}
	return false
}

// TooOldError reports a builder whose BuildKit lacks what jetkit needs.
type TooOldError struct {
	Have, Remedy string
}

func (e *TooOldError) Error() string {
	return fmt.Sprintf("%s, jetkit needs v%s or later: %s", e.Have, MinimumVersion, e.Remedy)
}

// PlatformNames returns the platforms as "linux/arm64", each once.
func (f *Facts) PlatformNames() []string {
	var names []string
	for _, p := range f.Platforms {
		if name := platforms.Format(platforms.Normalize(p)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
