package frontend

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"

	"jetkit/llb/chain"
	"jetkit/llb/testinit"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// failed returns a compiled image whose operation with the given progress name
// fails, and the error that BuildKit's gateway returns for it.
func failed(t *testing.T, name, text string) (*compiled, error) {
	t.Helper()
	dgst := digest.FromString(name)
	c := &compiled{
		plan: &plan.Plan{Tests: plan.Tests{GPU: plan.GPUCDI, Device: "nvidia.com/gpu=all"}},
		definition: &llb.Definition{Metadata: map[digest.Digest]llb.OpMetadata{
			dgst: {Description: map[string]string{"llb.customname": name}},
		}},
		runs: []teststep.Run{{
			Step:  plan.Step{Name: "numpy", GPU: true},
			Test:  plan.Test{Name: "test.py", At: diag.Range{File: "numpy/Dockerfile", Start: diag.Position{Line: 4, Column: 9}}},
			Where: teststep.OnPackage,
		}},
		instructions: map[digest.Digest]chain.Instruction{},
	}
	// As chain.Label does: what is no test of a package's is an instruction.
	if m := regexp.MustCompile(`^\[(?:linux/arm64 )?([a-z:, ]+?)(?: (builder))? (\d/\d)\] (.*)$`).FindStringSubmatch(name); m != nil {
		c.instructions[dgst] = chain.Instruction{Packages: strings.Split(m[1], ", "), Stage: m[2], Number: m[3], Command: m[4]}
	}
	err := errdefs.WrapVertex(errors.New(text), dgst)
	err = errdefs.WithSource(err, &errdefs.Source{
		Info: &pb.SourceInfo{Filename: "numpy/Dockerfile"}, Ranges: []*pb.Range{{Start: &pb.Position{Line: 7}}},
	})
	return c, grpcerrors.FromGRPC(grpcerrors.ToGRPC(t.Context(), err))
}

// What keeps a builder from giving a device need not be the image's fault.
func TestExplainFirstStepWithAGPU(t *testing.T) {
	c, err := failed(t, "[internal] "+chain.StubsStep, "did not complete successfully: exit code: 1")
	got := c.explain(err).Error()
	assert.True(t, strings.HasPrefix(got, "preparing the first step with a GPU failed: did not complete successfully: exit code: 1\nits output says why:\n"), got)
	assert.Contains(t, got, "the image that it builds on must have /bin/sh\n")
	assert.Contains(t, got, "a rootless builder needs each device node there under the path")
}

