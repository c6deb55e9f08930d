//go:build integration

package integration

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chainTree has three packages in a row, each with a test.
func chainTree() files {
	tree := files{"jetson.yaml": "packages: [one, two, three]\n"}
	for _, name := range []string{"one", "two", "three"} {
		tree["packages/"+name+"/Dockerfile"] = dockerfile("name: "+name+"\ntest: test.sh", "COPY data.txt /"+name+"\nRUN echo @ID@ >> /"+name+"\n")
		tree["packages/"+name+"/data.txt"] = name + " of @ID@\n"
		tree["packages/"+name+"/test.sh"] = script("cat /" + name)
	}
	return tree
}

// stepsOf returns the steps of packages of a chainTree, and those of their tests on the places given.
func stepsOf(p *project, name string, tests ...string) []string {
	steps := []string{"[" + name + " 1/2] COPY data.txt /" + name, "[" + name + " 2/2] RUN echo " + p.id + " >> /" + name}
	return append(steps, tests...)
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	p := newProject(t, chainTree())
	all := stepsOf(p, "one", "[test one] test.sh", "[test one on image] test.sh")
	all = append(all, stepsOf(p, "two", "[test two] test.sh", "[test two on image] test.sh")...)
	all = append(all, stepsOf(p, "three", "[test three] test.sh")...) // its own stage is the image
	onImage := []string{"[test one on image] test.sh", "[test two on image] test.sh"}
	three := stepsOf(p, "three", "[test three] test.sh")
	two := append(stepsOf(p, "two", "[test two] test.sh"), append(three, onImage...)...)

	for _, c := range []struct {
		name   string
		change files
		args   []string
		want   []string
	}{
		{name: "the first time", want: all},
		{name: "nothing changed"},
		{name: "a file outside the chain", change: files{"packages/other/Dockerfile": dockerfile("name: other", ""), "README.md": "x"}},
		{name: "a file of the last package", change: files{"packages/three/data.txt": "3"}, want: append(three, onImage...)},
		{name: "a file of the second package", change: files{"packages/two/data.txt": "2"}, want: two},
		{name: "a test of the first package", change: files{"packages/one/test.sh": script("cat /one # again")}, want: []string{"[test one] test.sh", "[test one on image] test.sh"}},
		{name: "a comment in a Dockerfile", change: files{"packages/one/Dockerfile": chainTree()["packages/one/Dockerfile"] + "# the end\n"}, want: []string{"[test one] test.sh", "[test one on image] test.sh"}},
		{name: "--no-cache-filter of the tests", args: []string{"--no-cache-filter", "test"}, want: append([]string{"[test one] test.sh", "[test two] test.sh", "[test three] test.sh"}, onImage...)},
		{name: "another epoch", args: []string{"--build-arg", "TEST_EPOCH=2"}, want: append([]string{"[test one] test.sh", "[test two] test.sh", "[test three] test.sh"}, onImage...)},
		{name: "up to a package", args: []string{"--target", "two"}, want: []string{"[test one on image] test.sh"}},
		{name: "nothing changed at the end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.write(t, c.change)
			p.build(t, with(c.args...)).assertExecuted(t, c.want...)
		})
	}
}

