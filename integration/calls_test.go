//go:build integration

package integration

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

func TestCalls(t *testing.T) {
	t.Parallel()
	p := newProject(t, chainTree())
	for name, c := range map[string]struct {
		call string
		args []string
		says []string
	}{
		"outline":           {call: "outline", says: []string{"BUILD ARG", "L4T_VERSION", "36.4.3", "sets target.l4t", "TEST_GPU", "cdi"}},
		"outline in JSON":   {call: "outline,format=json", says: []string{`"name": "CUDA_VERSION"`, `"value": "12.6"`}},
		"targets":           {call: "targets", says: []string{"TARGET", "one", "two", "three (default)", "step 2 of 3, from ./packages/two"}},
		"targets in JSON":   {call: "targets,format=json", says: []string{`"name": "three"`, `"base": "two"`, `"default": true`}},
		"check":             {call: "check", says: []string{"Check complete, no warnings found."}},
		"plan":              {call: "jetson.plan", says: []string{"36.4.3", "one", "two", "three", base(t)}},
		"plan with args":    {call: "jetson.plan", args: []string{"--build-arg", "PACKAGES=two", "--build-arg", "CUDA_VERSION=12.6"}, says: []string{"PACKAGES", "CUDA_VERSION", "12.6"}},
		"describe":          {call: "subrequests.describe", says: []string{"outline ", "targets ", "lint ", "jetson.plan ", "jetson.llb ", "jetson.lock ", "subrequests.describe "}},
		"graph":             {call: "jetson.llb", says: []string{"plan sha256:", "llb  sha256:", "[three 1/2] COPY data.txt /three", "[test three] test.sh"}},
		"graph to a target": {call: "jetson.llb", args: []string{"--target", "one"}, says: []string{"[one 1/2] COPY data.txt /one"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := p.build(t, with("--call", c.call), with(c.args...))
			assertContains(t, b.Stdout, c.says...)
			b.assertExecuted(t)
		})
	}
	t.Run("plan in JSON", func(t *testing.T) {
		t.Parallel()
		b := p.build(t, with("--call", "jetson.plan,format=json"), arg("PACKAGES=two"), arg("SKIP_PACKAGES=three"), arg("JOBS=4"))
		var got plan.Plan
		require.NoError(t, json.Unmarshal([]byte(b.Stdout), &got), b.Stdout)
		overrides := map[string]string{}
		for _, o := range got.Overrides {
			overrides[o.Key] = o.Arg + ": " + o.Old + " -> " + o.New
		}
		assert.Equal(t, "PACKAGES: one, two, three -> two", overrides["packages"], "overridden packages")
		assert.Len(t, got.Steps, 1, "steps")
		assert.Equal(t, "4", got.Steps[0].BuildArgs["JOBS"], "JOBS")
		assert.Equal(t, "36.4.3", got.Target.L4T.Value, "l4t")
		assertContains(t, got.Target.L4T.Reason, "jetson.yaml:2")
	})
}

// docker buildx build --check fails where there is something to fix.
func TestCheckFindsProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tree files
		says []string
	}{
		"a Dockerfile's lint": {
			tree: one("name: a", "run true\nRUN true\n"),
			says: []string{"ConsistentInstructionCasing", ">>> run true"},
		},
		"a Dockerfile's error": {
			tree: one("name: a", "COPPY x /x\n"),
			says: []string{"unknown instruction: COPPY"},
		},
		"a name that nothing has": {
			tree: one("name: a", "RUN true\n").and(files{"jetson.yaml": "packages: [a]\ntests: {skip: [b]}\n"}),
			says: []string{"unused-name", "tests.skip: no package of the chain goes by b", "jetson.yaml:4"},
		},
		"a dropped chain": {
			tree: files{
				"jetson.yaml": "packages: [a, b]\n", "packages/a/Dockerfile": dockerfile("name: a", "RUN true\n"),
				"packages/b/Dockerfile": "#---\n# name: b\n# depends: a\n#---\nFROM scratch\nCOPY . /\n",
			},
			says: []string{"chain-dropped", "the Dockerfile of package b does not build on BASE_IMAGE", "packages/b/Dockerfile:2"},
		},
		"what a build does not warn of": {
			tree: one("name: a\n# test: test.sh", "RUN set -e && \\\n    apt-get update\n").and(files{"packages/a/test.sh": "cat /data/models/a.json\n"}),
			says: []string{
				"apt-lists - ", "rules.md#apt-lists", "packages/a/Dockerfile:8: apt's lists of packages stay in the layer", ">>>     apt-get update",
				"packages/a/test.sh:1: the test reads /data/models/a.json",
			},
		},
		"a package that is missing": {
			tree: files{"jetson.yaml": "packages: [nnumpy]\n"},
			says: []string{"there is no package nnumpy", "did you mean numpy?"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newProject(t, c.tree).fail(t, with("--check"))
			assertContains(t, b.Stdout+b.Stderr, c.says...)
			b.assertExecuted(t)
		})
	}
}

// A call fails as a build does.
func TestCallsFail(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{"jetson.yaml": "packages: [nnumpy]\n"})
	for _, call := range []string{"outline", "targets", "jetson.plan", "jetson.llb"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			assertContains(t, p.fail(t, with("--call", call)).Stderr, "there is no package nnumpy", "did you mean numpy?", "jetson.yaml:3")
		})
	}
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		assertContains(t, p.fail(t, with("--call", "jetson.paln")).Stderr, "jetson.paln")
	})
}