func TestExplain(t *testing.T) {
	for _, tc := range []struct{ platform, name, text, want string }{
		{"", "[test numpy] test.py", "exit code: 1", `test "test.py" of package numpy failed on its own stage (declared at numpy/Dockerfile:4:9): exit code: 1`},
		{"linux/arm64", "[linux/arm64 test numpy] test.py", "exit code: 1", `test "test.py" of package numpy failed for linux/arm64 on its own stage (declared at numpy/Dockerfile:4:9): exit code: 1`},
		{"", "[cmake:apt builder 2/3] RUN make", "exit code: 2", `package cmake:apt failed in step 2/3 of its stage builder (numpy/Dockerfile:7): exit code: 2`},
		{"", "[a, b 2/3] RUN make", "exit code: 2", `packages a, b failed in step 2/3 (numpy/Dockerfile:7): exit code: 2`},
		{"", "[a 1/3] ONBUILD COPY x  /y", `"/x": not found`, `package a failed in step 1/3 (numpy/Dockerfile:7): "/x": not found` +
			"\nCOPY x  /y is an ONBUILD instruction of package first: it runs in the next package that builds on it, with the files of that package's folder"},
		{"", "[a 1/3] ONBUILD COPY z /y", `"/z": not found`, `package a failed in step 1/3 (numpy/Dockerfile:7): "/z": not found` +
			"\nCOPY z /y is an ONBUILD instruction of the base image: it runs in the next package that builds on it, with the files of that package's folder"},
		{
			"", "[a 1/3] COPY rootfs/ /", "cannot copy to non-directory: /var/lib/buildkit/runc-overlayfs/cachemounts/buildkit123/bin",
			"package a failed in step 1/3 (numpy/Dockerfile:7): cannot copy to non-directory: /var/lib/buildkit/runc-overlayfs/cachemounts/buildkit123/bin" +
				"\n/bin is a folder in what is copied, and no folder in the image: on a base with merged /usr, /bin, /lib and /sbin are links. " +
				"Docker's legacy builder followed such a link, BuildKit does not" +
				"\n  put the files where the link leads (rootfs/usr/bin in place of rootfs/bin), or copy the folder by itself: COPY rootfs/bin/ /bin/",
		},
		{
			"", "[a 1/3] ADD files /", "cannot copy to non-directory: /x/buildkit123/data",
			"package a failed in step 1/3 (numpy/Dockerfile:7): cannot copy to non-directory: /x/buildkit123/data" +
				"\n/data is a folder in what is copied, and no folder in the image: on a base with merged /usr, /bin, /lib and /sbin are links. " +
				"Docker's legacy builder followed such a link, BuildKit does not" +
				"\n  put the files where the link leads, or copy the folder by itself: ADD files/data/ /data/",
		},
		{
			"", "[a 1/3] COPY --from=b /o/ /opt/", "cannot copy to non-directory: /x/buildkit123/opt/link",
			"package a failed in step 1/3 (numpy/Dockerfile:7): cannot copy to non-directory: /x/buildkit123/opt/link" +
				"\n/opt/link is a folder in what is copied, and no folder in the image: on a base with merged /usr, /bin, /lib and /sbin are links. " +
				"Docker's legacy builder followed such a link, BuildKit does not" +
				"\n  put the files where the link leads, or copy the folder by an instruction of its own, to /opt/link/",
		},
		{"linux/arm64", "[linux/arm64 cmake:apt 2/3] RUN make", "exit code: 2", `package cmake:apt failed for linux/arm64 in step 2/3 (numpy/Dockerfile:7): exit code: 2`},
		{"linux/arm64", "[linux/arm64 internal] seal image", "no such file", "failed to seal image for linux/arm64 (numpy/Dockerfile:7): no such file"},
		{"", "[internal] load package folders", "no such file", "failed to load package folders (numpy/Dockerfile:7): no such file"},
		{"", "", "canceled", "canceled"},
	} {
		c, err := failed(t, tc.name, tc.text)
		c.platform = tc.platform
		c.inherited = map[string][]chain.Trigger{"a": {{Package: "first", Instruction: "COPY x /y"}, {Instruction: "COPY z /y"}}}
		assert.Equal(t, tc.want, c.explain(err).Error(), tc.name)
	}
}

// What took too long did not fail for another reason.
func TestExplainTimeouts(t *testing.T) {
	for name, want := range map[string]string{
		"[test numpy] test.py": `test "test.py" of package numpy did not end within 45m on its own stage (declared at numpy/Dockerfile:4:9): process did not complete: exit code: 253` +
			"\nif it needs more time: test_timeout in the package's metadata, or tests.timeout",
		"[cmake:apt builder 2/3] RUN make": `package cmake:apt did not end within 2h in step 2/3 of its stage builder (numpy/Dockerfile:7): process did not complete: exit code: 253` +
			"\nif it needs more time: build_timeout in the package's metadata, or build.timeout",
		"[a 2/3] RUN make": `package a failed in step 2/3 (numpy/Dockerfile:7): process did not complete: exit code: 253`,
	} {
		c, err := failed(t, name, "process did not complete")
		c.runs[0].Test.Timeout = 2700
		c.plan.Steps = []plan.Step{{Name: "cmake:apt", BuildTimeout: 7200}, {Name: "a"}}
		vertex := errdefs.WrapVertex(fmt.Errorf("process did not complete: %w", &gwpb.ExitError{ExitCode: testinit.TimedOut}), digest.FromString(name))
		vertex = errdefs.WithSource(vertex, errdefs.Sources(err)[0])
		assert.Equal(t, want, c.explain(vertex).Error())
	}
}

