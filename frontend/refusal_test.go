package frontend

import (
	"strings"
	"testing"

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
		`CDI device "nvidia.com/gpu=all" is required by step "[test numpy] test.py", but CDI device support is disabled`: {"[cdi]", "buildkitd.toml", aTest},
		`required device "nvidia.com/gpu=7" is not registered`:                                                           {"no device nvidia.com/gpu=7", "nvidia-ctk cdi generate", "TEST_DEVICE=NAME", "TEST_GPU=skip", aTest},
		"CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all":                                       {"no device nvidia.com/gpu=all", "nvidia-ctk cdi generate"},
		"failed to load LLB: network.host is not allowed":                                                                {"--allow network.host", aTest, aBuild},
		"failed to load LLB: security.insecure is not allowed":                                                           {"--allow security.insecure", aBuild},
	} {
		c, err := failed(t, "[test numpy] test.py", text)
		c.plan.Build.Network, c.plan.Tests.Network = plan.NetworkHost, plan.NetworkHost
		c.plan.Steps = []plan.Step{{
			Name: "kernels", Dockerfile: "Dockerfile", BuildGPU: plan.GPUCDI, BuildDevice: "nvidia.com/gpu=all", BuildPrivileged: true,
			At: diag.Range{File: "kernels/Dockerfile", Start: diag.Position{Line: 2, Column: 9}},
		}}
		got := c.explain(err).Error()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s\ngot %s\nwithout %q", text, got, w)
			}
		}
	}
	for _, text := range []string{"no space left on device", "exit code: 1", "device busy", "source not allowed by policy"} {
		if r, ok := refusalOf(text); ok {
			t.Errorf("%q is no refusal, but got %+v", text, r)
		}
	}
}

// What a build does not use is not mentioned.
func TestRefusalNamesOnlyItsUses(t *testing.T) {
	c, err := failed(t, "", "failed to load LLB: security.insecure is not allowed")
	if got := c.explain(err).Error(); strings.Contains(got, "numpy") || strings.Contains(got, "GPU") {
		t.Errorf("numpy's test does not run privileged, but: %s", got)
	}
	c, err = failed(t, "", `required device "x.com/y=z" is not registered`)
	c.plan.Tests.GPU = plan.GPUSkip
	if got := c.explain(err).Error(); strings.Contains(got, "TEST_GPU=skip") || strings.Contains(got, "BUILD_GPU") {
		t.Errorf("neither tests nor RUN steps of the plan use a device, but: %s", got)
	}
}
