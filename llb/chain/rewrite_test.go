package chain_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// RUN steps on the package's base clean up, whatever their form, however the
// Dockerfile names the base and sets its shell; RUN steps on other images, which do
// not have the program, are left alone.
func TestWhichStepsCleanUp(t *testing.T) {
	const cleaned = `exec "/.jetkit-step" `
	for name, tc := range map[string]struct {
		dockerfile string
		want       map[string]int
	}{
		"exec form":      {header + "RUN [\"make\", \"all\"]\n", map[string]int{cleaned + `"make" "all"`: 1}},
		"script":         {header + "RUN <<EOT\n#!/usr/bin/python3\nprint()\nEOT\n", map[string]int{cleaned + `"/bin/sh" "-c" "/dev/pipes/EOT"`: 1}},
		"split SHELL":    {header + "SHELL \\\n # [\n [\"/bin/bash\", \"-c\"]\nRUN a\n", map[string]int{cleaned + `"/bin/bash" "-c" "a"`: 1}},
		"windows' lines": {strings.ReplaceAll(header+"SHELL [\"bash\", \"-c\"]\nRUN a", "\n", "\r\n"), map[string]int{cleaned + `"bash" "-c" "a"`: 1}},
		"renamed base":   {"ARG BASE_IMAGE\nARG PARENT=${BASE_IMAGE}\nFROM ${PARENT} AS x\nFROM x\nSHELL [\"bash\"]\nRUN a\n", map[string]int{cleaned + `"bash" "a"`: 1}},
		"default base":   {"ARG BASE_IMAGE=x\nFROM ${BASE_IMAGE:-y} AS base\nFROM base\nSHELL [\"bash\"]\nRUN a\n", map[string]int{cleaned + `"bash" "a"`: 1}},
		"linked copy":    {header + "COPY --link a /a\nRUN b\n", map[string]int{cleaned + `"/bin/sh" "-c" "b"`: 1}},
		"other image": {
			"ARG BASE_IMAGE\nARG MY_BASE_IMAGE=golang\nFROM ${BASE_IMAGE} AS base\nRUN b\nFROM ${MY_BASE_IMAGE} AS go\nCOPY --from=base /a /a\nSHELL [\"bash\"]\nRUN a\nFROM base\nCOPY --from=go /b /b\n",
			map[string]int{`exec "bash" "a"`: 1, cleaned + `"/bin/sh" "-c" "b"`: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(tc.dockerfile)}, "packages/a/a": {}}
			stages, err := compile(t, nil, files, withGPU("a", plan.GPUCDI))
			require.NoError(t, err)
			got := tree(t, stages).String()
			for text, want := range tc.want {
				n := strings.Count(got, text)
				assert.Equal(t, want, n, "%q appears %d times, want %d, in\n%s", text, n, want, got)
			}
			for _, arg := range append(stages[0].Image.Config.Shell, stages[0].Image.Config.Cmd...) {
				assert.NotContains(t, arg, "jetkit", "the image's configuration has the cleanup: %+v", stages[0].Image.Config)
			}
			assert.Contains(t, got, `"[a `, "the steps lost where they come from")
		})
	}
}

// Every package's steps are changed once, and the packages share one merge.
func TestSeveralPackagesWithGPU(t *testing.T) {
	files := fstest.MapFS{
		"packages/a/Dockerfile": {Data: []byte(header + "RUN a\n")},
		"packages/b/Dockerfile": {Data: []byte(header + "RUN b\n")},
		"packages/c/Dockerfile": {Data: []byte("FROM scratch\nENV C=c\n")},
	}
	stages, err := compile(t, nil, files, withGPU("a", plan.GPUCDI), withGPU("b", plan.GPURuntime))
	require.NoError(t, err)
	got := tree(t, stages).String()
	for text, want := range map[string]int{`exec "/.jetkit-step" "/bin/sh"`: 2, `exec "/.jetkit-step"`: 3, `"/.jetkit-step" "/.jetkit-step"`: 0, "merge #": 1} {
		n := strings.Count(got, text)
		assert.Equal(t, want, n, "%q appears %d times, want %d, in\n%s", text, n, want, got)
	}
	stages, err = compile(t, nil, files, withGPU("a", plan.GPUCDI), withGPU("c", plan.GPUCDI))
	require.NoError(t, err, "want an empty image, got %v", stages)
	assert.Nil(t, stages[1].State.Output(), "want an empty image, got %v", stages)
}

// What a device leaves in a stage that only copies from the step before would stay in
// the image. In a stage that the image copies from, it does not matter.
func TestGPUInOtherStages(t *testing.T) {
	for dockerfile, fails := range map[string]bool{
		"FROM ${BASE_IMAGE} AS base\nFROM debian\nCOPY --from=base /usr /usr\nRUN tune\n":                                true,
		"FROM ${BASE_IMAGE} AS base\nFROM debian AS go\nRUN tune\nFROM go\nCOPY --link --from=base /usr /usr\nENV A=b\n": true,
		"FROM debian AS go\nRUN tune\nFROM ${BASE_IMAGE}\nCOPY --from=go /a /a\n":                                        false,
		"FROM debian AS go\nRUN tune\nFROM scratch\nCOPY --from=go /a /a\n":                                              false,
		"FROM ${BASE_IMAGE} AS base\nRUN tune\nFROM scratch\nCOPY --from=base / /\n":                                     false,
		"FROM debian AS go\nRUN tune\nFROM ${BASE_IMAGE}\nRUN --mount=type=bind,from=go,target=/go cp /go/a /\n":         false,
	} {
		files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte("ARG BASE_IMAGE\n" + dockerfile)}}
		_, err := compile(t, nil, files, withGPU("a", plan.GPUCDI))
		if !fails {
			assert.NoError(t, err, dockerfile)
			continue
		}
		assert.ErrorContains(t, err, "package a: ", dockerfile)
		assert.ErrorContains(t, err, "FROM ${BASE_IMAGE}", dockerfile)
	}
}

// An ONBUILD trigger runs in the next package, with the device that it asks for.
func TestOnbuildDevice(t *testing.T) {
	files := fstest.MapFS{
		"packages/a/Dockerfile": {Data: []byte(header + "ONBUILD RUN --device=x.com/y=z,required later\n")},
		"packages/b/Dockerfile": {Data: []byte(header + "RUN now\n")},
	}
	stages, err := compile(t, nil, files, step("a", nil), step("b", nil))
	require.NoError(t, err)
	got := tree(t, stages).String()
	for _, want := range []string{`exec "/.jetkit-step" "/bin/sh" "-c" "later"`, `exec "/bin/sh" "-c" "now"`, "merge #"} {
		assert.Contains(t, got, want)
	}
}

// Where one step needs a device and another could do without, the stubs are made
// with it, or not at all.
func TestStubsOfRequiredDevices(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "RUN --device=x.com/y=z a\nRUN --device=x.com/y=z,required b\n")}}
	stages, err := compile(t, nil, files, step("a", nil))
	require.NoError(t, err)
	stubs, _, _ := strings.Cut(tree(t, stages).String(), `"[a `)
	assert.Contains(t, stubs, "device x.com/y=z optional=false", "want the device required")
	assert.NotContains(t, stubs, "optional=true", "want the device required")
}

// A word that a line break splits is the same word for BuildKit.
func TestAsksAcrossLineBreaks(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "RUN --dev\\\nice=x.com/y=z,required tune\n")}}
	stages, err := compile(t, nil, files, step("a", nil))
	require.NoError(t, err)
	assert.Contains(t, tree(t, stages).String(), "merge #", "the device's stubs are not left out")
}
