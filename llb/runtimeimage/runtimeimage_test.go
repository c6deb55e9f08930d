package runtimeimage

import (
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

var arm64 = ocispecs.Platform{OS: "linux", Architecture: "arm64"}

func configOf(c ocispecs.ImageConfig) *dockerspec.DockerOCIImage {
	return &dockerspec.DockerOCIImage{Config: dockerspec.DockerOCIImageConfig{ImageConfig: c}}
}

// TestConfigured checks that a runtime image has what the packages set, and nothing that they inherited.
func TestConfigured(t *testing.T) {
	before := ocispecs.ImageConfig{
		Env: []string{"PATH=/bin", "CUDA=12", "OLD=1"}, Entrypoint: []string{"/opt/nvidia/entrypoint.sh"}, Cmd: []string{"bash"}, User: "root", WorkingDir: "/workspace",
		Labels: map[string]string{"of": "chain's base", "version": "1"}, ExposedPorts: map[string]struct{}{"1/tcp": {}}, StopSignal: "SIGTERM",
	}
	base := ocispecs.ImageConfig{
		Env: []string{"PATH=/usr/bin", "OLD=3", "ON=base"}, Entrypoint: []string{"/init"}, Cmd: []string{"sh"}, WorkingDir: "/home",
		Labels: map[string]string{"version": "2"}, Volumes: map[string]struct{}{"/v": {}},
	}
	made := before
	made.Env = []string{"PATH=/opt/bin:/bin", "CUDA=12", "OLD=2", "NEW=1"}
	made.Labels = map[string]string{"of": "chain's base", "version": "1", "mine": "yes"}
	made.ExposedPorts = map[string]struct{}{"1/tcp": {}, "2/tcp": {}}
	made.User = "1000"

	image := configured(configOf(before), configOf(made), configOf(base))
	assert.Equal(t, ocispecs.ImageConfig{
		Env: []string{"ON=base", "PATH=/opt/bin:/bin", "OLD=2", "NEW=1"}, Entrypoint: []string{"/init"}, Cmd: []string{"sh"}, User: "1000", WorkingDir: "/home",
		Labels: map[string]string{"version": "2", "mine": "yes"}, ExposedPorts: map[string]struct{}{"2/tcp": {}}, Volumes: map[string]struct{}{"/v": {}},
	}, image.Config.ImageConfig)

	made.Cmd = []string{"robot"}
	image = configured(configOf(before), configOf(made), configOf(base))
	assert.Equal(t, []string{"/init", "robot"}, append(image.Config.Entrypoint, image.Config.Cmd...), "a command alone is the base's entrypoint's")
	made.Entrypoint, made.Cmd = []string{"/opt/robot"}, nil
	image = configured(configOf(before), configOf(made), configOf(base))
	assert.Equal(t, []string{"/opt/robot"}, append(image.Config.Entrypoint, image.Config.Cmd...), "an entrypoint drops the base's command")
	assert.Equal(t, map[string]string{"version": "2"}, configOf(base).Config.Labels, "the base stays as it is")
}

// TestCompile checks what is copied, from where and to where.
func TestCompile(t *testing.T) {
	epoch := time.Unix(1, 0)
	made := configOf(ocispecs.ImageConfig{Env: []string{"VIRTUAL_ENV=/opt/robot/venv", "CONDA_PREFIX=none"}})
	got, err := Compile(Options{
		Chain: chain.Base{State: llb.Image("chain"), Image: made}, Base: chain.Base{State: llb.Image("base"), Image: &dockerspec.DockerOCIImage{Image: ocispecs.Image{History: make([]ocispecs.History, 1)}}},
		Files:    []plan.ImageFile{{Path: "/opt/robot"}, {Path: "/usr/lib/librobot.so*"}, {Path: plan.PythonFiles}},
		Platform: arm64, Prefix: "linux/arm64", Epoch: &epoch, At: func(diag.Range) llb.ConstraintsOpt { return llb.WithDescription(nil) },
	})
	require.NoError(t, err)
	assert.Len(t, got.Image.History, 4)
	assert.Equal(t, ocispecs.History{CreatedBy: "COPY /opt/robot # image.from", Comment: "jetkit", Created: &epoch}, got.Image.History[1])
	def, err := got.State.Marshal(t.Context())
	require.NoError(t, err)
	var copies []string
	for _, dt := range def.Def {
		op := &pb.Op{}
		require.NoError(t, op.UnmarshalVT(dt))
		for _, action := range op.GetFile().GetActions() {
			if c := action.GetCopy(); c != nil {
				copies = append(copies, c.Src+" -> "+c.Dest)
				assert.Equal(t, c.Src != "/opt/robot", c.AllowWildcard, c.Src)
				assert.Equal(t, len(copies) > 2, c.AllowEmptyWildcard, c.Src)
				assert.Equal(t, int64(-1), c.Timestamp, "files keep their times")
			}
		}
	}
	require.Greater(t, len(copies), 10)
	assert.Equal(t, []string{"/opt/robot -> /opt/robot", "/usr/lib/librobot.so* -> /usr/lib/", "/usr/bin/python3* -> /usr/bin/"}, copies[:3])
	assert.Contains(t, copies, "/usr/lib/[a]arch64-linux-gnu/libexpat.so* -> /usr/lib/aarch64-linux-gnu/")
	assert.Contains(t, copies, "/opt/[r]obot/venv -> /opt/robot/", "of a variable; only /opt has to be there")
	assert.NotContains(t, strings.Join(copies, "\n"), "[n]one", "it is no folder")
}

// TestPythonPlaces checks the table.
func TestPythonPlaces(t *testing.T) {
	places, err := pythonPlaces()
	require.NoError(t, err)
	require.NotEmpty(t, places)
	for _, p := range places {
		assert.NotEqual(t, p.Path == "", p.Variable == "", "%s%s: one of path and variable", p.Path, p.Variable)
		assert.NotEmpty(t, p.What, p.Path)
		assert.NotEmpty(t, p.Source, p.Path)
	}
}