// Later packages may come from the cache: BuildKit takes the result of a repeated step for equal.
func TestNoCacheFilter(t *testing.T) {
	t.Parallel()
	p := newProject(t, chainTree())
	p.build(t)
	ran := p.build(t, with("--no-cache-filter", "two")).executed()
	for _, name := range stepsOf(p, "two", "[test two] test.sh", "[test two on image] test.sh") {
		assert.Contains(t, ran, name, "%s did not run again; what ran", name)
	}
	for _, name := range stepsOf(p, "one", "[test one] test.sh") {
		assert.NotContains(t, ran, name, "%s ran again", name)
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	p := newProject(t, chainTree())
	b := p.build(t, push(), with("--target", "two"))
	assert.Equal(t, "one from context:packages/one, two from context:packages/two", origins(b.manifest(t)), "packages")
	b.assertAbsent(t, "/three")
}

func TestCacheOfARegistry(t *testing.T) {
	t.Parallel()
	daemon := secondDaemon(t)
	p := newProject(t, chainTree())
	ref := shared.Ref(p.id + ":cache")
	p.build(t, cacheTo(ref))
	b := p.build(t, on(daemon), push(), cacheFrom(ref))
	b.assertExecuted(t)
	assert.Len(t, b.tests(), 5, "tests")
	assert.Equal(t, "three of "+p.id+"\n"+p.id+"\n", b.file(t, "/three"), "/three")
}

// A registry that does not have one of the caches, or is not there at all, costs nothing but that cache.
func TestCacheFromSeveralRefs(t *testing.T) {
	t.Parallel()
	p := newProject(t, chainTree())
	ref := shared.Ref(p.id + ":cache")
	p.build(t, cacheTo(ref))
	missing := shared.Ref(p.id + ":no-such-cache")
	b := p.build(t, on(secondDaemon(t)), cacheFrom(missing, "127.0.0.1:1/no-registry:cache", ref))
	b.assertExecuted(t)
	assert.True(t, b.step(t, "importing cache manifest from "+missing).Failed, "the progress does not tell that a cache is missing")
}

// Files whose chains begin alike share what is alike: each has a cache of its own, and reads the others'.
func TestCacheOfAnotherFile(t *testing.T) {
	t.Parallel()
	tree := chainTree()
	for name, content := range tree {
		if rest, ok := strings.CutPrefix(name, "packages/three/"); ok {
			tree["packages/four/"+rest] = strings.ReplaceAll(content, "three", "four")
		}
	}
	p := newProject(t, tree)
	p.write(t, files{"other.yaml": strings.Replace(p.read(t, "jetson.yaml"), "three", "four", 1)})
	ref, other := shared.Ref(p.id+":cache"), shared.Ref(p.id+":other")
	p.build(t, cacheTo(ref))

	b := p.build(t, on(secondDaemon(t)), with("-f", "other.yaml"), cacheFrom(other, ref), cacheTo(other))
	b.assertExecuted(t, append(stepsOf(p, "four", "[test four] test.sh"), "[test one on image] test.sh", "[test two on image] test.sh")...)
	fresh := remoteDaemon(t)
	p.build(t, on(fresh), with("-f", "other.yaml"), cacheFrom(other)).assertExecuted(t)
	p.build(t, on(fresh), cacheFrom(ref)).assertExecuted(t)
}

// An image with an inline cache stands for its own layers, and for what they rest on as long as nothing changes. Tests
// leave no layer: once something changes, those of the packages before run again too.
func TestInlineCache(t *testing.T) {
	t.Parallel()
	daemon := secondDaemon(t)
	p := newProject(t, chainTree())
	image := p.build(t, push(), with("--cache-to", "type=inline")).image
	p.build(t, on(daemon), cacheFrom(image)).assertExecuted(t)

	p.write(t, files{"packages/three/data.txt": "3"})
	p.build(t, on(daemon), cacheFrom(image)).assertExecuted(t, append(stepsOf(p, "three", "[test three] test.sh"),
		"[test one] test.sh", "[test two] test.sh", "[test one on image] test.sh", "[test two on image] test.sh")...)
}

// A cache holds what the config.py files said too, though the image holds nothing of it.
func TestCacheOfConfigPy(t *testing.T) {
	t.Parallel()
	python := arg("PYTHON_IMAGE=" + pythonImage(t))
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a]\n",
		"packages/a/Dockerfile": dockerfile("", "ARG A\nRUN echo $A > /a\n"),
		"packages/a/config.py":  "package['build_args'] = {'A': '@ID@'}\n",
	})
	ref := shared.Ref(p.id + ":cache")
	const step = "[config] run 1 config.py files of packages"
	first := p.build(t, push(), python, cacheTo(ref))
	s := first.step(t, step)
	if assert.True(t, s.Ran, "the first time, it should run: %+v", s) {
		assert.False(t, s.Cached, "the first time, it should run: %+v", s)
	}
	image := first.digest(t)
	assert.ElementsMatch(t, []string{"a", "usr/share/jetkit/manifest.json"}, first.added(t), "files that the packages and the seal added")

	fresh := remoteDaemon(t)
	b := p.build(t, on(fresh), push(), python, cacheFrom(ref))
	b.assertExecuted(t)
	s = b.step(t, step)
	assert.True(t, s.Cached, "it ran again: %+v", s)
	assert.Equal(t, image, b.digest(t), "image of the other builder")

	// Another answer that changes nothing in the chain changes nothing in the image.
	p.write(t, files{"packages/a/config.py": "package['build_args'] = {'A': '@ID@'}\npackage['notes'] = 'new'\n"})
	b = p.build(t, push(), python)
	s = b.step(t, step)
	assert.False(t, s.Cached, "it should run for another file: %+v", s)
	b.assertExecuted(t)
	s = b.step(t, "[internal] seal image")
	assert.True(t, s.Cached, "the image was sealed again: %+v", s)
	assert.Equal(t, image, b.digest(t), "image after a change that does not matter")
}

