package chain_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/plan"
)

// Steps of a Dockerfile have its package's time limit, and its history has their own words.
func TestTimeoutOfRUN(t *testing.T) {
	files := fstest.MapFS{
		"packages/a/Dockerfile": {Data: []byte(header + "FROM debian AS other\nRUN other\nFROM ${BASE_IMAGE}\nRUN make\nRUN [\"make\", \"install\"]\nCOPY --from=other /x /x\n")},
		"packages/b/Dockerfile": {Data: []byte(header + "RUN last\n")},
	}
	a := step("a", nil)
	a.BuildTimeout = 5400
	limited := compileWith(t, cached, nil, files, a, step("b", nil))
	got := tree(t, limited).String()
	for text, want := range map[string]int{
		`exec "/.jetkit-init" "--timeout=5400" `:                 3,
		`exec "/.jetkit-init" "--timeout=5400" "make" "install"`: 1,
		"mount /.jetkit-init bind from #":                        3,
		`"[internal] load the first process of RUN steps"`:       1,
		"jetkit-turn": 0,
	} {
		assert.Equal(t, want, strings.Count(got, text), "%q in\n%s", text, got)
	}
	unlimited := compileWith(t, cached, nil, files, step("a", nil), step("b", nil))
	for i := range limited {
		assert.Equal(t, unlimited[i].Image, limited[i].Image)
	}
	assert.NotContains(t, tree(t, unlimited).String(), "jetkit-init")
}

func TestTimeoutBesideGPUAndPrivileges(t *testing.T) {
	gpu := withGPU("kernels", plan.GPUCDI)
	gpu.BuildPrivileged, gpu.BuildTimeout = true, 60
	got := tree(t, compileWith(t, plan.Build{}, nil, kernels, gpu, step("after", nil))).String()
	for text, want := range map[string]int{
		`exec "/.jetkit-step" "/.jetkit-init" "--timeout=60" "/bin/sh" "-c" "tune kernels"`: 1, "security INSECURE": 2, "merge #": 1,
	} {
		assert.Equal(t, want, strings.Count(got, text), "%q in\n%s", text, got)
	}
}
