package frontend

import (
	"testing"

	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// BuildKit's refusals are recognised by their text, which these tests pin.
func TestRefusals(t *testing.T) {
	const (
		aTest  = "test.py of numpy (numpy/Dockerfile:4:9)"
		aBuild = "the RUN steps of kernels (kernels/Dockerfile:2:9)"
	)
	for text, want := range map[string][]string{
		"failed to load LLB: device nvidia.com/gpu=all is requested by the build but not allowed": {
			"the device nvidia.com/gpu=all", "--allow device", `entitlements = ["device"]`, "TEST_GPU=skip", "BUILD_GPU=skip", aTest, aBuild,
		},
		"failed to load LLB: devices nvidia.com/gpu=0, nvidia.com/gpu=1 are requested by the build but not allowed": {
			"the device nvidia.com/gpu=0,", "--allow device",
		},
		`CDI device "nvidia.com/gpu=all" is required by step "[test numpy] test.py", but CDI device support is disabled`:                                       {"[cdi]", "buildkitd.toml", "nvidia-ctk cdi generate", "jetkit builder stop", aTest},
		`required device "nvidia.com/gpu=7" is not registered`:                                                                                                 {"no device nvidia.com/gpu=7", "nvidia-ctk cdi generate", "TEST_DEVICE=NAME", "TEST_GPU=skip", aTest},
		`process "/bin/sh -c echo \"a\\nb\"" did not complete successfully: CDI device injection failed: required device "nvidia.com/gpu=7" is not registered`: {"no device nvidia.com/gpu=7"},
		"CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all":                                                                             {"no device nvidia.com/gpu=all", "nvidia-ctk cdi generate"},
		"failed to load LLB: network.host is not allowed":                                                                                                      {"--allow network.host", aTest, aBuild},
		"failed to load LLB: security.insecure is not allowed":                                                                                                 {"--allow security.insecure", aBuild},
	} {
		c, err := failed(t, "[test numpy] test.py", text)
		c.plan.Build.Network, c.plan.Tests.Network = plan.NetworkHost, plan.NetworkHost
		c.plan.Steps = []plan.Step{{
			Name: "kernels", Dockerfile: "Dockerfile", BuildGPU: plan.GPUCDI, BuildDevice: "nvidia.com/gpu=all", BuildPrivileged: true,
			At: diag.Range{File: "kernels/Dockerfile", Start: diag.Position{Line: 2, Column: 9}},
		}}
		got := c.explain(err).Error()
		for _, w := range want {
			assert.Contains(t, got, w, text)
		}
	}
	for _, text := range []string{
		"no space left on device", "exit code: 1", "device busy", "source not allowed by policy",
		// What packages can make an error say.
		`process "/bin/sh -c echo failed to load LLB: network.host is not allowed" did not complete successfully: exit code: 1`,
		`failed to compute cache key: "/failed to load LLB: security.insecure is not allowed": not found`,
		"failed to load LLB: device network.host is not allowed is requested by the build but not allowed",
		`failed to compute cache key: "/unresolvable CDI devices x": not found`,
		`failed to calculate checksum of ref a::b: "/required device \"x.com/y=z\" is not registered": not found`,
		`process "CDI device "a" is required by step "b", but CDI device support is disabled" did not start`,
		`failed to load LLB: CDI device "a" is required by step "b" and more", but CDI device support is disabled`,
		"unresolvable CDI devices are no fault of ours",
	} {
		r, ok := refusalOf(text)
		assert.False(t, ok, "%q is no refusal, but got %+v", text, r)
	}
}

// What a build does not use is not mentioned.
func TestRefusalNamesOnlyItsUses(t *testing.T) {
	c, err := failed(t, "", "failed to load LLB: security.insecure is not allowed")
	got := c.explain(err).Error()
	assert.NotContains(t, got, "numpy", "numpy's test does not run privileged")
	assert.NotContains(t, got, "GPU", "numpy's test does not run privileged")
	c, err = failed(t, "", `required device "x.com/y=z" is not registered`)
	c.plan.Tests.GPU = plan.GPUSkip
	got = c.explain(err).Error()
	assert.NotContains(t, got, "TEST_GPU=skip", "neither tests nor RUN steps of the plan use a device")
	assert.NotContains(t, got, "BUILD_GPU", "neither tests nor RUN steps of the plan use a device")
	c, err = failed(t, "", `required device "x.com/y=z" is not registered`)
	c.plan.Tests.Network = plan.NetworkHost
	assert.NotContains(t, c.explain(err).Error(), "--allow", "nothing was forbidden")
}

// What a package's command prints of devices is no refusal.
func TestRefusalIsNotACommandsText(t *testing.T) {
	const text = `process "/bin/sh -c : required device "x.com/y=z" is not registered" did not complete successfully: exit code: 3`
	c, err := failed(t, "[kernels 1/1] RUN :", text)
	failure := grpcerrors.FromGRPC(grpcerrors.ToGRPC(t.Context(), &gwpb.ExitError{ExitCode: 3, Err: err}))
	got := c.explain(failure).Error()
	assert.NotContains(t, got, "the builder has no device")
	assert.Contains(t, got, "package kernels failed")
}

// A Dockerfile that asks for itself is named, and so is what else it asks for; the
// users of another device are not.
func TestRefusalNamesDockerfiles(t *testing.T) {
	c, err := failed(t, "", "failed to load LLB: device x.com/y=z is requested by the build but not allowed")
	c.plan.Steps = []plan.Step{{Name: "sly", Dockerfile: "Dockerfile", At: diag.Range{File: "sly/Dockerfile", Start: diag.Position{Line: 2, Column: 9}}}}
	required, parseErr := chain.RequirementsOf([]byte("FROM a\nRUN --device=x.com/y=z --security=insecure b\nONBUILD RUN --network=host c\n"))
	require.NoError(t, parseErr)
	c.required = map[string]chain.Requirements{"sly": required}
	got := c.explain(err).Error()
	for _, want := range []string{
		"needed by the Dockerfile of sly (sly/Dockerfile:2:9)", "--allow security.insecure too, for the Dockerfile of sly", "--allow network.host too, for the Dockerfile of sly",
	} {
		assert.Contains(t, got, want)
	}
	assert.NotContains(t, got, "numpy", "numpy's test uses another device")
}