// Equal files give equal plans and graphs, whoever builds them where.
func TestSameFilesGiveTheSameGraph(t *testing.T) {
	t.Parallel()
	tree := chainTree()
	tree["jetson.yaml"] = "packages: [one, two, three, ninja]\nargs: {B: 1, A: 2, C: 3}\nimage: {env: {Z: 1, Y: 2, X: 3}, labels: {b: c, a: d}}\n"
	first := newProject(t, tree)
	second := &project{dir: t.TempDir(), id: first.id}
	second.write(t, tree)
	second.write(t, files{"jetson.yaml": first.read(t, "jetson.yaml"), "README.md": "not part of any package"})
	type graph struct {
		Plan, LLB, Tree string
		Operations      int
	}
	of := func(p *project, options ...buildOption) graph {
		t.Helper()
		var g graph
		out := p.build(t, append(options, with("--call", "jetson.llb,format=json"))...).Stdout
		require.NoError(t, json.Unmarshal([]byte(out), &g), out)
		return g
	}
	want := of(first)
	if assert.True(t, strings.HasPrefix(want.Plan, "sha256:"), "unexpected answer: plan %s, llb %s, %d operations", want.Plan, want.LLB, want.Operations) {
		if assert.True(t, strings.HasPrefix(want.LLB, "sha256:"), "unexpected answer: plan %s, llb %s, %d operations", want.Plan, want.LLB, want.Operations) {
			assert.GreaterOrEqual(t, want.Operations, 10, "unexpected answer: plan %s, llb %s, %d operations", want.Plan, want.LLB, want.Operations)
		}
	}
	assert.Equal(t, want, of(second, on(secondDaemon(t))), "graph of the copy on another builder")
	second.write(t, files{"packages/one/Dockerfile": chainTree()["packages/one/Dockerfile"] + "RUN true\n"})
	got := of(second)
	assert.NotEqual(t, want.LLB, got.LLB, "a further RUN should change the graph and not the plan")
	assert.Equal(t, want.Plan, got.Plan, "a further RUN should change the graph and not the plan")
}

// What the gateway image builds is what the frontend builds in process.
func TestGatewayAndInProcessBuildTheSame(t *testing.T) {
	t.Parallel()
	p := newProject(t, chainTree())
	gateway := p.build(t, push())
	ref := shared.Ref(p.id + ":in-process")
	b, err := p.buildInProcess(t, inProcess{exports: pushTo(ref)})
	require.NoError(t, err)
	b.assertExecuted(t) // all of it is in the cache
	b.image = ref
	assert.Equal(t, mustJSON(t, gateway.config(t)), mustJSON(t, b.config(t)), "image configuration")
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	dt, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	return string(dt)
}

// How a plan came about is not in the image: not its comments and lines, not the file's name, not who gave a value.
func TestImageKnowsNothingOfHowItWasAskedFor(t *testing.T) {
	t.Parallel()
	tree := chainTree()
	tree["jetson.yaml"] = "packages: [one, two, three]\ntests: {skip: [two], epoch: 5}\n"
	p := newProject(t, tree)
	read := func(b *built) (string, []string) {
		image, err := shared.Image(t.Context(), b.image, "")
		require.NoError(t, err)
		digest, err := image.Digest()
		require.NoError(t, err)
		var history []string
		for _, h := range b.config(t).History {
			history = append(history, h.CreatedBy)
		}
		return digest.String() + " " + b.config(t).Config.Labels["io.jetkit.plan"], history
	}
	build := func(tag string, opts ...buildOption) *built {
		return p.build(t, append(opts, pushTimeless(tag), with("--provenance=false"))...)
	}
	want, wantHistory := read(build("first"))

	lines := strings.SplitAfterN(p.read(t, "jetson.yaml"), "\n", 2) // the syntax line stays the first
	p.write(t, files{
		"jetson.yaml": lines[0] + "# A comment on top.\n\n" + lines[1],
		"robot.yaml":  lines[0] + lines[1],
		"args.yaml":   lines[0] + strings.Replace(lines[1], "tests: {skip: [two], epoch: 5}\n", "", 1),
	})
	for name, opts := range map[string][]buildOption{
		"a comment on top":                     nil,
		"another file's name":                  {with("-f", "robot.yaml")},
		"a build argument in the file's place": {with("-f", "args.yaml"), arg("SKIP_TESTS=two"), arg("TEST_EPOCH=5")},
	} {
		t.Run(name, func(t *testing.T) {
			got, history := read(build("other", opts...))
			require.Equal(t, wantHistory, history)
			require.Equal(t, want, got)
		})
	}
}
