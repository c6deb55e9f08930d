//go:build integration

package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// random is a shell command whose output nobody makes twice: where it is found again, nothing was run again.
const random = "cat /proc/sys/kernel/random/uuid"

// digest names the pushed image for this machine's platform, as it is now.
func (b *built) digest(t *testing.T) string {
	t.Helper()
	image, err := shared.Image(t.Context(), b.image, "")
	require.NoError(t, err)
	digest, err := image.Digest()
	require.NoError(t, err)
	return digest.String()
}

// cacheFrom imports caches of the registry.
func cacheFrom(refs ...string) buildOption {
	var args []string
	for _, ref := range refs {
		args = append(args, "--cache-from", "type=registry,ref="+ref)
	}
	return with(args...)
}

// cacheTo exports the results of all steps to the registry.
func cacheTo(ref string) buildOption {
	return with("--cache-to", "type=registry,mode=max,ref="+ref)
}

// One builder compiles and has no GPU, another has one and runs the tests that need it. Caches in the registry carry the
// results between them: nothing is built or tested twice, and builders without a GPU make the tested image.
func TestCompileBuilderAndGPUBuilder(t *testing.T) {
	t.Parallel()
	compile, gpu := shared.Daemon, gpuDaemon(t)
	tree := gpuTree()
	tree["packages/infer/Dockerfile"] += "RUN " + random + " > /infer-build\n"
	tree["packages/infer/test.sh"] += random + " > /out/run\n"
	p := newProject(t, tree)
	compiled, tested := shared.Ref(p.id+":compiled"), shared.Ref(p.id+":tested")
	gpuTests := []string{"[test infer] test.sh", "[test infer on image] test.sh"}
	allTests := append([]string{"[test plain] test.sh", "[test plain on image] test.sh"}, gpuTests...)
	allowed := with("--allow", "device")

	first := p.build(t, on(compile), push(), arg("TEST_GPU=skip"), cacheTo(compiled))
	first.assertExecuted(t, "[cuda 1/1] RUN echo "+p.id+" ${NVIDIA_VISIBLE_DEVICES-none} > /cuda",
		"[infer 1/2] COPY Dockerfile /infer", "[infer 2/2] RUN "+random+" > /infer-build",
		"[plain 1/1] COPY Dockerfile /plain", "[end 1/1] COPY Dockerfile /end",
		"[test plain] test.sh", "[test plain on image] test.sh")
	assert.Equal(t, "1", first.config(t).Config.Labels["io.jetkit.tests.skipped"], "skipped")
	built, untested := first.file(t, "/infer-build"), first.digest(t)

	second := p.build(t, on(gpu), push(), allowed, cacheFrom(compiled), cacheTo(tested))
	second.assertExecuted(t, gpuTests...)
	assertContains(t, second.output(t, gpuTests[0]), "cdi: orin")
	assert.Equal(t, built, second.file(t, "/infer-build"), "/infer-build")
	want := second.digest(t)
	assert.NotEqual(t, want, untested, "the image does not tell that its GPU tests ran")

	for _, daemon := range []*harness.Daemon{compile, remoteDaemon(t)} {
		third := p.build(t, on(daemon), push(), allowed, cacheFrom(compiled, tested))
		third.assertExecuted(t)
		assert.ElementsMatch(t, allTests, third.tests(), "tests")
		assert.Equal(t, want, third.digest(t), "image")
	}

	// Where the tests' results are not to be had, the device is missing. Naming it asks for it to be there in any case.
	const missing = "the builder has no device nvidia.com/gpu=all"
	elsewhere := secondDaemon(t)
	failed := p.fail(t, on(elsewhere), allowed, cacheFrom(compiled))
	assertContains(t, failed.Stderr, missing, "needed by test.sh of infer")
	assert.NotContains(t, strings.Join(failed.executed(), ", "), "[infer ", "what the cache holds ran again")
	failed = p.fail(t, on(elsewhere), with("--allow", "device=nvidia.com/gpu=all"), cacheFrom(compiled, tested))
	assertContains(t, failed.Stderr, "failed to load LLB", missing)
}
