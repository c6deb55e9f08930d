package frontend

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
)

// flawed has a package for each warning that needs no step to run.
func flawed(opts map[string]string) *llbtest.Gateway {
	g := gateway(map[string]string{
		"jetson.yaml":           "target: {l4t: 36.4.3}\nbase: debian:12\npackages: [a, b, c]\ntests: {skip: [zz]}\n",
		"packages/a/Dockerfile": header("name: a") + "CMD x\n",
		"packages/b/Dockerfile": "# syntax=docker/dockerfile:2\n" + header("name: b", "depends: a"),
		"packages/c/Dockerfile": "#---\n# name: c\n# depends: b\n#---\nFROM scratch\nCOPY . /\n",
	}, opts)
	g.Config.Architecture = "amd64"
	return g
}

// checked returns what --check reports: each warning's rule and text, and the error.
func checked(t *testing.T, c client.Client) (warnings []string, failed *lint.BuildError) {
	t.Helper()
	res, err := Build(t.Context(), c)
	require.NoError(t, err)
	var results lint.LintResults
	require.NoError(t, json.Unmarshal(res.Metadata["result.json"], &results))
	for _, w := range results.Warnings {
		warnings = append(warnings, w.RuleName+": "+w.Detail)
	}
	if results.Error != nil {
		require.Less(t, int(results.Error.Location.SourceIndex), len(results.Sources), "buildx panics")
	}
	return warnings, results.Error
}

// rulesIn returns the rules of warnings that begin with them.
func rulesIn(warnings []string) []string {
	var rules []string
	for _, w := range warnings {
		rule, _, _ := strings.Cut(w, ":")
		rules = append(rules, rule)
	}
	return rules
}

// The warnings of --check are those of a build.
func TestCheckWarnsAsABuildDoes(t *testing.T) {
	opts, lacks := map[string]string{"cgroup-parent": "/ci"}, []apicaps.CapID{pb.CapExecMetaCgroupParent}
	built := flawed(opts)
	_, err := Build(t.Context(), &oldBuilder{built, lacks})
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"unused-name", "JSONArgsRecommended", "base-platform", "chain-dropped", "limit-dropped", "ignored-syntax"}, rulesIn(built.Warnings()))

	opts["requestid"] = lint.RequestLint
	warnings, failed := checked(t, &oldBuilder{flawed(opts), lacks})
	assert.Nil(t, failed)
	assert.ElementsMatch(t, []string{
		"unused-name: tests.skip: no package of the chain goes by zz",
		"JSONArgsRecommended: packages/a/Dockerfile:7: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals",
		"base-platform: the base image debian:12 is for linux/amd64, but the build is for linux/arm64",
		"chain-dropped: packages/c/Dockerfile:2:9: the Dockerfile of package c does not build on BASE_IMAGE, so the 2 packages before it are not in the image",
		"limit-dropped: the builder is too old for --cgroup-parent: steps run without",
		"ignored-syntax: packages/b/Dockerfile:1: syntax=docker/dockerfile:2 has no effect: packages' Dockerfiles are read as docker/dockerfile:1.28 reads them",
	}, warnings)
}

// offline is a builder that reaches no registry.
type offline struct{ *llbtest.Gateway }

func (offline) ResolveImageConfig(context.Context, string, sourceresolver.Opt) (resolved string, dgst digest.Digest, config []byte, err error) {
	return "", "", nil, errors.New("no such host")
}

// What stops the build is an error of --check, beside the warnings that were found.
func TestCheckOfABuildThatFails(t *testing.T) {
	warnings, failed := checked(t, offline{flawed(map[string]string{"requestid": lint.RequestLint})})
	assert.Len(t, warnings, 3)
	require.NotNil(t, failed)
	assert.Contains(t, failed.Message, "base image debian:12")
	assert.Contains(t, failed.Message, "no such host")
	require.Len(t, failed.Location.Ranges, 1)
	assert.EqualValues(t, 2, failed.Location.Ranges[0].Start.Line)
}

// bake builds no linked target for --check, which still reports what does not depend on one.
func TestCheckOnALinkedTarget(t *testing.T) {
	warnings, failed := checked(t, flawed(map[string]string{"requestid": lint.RequestLint, "context:base": "target:stack"}))
	assert.Nil(t, failed)
	assert.Len(t, warnings, 3)
}