// A step that another build asked for too fails by that build's digest, and with no place in
// this build's files; its name tells which it is.
func TestExplainOfASharedStep(t *testing.T) {
	const name = "[a 2/3] RUN make"
	c, _ := failed(t, name, "")
	c.definition.Source = &pb.Source{
		Infos:     []*pb.SourceInfo{{Filename: "a/Dockerfile"}},
		Locations: map[string]*pb.Locations{string(digest.FromString(name)): {Locations: []*pb.Location{{Ranges: []*pb.Range{{Start: &pb.Position{Line: 9}}}}}}},
	}
	err := errdefs.WithOp(errors.New("exit code: 2"), &pb.Op{}, map[string]string{"llb.customname": name})
	err = errdefs.WrapVertex(errdefs.WithSolveError(err, nil, nil, nil), digest.FromString("the other build's"))
	explained := c.explain(grpcerrors.FromGRPC(grpcerrors.ToGRPC(t.Context(), err)))
	assert.Equal(t, "package a failed in step 2/3 (a/Dockerfile:9): exit code: 2", explained.Error())
	assert.Len(t, errdefs.Sources(explained), 1)
}

// A test that no key names is where its script is.
func TestExplainOfAFoundTest(t *testing.T) {
	c, err := failed(t, "[test numpy] test.py", "exit code: 1")
	run := &c.runs[0]
	run.Step.Origin, run.Step.At = plan.Origin{Kind: plan.Context, Path: "packages/numpy"}, run.Test.At
	run.Test.Args = []string{"test.py"}
	assert.Equal(t, `test "test.py" of package numpy failed on its own stage (its script is packages/numpy/test.py): exit code: 1`, c.explain(err).Error())
}

// The client must see the text that explain gives, not the gRPC error inside.
func TestTextSurvivesTheWire(t *testing.T) {
	c, err := failed(t, "[test numpy] test.py", "exit code: 1")
	sent := keepText(c.explain(err))
	for range 2 {
		sent = grpcerrors.FromGRPC(grpcerrors.ToGRPC(t.Context(), sent))
	}
	assert.True(t, strings.HasPrefix(sent.Error(), `test "test.py" of package numpy failed`), "the client reads: %v", sent)
	assert.NotEmpty(t, errdefs.Sources(sent), "the source was lost")
}

// A secret or an agent that is missing is named with the option that gives it. A command
// with such words in it is not taken for that.
func TestExplainOfWhatIsMissing(t *testing.T) {
	for text, want := range map[string]string{
		"secret token: not found":                             "\nadd --secret id=token,src=FILE or --secret id=token,env=VARIABLE to the command; jetson.yaml:4:7 asks for it: with required: false there, the tests run without it",
		"secret other: not found":                             "\nadd --secret id=other,src=FILE or --secret id=other,env=VARIABLE to the command",
		"unset ssh forward key default":                       "\nadd --ssh default to the command; jetson.yaml:4:7 asks for it: with required: false there, the tests run without it",
		`no SSH key "git" forwarded from the client`:          "\nadd --ssh git to the command",
		`process "/bin/sh -c echo secret token: not found"`:   "",
		`process "x" failed: no SSH key "a" for secret token`: "",
	} {
		c, err := failed(t, "[test numpy] test.py", text)
		at := diag.Range{File: "jetson.yaml", Start: diag.Position{Line: 4, Column: 7}}
		c.runs[0].Step.TestSecrets = []plan.Secret{{ID: "token", Env: "TOKEN", At: at}}
		c.runs[0].Step.TestSSH = []plan.SSHAgent{{ID: "default", At: at}}
		assert.Equal(t, `test "test.py" of package numpy failed on its own stage (declared at numpy/Dockerfile:4:9): `+text+want, c.explain(err).Error())
	}
}
