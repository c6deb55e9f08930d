package frontend

import (
	"errors"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	digest "github.com/opencontainers/go-digest"

	"jetkit/llb/teststep"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// failed gives a compiled image whose operation with the given progress name
// fails, and the error that BuildKit's gateway returns for it.
func failed(t *testing.T, name, text string) (*compiled, error) {
	t.Helper()
	dgst := digest.FromString(name)
	c := &compiled{
		plan: &plan.Plan{Tests: plan.Tests{Device: "nvidia.com/gpu=all"}},
		definition: &llb.Definition{Metadata: map[digest.Digest]llb.OpMetadata{
			dgst: {Description: map[string]string{"llb.customname": name}},
		}},
		runs: []teststep.Run{{
			Step:  plan.Step{Name: "numpy", GPU: true},
			Test:  plan.Test{Name: "test.py", At: diag.Range{File: "numpy/Dockerfile", Start: diag.Position{Line: 4, Column: 9}}},
			Where: teststep.OnPackage,
		}},
	}
	err := errdefs.WrapVertex(errors.New(text), dgst)
	err = errdefs.WithSource(err, &errdefs.Source{
		Info: &pb.SourceInfo{Filename: "numpy/Dockerfile"}, Ranges: []*pb.Range{{Start: &pb.Position{Line: 7}}},
	})
	return c, grpcerrors.FromGRPC(grpcerrors.ToGRPC(t.Context(), err))
}

func TestExplain(t *testing.T) {
	for _, tc := range []struct{ platform, name, text, want string }{
		{"", "[test numpy] test.py", "exit code: 1", `test "test.py" of package numpy failed on its own stage (declared at numpy/Dockerfile:4:9): exit code: 1`},
		{"linux/arm64", "[linux/arm64 test numpy] test.py", "exit code: 1", `test "test.py" of package numpy failed for linux/arm64 on its own stage (declared at numpy/Dockerfile:4:9): exit code: 1`},
		{"", "[cmake:apt builder 2/3] RUN make", "exit code: 2", `package cmake:apt builder failed in step 2/3 (numpy/Dockerfile:7): exit code: 2`},
		{"linux/arm64", "[linux/arm64 cmake:apt 2/3] RUN make", "exit code: 2", `package cmake:apt failed for linux/arm64 in step 2/3 (numpy/Dockerfile:7): exit code: 2`},
		{"linux/arm64", "[internal] load package folders", "no such file", "no such file"},
		{"", "[internal] load package folders", "no such file", "no such file"},
		{"", "", "canceled", "canceled"},
	} {
		c, err := failed(t, tc.name, tc.text)
		c.platform = tc.platform
		if got := c.explain(err).Error(); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

// BuildKit's refusals are recognised by their text, which these tests pin.
func TestDeviceHint(t *testing.T) {
	for text, want := range map[string]string{
		"failed to load LLB: device nvidia.com/gpu=all is requested by the build but not allowed": "--allow device",
		"granting entitlement device is not allowed by build daemon configuration":                "buildkitd.toml",
		`required device "nvidia.com/gpu=all" is not registered`:                                  "nvidia-ctk cdi generate",
		"CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all":                "nvidia-ctk cdi generate",
	} {
		c, err := failed(t, "[test numpy] test.py", text)
		got := c.explain(err).Error()
		if !strings.Contains(got, want) || !strings.Contains(got, "TEST_GPU=skip") || !strings.Contains(got, "test.py of numpy (numpy/Dockerfile:4:9)") {
			t.Errorf("%s\ngot %s\nwant it to contain %q, a way without GPU, and the tests concerned", text, got, want)
		}
	}
	for _, text := range []string{"no space left on device", "exit code: 1", "device busy"} {
		if hint := deviceHint(errors.New(text), "nvidia.com/gpu=all"); hint != "" {
			t.Errorf("%q is no refusal of a device, but got %q", text, hint)
		}
	}
}

// The client must see the text that explain gives, not the gRPC error inside.
func TestTextSurvivesTheWire(t *testing.T) {
	c, err := failed(t, "[test numpy] test.py", "exit code: 1")
	sent := keepText(c.explain(err))
	for range 2 {
		sent = grpcerrors.FromGRPC(grpcerrors.ToGRPC(t.Context(), sent))
	}
	if !strings.HasPrefix(sent.Error(), `test "test.py" of package numpy failed`) {
		t.Errorf("the client reads: %v", sent)
	}
	if len(errdefs.Sources(sent)) == 0 {
		t.Error("the source was lost")
	}
}
