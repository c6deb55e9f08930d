package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEntitlements(t *testing.T) {
	running, skipped := []Test{{Name: "t", Skipped: "s"}, {Name: "test.sh", Final: true}}, []Test{{Name: "test.sh", Skipped: "s"}}
	many := &Plan{}
	for i := range 7 {
		many.Steps = append(many.Steps, Step{Name: fmt.Sprintf("p%d", i), Dockerfile: "D", BuildPrivileged: true, TestPrivileged: i < 5, Tests: running})
	}
	cdi := Tests{GPU: GPUCDI}
	host := Sandbox{Network: NetworkHost}
	for _, test := range []struct {
		name string
		plan *Plan
		want string
	}{
		{"nothing", &Plan{Tests: cdi, Steps: []Step{{Name: "a", Dockerfile: "D", Tests: running}}}, ""},
		{"a test with a GPU", &Plan{Tests: cdi, Steps: []Step{{Name: "a", GPU: true, Tests: running}, {Name: "b", GPU: true, Tests: skipped}}}, "device: tests of a"},
		{"a test with the runtime", &Plan{Tests: Tests{GPU: GPURuntime}, Steps: []Step{{Name: "a", GPU: true, Tests: running}}}, ""},
		{
			"a GPU for RUN steps",
			&Plan{Tests: Tests{GPU: GPUSkip}, Steps: []Step{{Name: "a", Dockerfile: "D", BuildGPU: GPUCDI, GPU: true, Tests: skipped}, {Name: "b", Dockerfile: "D", BuildGPU: GPURuntime}}},
			"device: RUN steps of a",
		},
		{
			"all of it",
			&Plan{
				Build: Build{Sandbox: host}, Tests: Tests{GPU: GPUCDI, Sandbox: host},
				Steps: []Step{{Name: "a", Dockerfile: "D", BuildGPU: GPUCDI, BuildPrivileged: true}, {Name: "b", GPU: true, TestPrivileged: true, Tests: running}, {Name: "c", GPU: true, Tests: running}},
			},
			"device: RUN steps of a; tests of b, c | network.host: RUN steps (build.network); tests (tests.network) | security.insecure: RUN steps of a; tests of b",
		},
		{"nothing that runs", &Plan{
			Build: Build{Sandbox: host}, Tests: Tests{GPU: GPUCDI, Sandbox: host},
			Steps: []Step{{Name: "a", BuildGPU: GPUCDI, BuildPrivileged: true, TestPrivileged: true, GPU: true, Tests: skipped}},
		}, ""},
		{"no network", &Plan{Build: Build{Sandbox: Sandbox{Network: NetworkNone}}, Steps: []Step{{Name: "a", Dockerfile: "D"}}}, ""},
		{"many packages", many, "security.insecure: RUN steps of p0, p1, p2, p3 and 3 more; tests of p0, p1, p2, p3, p4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, e := range test.plan.Entitlements() {
				got = append(got, e.Name+": "+strings.Join(e.Uses, "; "))
			}
			assert.Equal(t, test.want, strings.Join(got, " | "))
		})
	}
}

func TestIsDevice(t *testing.T) {
	for name, want := range map[string]bool{
		"nvidia.com/gpu=all": true, "nvidia.com/gpu=0": true, "nvidia.com/gpu=*": true, "nvidia.com/gpu": true, "acme.org/npu-x=slot.0:1": true,
		"a/b=c": true, "vendor/my.class=GPU-8a4b": true, "": false, "gpu": false, "all": false, "true": false, "/dev/nvidia0": false,
		"nvidia.com/gpu=": false, "nvidia.com/=all": false, "nvidia.com/gpu=a b": false, "nvidia.com/gpu=a/b": false, "1nvidia.com/gpu=0": false,
		"nvidia.com/gpu=**": false, "nvidia.com/gpu=0,1": false, "nvidia.com/gpu-=0": false, "nvidia.com/gpu=0\n": false,
	} {
		assert.Equal(t, want, IsDevice(name), "%q", name)
	}
}

func TestSizeText(t *testing.T) {
	for size, want := range map[int64]string{0: "", 1: "1B", 1000: "1000B", 1024: "1KiB", 1536 << 20: "1536MiB", 2 << 30: "2GiB", 1 << 50: "1024TiB", 1<<30 + 1: "1073741825B"} {
		assert.Equal(t, want, SizeText(size), "%d", size)
	}
}
