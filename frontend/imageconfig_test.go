package frontend

import (
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/pkgspec/plan"
)

// made is what packages left.
func made() chain.Base {
	image := &dockerspec.DockerOCIImage{}
	image.Config.Env = []string{"PATH=/bin", "HOME=/root"}
	image.Config.ExposedPorts = map[string]struct{}{"22/tcp": {}}
	image.Config.Volumes = map[string]struct{}{"/log": {}}
	image.Config.Healthcheck = &dockerspec.HealthcheckConfig{Test: []string{"CMD", "old"}, Interval: time.Minute, Retries: 5}
	return chain.Base{State: llb.Scratch(), Image: image}
}

func TestFinish(t *testing.T) {
	base := made()
	stage, err := finish(&plan.Plan{Image: plan.Image{
		Env:   map[string]string{"PATH": "/opt/x:$PATH", "CACHE": "${HOME}/.cache:$NEW", "NEW": "1", "COST": `\$5`},
		Ports: []string{"8080/tcp", "53-54/udp"}, Volumes: []string{"/data"}, StopSignal: "SIGINT", Shell: []string{"bash", "-c"},
		Healthcheck: plan.Healthcheck{Test: []string{"CMD-SHELL", "new"}, Timeout: 90, StartPeriod: 120, StartInterval: 5},
	}}, base)
	require.NoError(t, err)
	c := stage.Image.Config
	assert.Equal(t, []string{"HOME=/root", "CACHE=/root/.cache:", "COST=$5", "NEW=1", "PATH=/opt/x:/bin"}, c.Env)
	assert.Equal(t, map[string]struct{}{"22/tcp": {}, "8080/tcp": {}, "53/udp": {}, "54/udp": {}}, c.ExposedPorts)
	assert.Equal(t, map[string]struct{}{"/log": {}, "/data": {}}, c.Volumes)
	assert.Equal(t, "SIGINT", c.StopSignal)
	assert.Equal(t, []string{"bash", "-c"}, c.Shell)
	assert.Equal(t, &dockerspec.HealthcheckConfig{
		Test: []string{"CMD-SHELL", "new"}, Interval: time.Minute, Timeout: 90 * time.Second, StartPeriod: 2 * time.Minute, StartInterval: 5 * time.Second, Retries: 5,
	}, c.Healthcheck)
	assert.Equal(t, made().Image, base.Image, "the packages' configuration changed")

	stage, err = finish(&plan.Plan{Image: plan.Image{Healthcheck: plan.Healthcheck{Retries: 2}}}, base)
	require.NoError(t, err)
	assert.Equal(t, &dockerspec.HealthcheckConfig{Test: []string{"CMD", "old"}, Interval: time.Minute, Retries: 2}, stage.Image.Config.Healthcheck)
	stage, err = finish(&plan.Plan{}, base)
	require.NoError(t, err)
	assert.Equal(t, base.Image, stage.Image)
}
