package chain_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/llb/llbtree"
	"jetkit/pkgspec/plan"
)

func step(name string, args map[string]string) plan.Step {
	return plan.Step{
		Name: name, BuildArgs: args, Dockerfile: "Dockerfile",
		Origin: plan.Origin{Kind: plan.Context, Path: "packages/" + strings.ReplaceAll(name, ":", "_")},
	}
}

// compile compiles a chain of packages given as name, Dockerfile pairs.
func compile(tb testing.TB, opts map[string]string, files fstest.MapFS, steps ...plan.Step) ([]chain.Stage, error) {
	tb.Helper()
	base := llb.Image("docker.io/library/debian:12@sha256:"+strings.Repeat("0", 64), llb.Platform(llbtest.Platform))
	return stagesOf(chain.Compile(context.Background(), chain.Options{
		Plan:     &plan.Plan{Target: plan.Target{L4T: plan.Value{Value: "36.4.3"}, CUDA: plan.Value{Value: "12.6"}}, Steps: steps},
		Base:     chain.Base{State: base, Image: llbtest.Debian()},
		Sources:  llbtest.Sources(files),
		Client:   &llbtest.Client{Opts: opts},
		Platform: llbtest.Platform,
	}))
}

// stagesOf returns the stages of a compiled plan.
func stagesOf(res *chain.Result, err error) ([]chain.Stage, error) {
	if res == nil {
		return nil, err
	}
	return res.Stages, err
}

// tree marshals the last stage and labels it as a build would.
func tree(t *testing.T, stages []chain.Stage) *llbtree.Tree {
	t.Helper()
	def, err := stages[len(stages)-1].State.Marshal(context.Background(), llb.Platform(llbtest.Platform))
	require.NoError(t, err)
	chain.Label(def, stages, "")
	tr, err := llbtree.New(def)
	require.NoError(t, err)
	return tr
}

const header = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"

// everything has one of each thing that a package's Dockerfile may do.
var everything = fstest.MapFS{
	"packages/python/Dockerfile": {Data: []byte(header + "ENV LANG=C.UTF-8\nARG PYTHON_VERSION\nRUN apt-get install python$PYTHON_VERSION\n" +
		"USER robot\nWORKDIR /home/robot\nSHELL [\"/bin/bash\", \"-c\"]\nENTRYPOINT [\"python3\"]\nLABEL kind=python\n")},
	"packages/app/Dockerfile": {Data: []byte("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS builder\nCOPY src /src\nRUN make -C /src\n" +
		"FROM ${BASE_IMAGE}\nCOPY --from=builder /src/app /usr/bin/\nRUN --mount=type=cache,target=/root/.cache <<EOT\necho $LANG\nEOT\n")},
	"packages/app/.dockerignore": {Data: []byte("# big\ndata\n!data/keep\n")},
}

func TestGoldenTree(t *testing.T) {
	stages, err := compile(t, nil, everything, step("python", nil), step("app", nil))
	require.NoError(t, err)
	llbtest.Golden(t, "chain.txt", tree(t, stages).String())
}

func TestImageConfigurationCarries(t *testing.T) {
	stages, err := compile(t, nil, everything, step("python", nil), step("app", nil))
	require.NoError(t, err)
	c := stages[1].Image.Config
	assert.Equal(t, "robot", c.User, "the second package's configuration lost what the first one set: %+v", c)
	assert.Equal(t, "/home/robot", c.WorkingDir, "the second package's configuration lost what the first one set: %+v", c)
	assert.Equal(t, []string{"/bin/bash", "-c"}, c.Shell, "the second package's configuration lost what the first one set: %+v", c)
	assert.Equal(t, []string{"python3"}, c.Entrypoint, "the second package's configuration lost what the first one set: %+v", c)
	assert.Equal(t, "python", c.Labels["kind"], "the second package's configuration lost what the first one set: %+v", c)
	assert.Contains(t, c.Env, "LANG=C.UTF-8", "ENV did not carry")
}

// An ARG of one package must not be seen by the next: with docker build after
// docker build, it would not be.
func TestArgsStayInTheirPackage(t *testing.T) {
	files := fstest.MapFS{
		"packages/one/Dockerfile": {Data: []byte(header + "ARG SECRET_SAUCE\nRUN echo one\n")},
		"packages/two/Dockerfile": {Data: []byte(header + "RUN echo two\n")},
	}
	stages, err := compile(t, nil, files, step("one", map[string]string{"SECRET_SAUCE": "ketchup"}), step("two", nil))
	require.NoError(t, err)
	_, after, _ := strings.Cut(tree(t, stages).String(), `"[two 1/1] RUN echo two"`)
	assert.NotEmpty(t, after, "want the second RUN without the first package's argument")
	assert.NotContains(t, after, "ketchup", "want the second RUN without the first package's argument")
}

func TestBuildArgs(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "ARG CUDA_VERSION\nARG MODE\nARG USERS\nRUN echo\n")}}
	stages, err := compile(t, map[string]string{"build-arg:USERS": "from the command line, not in the plan"}, files,
		step("a", map[string]string{"MODE": "fast"}))
	require.NoError(t, err)
	got := tree(t, stages).String()
	for _, want := range []string{`env "CUDA_VERSION=12.6"`, `env "MODE=fast"`} {
		assert.Contains(t, got, want, "missing")
	}
	assert.NotContains(t, got, "command line", "a build argument that is not in the plan reached the Dockerfile")
}

// TestEmptyBuildArg checks that an empty value replaces an ARG's default, as with
// docker build.
func TestEmptyBuildArg(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "ARG MODE=fast\nRUN echo\n")}}
	stages, err := compile(t, nil, files, step("a", map[string]string{"MODE": ""}))
	require.NoError(t, err)
	require.Contains(t, tree(t, stages).String(), `env "MODE="`)
}

func TestNoCacheNamesPackages(t *testing.T) {
	files := fstest.MapFS{
		"packages/cmake_apt/Dockerfile": {Data: []byte(header + "RUN echo cmake\n")},
		"packages/app/Dockerfile":       {Data: []byte(header + "RUN echo app\n")},
	}
	cmake := step("cmake:apt", nil)
	cmake.Aliases = []string{"make-maker"}
	for value, want := range map[string][2]bool{
		"": {true, true}, "cmake:apt": {true, false}, "CMake": {true, false}, "make-maker": {true, false}, "app,other": {false, true}, "other": {false, false},
	} {
		stages, err := compile(t, map[string]string{"no-cache": value}, files, cmake, step("app", nil))
		require.NoError(t, err)
		got := [2]bool{ignoresCache(t, stages[0]), ignoresCacheSince(t, stages[0], stages[1])}
		assert.Equal(t, want, got, "no-cache=%q: cache ignored by (cmake, app)", value)
	}
}

func ignoresCache(t *testing.T, s chain.Stage) bool { t.Helper(); return uncached(t, s) > 0 }

func ignoresCacheSince(t *testing.T, before, s chain.Stage) bool {
	t.Helper()
	return uncached(t, s) > uncached(t, before)
}

func uncached(t *testing.T, s chain.Stage) int {
	t.Helper()
	def, err := s.State.Marshal(context.Background())
	require.NoError(t, err)
	n := 0
	for _, md := range def.Metadata {
		if md.IgnoreCache {
			n++
		}
	}
	return n
}

func TestErrorsKeepPackageAndLine(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "RUN true\nCOPPY a b\n")}}
	_, err := compile(t, nil, files, step("a", nil))
	var se *chain.StepError
	var loc *parser.LocationError
	require.ErrorAs(t, err, &se, "want a StepError around a LocationError")
	require.ErrorAs(t, err, &loc, "want a StepError around a LocationError")
	assert.Equal(t, "packages/a/Dockerfile", se.SourceMap.Filename, "got %s line", se.SourceMap.Filename)
	assert.Equal(t, 4, loc.Locations[0][0].Start.Line, "got %s line", se.SourceMap.Filename)
	want := "package a: "
	assert.True(t, strings.HasPrefix(err.Error(), want), "message %q does not begin with %q", err, want)
}

// A package that takes single files from the steps before it drops all others.
func TestDetached(t *testing.T) {
	const stage = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS b\nRUN echo\n"
	files := fstest.MapFS{
		"packages/on/Dockerfile":    {Data: []byte(header + "RUN echo on\n")},
		"packages/empty/Dockerfile": {Data: []byte(header + "ENV A=1\n")},
		"packages/off/Dockerfile":   {Data: []byte(stage + "FROM debian:12\nRUN echo off\n")},
		"packages/file/Dockerfile":  {Data: []byte(stage + "FROM debian:12\nCOPY --from=b /one/file /\n")},
		"packages/mount/Dockerfile": {Data: []byte(stage + "FROM debian:12\nRUN --mount=from=b,target=/b cp /b/one /\n")},
		"packages/dir/Dockerfile":   {Data: []byte(stage + "FROM debian:12\nCOPY --from=b / /copy\n")},
		"packages/whole/Dockerfile": {Data: []byte(stage + "FROM scratch\nCOPY --from=b / /\n")},
		"packages/link/Dockerfile":  {Data: []byte(header + "COPY --link Dockerfile /\n")},
	}
	for name, want := range map[string]bool{
		"on": false, "empty": false, "off": true, "file": true, "mount": true, "dir": true, "whole": false, "link": false,
	} {
		stages, err := compile(t, nil, files, step("on", nil), step(name, nil))
		require.NoError(t, err)
		require.Equal(t, want, stages[1].Detached, name)
	}
}

// The named contexts that jetkit reads itself are none of a package's Dockerfile: a stage or
// an image of that name is its own.
func TestOwnContextsAreHidden(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte("ARG BASE_IMAGE\nFROM debian:12 AS python\nRUN echo mine\n" +
		"FROM base AS other\nFROM ${BASE_IMAGE}\nCOPY --from=python / /one\nCOPY --from=other / /two\nCOPY --from=robots / /three\n")}}
	opts := map[string]string{}
	for _, name := range []string{"base", "python", "python::linux/arm64", "robots"} {
		opts["context:"+name] = "docker-image://example.com/context/" + strings.ReplaceAll(name, "::linux/", "-")
	}
	stages, err := compile(t, opts, files, step("a", nil))
	require.NoError(t, err)
	got := tree(t, stages).String()
	require.Contains(t, got, "RUN echo mine")
	require.Contains(t, got, "docker-image://example.com/context/robots")
	require.NotContains(t, got, "example.com/context/python")
	require.NotContains(t, got, "example.com/context/base")
}

// In a build for several platforms, BuildKit puts the platform into names; jetkit does.
func TestNamesHaveThePlatformOnce(t *testing.T) {
	stages, err := compile(t, map[string]string{"build-arg:BUILDKIT_MULTI_PLATFORM": "1"}, everything, step("python", nil), step("app", nil))
	require.NoError(t, err)
	def, err := stages[1].State.Marshal(t.Context(), llb.Platform(llbtest.Platform))
	require.NoError(t, err)
	var names []string
	for _, i := range chain.Label(def, stages, "linux/arm64") {
		names = append(names, strings.Join(i.Packages, ",")+"/"+i.Stage+"/"+i.Number)
	}
	slices.Sort(names)
	require.Equal(t, []string{"app/builder/1/2", "app/builder/2/2", "app/stage-1/1/2", "app/stage-1/2/2", "python//1/2", "python//2/2"}, names)
	for _, md := range def.Metadata {
		require.NotRegexp(t, "linux/arm64.*linux/arm64", md.Description["llb.customname"])
	}
}

// The operations of a COPY --link are shown as one step, by the name of their group.
func TestLinkedCopyHasThePackage(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "RUN a\nCOPY --link Dockerfile /\n")}}
	stages, err := compile(t, nil, files, step("a", nil))
	require.NoError(t, err)
	def, err := stages[0].State.Marshal(t.Context(), llb.Platform(llbtest.Platform))
	require.NoError(t, err)
	chain.Label(def, stages, "linux/arm64")
	var groups []string
	for _, md := range def.Metadata {
		if md.ProgressGroup != nil {
			groups = append(groups, md.ProgressGroup.Name)
		}
	}
	require.Equal(t, slices.Repeat([]string{"[linux/arm64 a 2/2] COPY --link Dockerfile /"}, 2), groups)
}

// An ONBUILD instruction runs in the next package, and is gone after it.
func TestInheritedInstructions(t *testing.T) {
	files := fstest.MapFS{
		"packages/a/Dockerfile": {Data: []byte("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS x\nONBUILD RUN x\nFROM ${BASE_IMAGE}\nONBUILD COPY Dockerfile /a\nONBUILD RUN a\n")},
		"packages/b/Dockerfile": {Data: []byte(header + "RUN b\n")},
		"packages/c/Dockerfile": {Data: []byte(header + "RUN c\n")},
	}
	meta := plan.Step{Name: "meta", Origin: plan.Origin{Kind: plan.Context, Path: "packages/meta"}}
	stages, err := compile(t, nil, files, step("a", nil), meta, step("b", nil), step("c", nil))
	require.NoError(t, err)
	require.Empty(t, stages[0].Inherited)
	require.Empty(t, stages[1].Inherited)
	require.Equal(t, []chain.Trigger{{Package: "a", Instruction: "COPY Dockerfile /a"}, {Package: "a", Instruction: "RUN a"}}, stages[2].Inherited)
	require.Empty(t, stages[3].Inherited)
}

// SOURCE_DATE_EPOCH reaches the Dockerfiles as the number that it stands for.
func TestEpoch(t *testing.T) {
	files := fstest.MapFS{
		"packages/a/Dockerfile": {Data: []byte("ARG SOURCE_DATE_EPOCH=100\n" + header + "RUN a\n")},
		"packages/b/Dockerfile": {Data: []byte(header + "ARG SOURCE_DATE_EPOCH\nRUN b ${SOURCE_DATE_EPOCH}\n")},
	}
	run := func(opts map[string]string, epoch *time.Time) []chain.Stage {
		stages, err := stagesOf(chain.Compile(t.Context(), chain.Options{
			Plan: &plan.Plan{Steps: []plan.Step{step("a", nil), step("b", nil)}}, Base: chain.Base{State: llb.Image("debian"), Image: llbtest.Debian()},
			Platform: llbtest.Platform, Sources: llbtest.Sources(files), Client: &llbtest.Client{Opts: opts}, Epoch: epoch,
		}))
		require.NoError(t, err)
		return stages
	}
	own := run(nil, nil)
	require.Equal(t, time.Unix(100, 0).UTC(), *own[0].Epoch)
	require.Nil(t, own[1].Epoch)

	given := map[string]string{"build-arg:SOURCE_DATE_EPOCH": "context"}
	dated := run(given, new(time.Unix(7, 0).UTC()))
	require.Equal(t, time.Unix(7, 0).UTC(), *dated[0].Epoch)
	require.Equal(t, time.Unix(7, 0).UTC(), *dated[1].Epoch)
	require.Contains(t, tree(t, dated).String(), `env "SOURCE_DATE_EPOCH=7"`)

	undated := run(given, nil)
	require.Nil(t, undated[0].Epoch)
	require.Nil(t, undated[1].Epoch)
}

func TestMetaPackagePassesItsBaseOn(t *testing.T) {
	files := fstest.MapFS{"packages/a/Dockerfile": {Data: []byte(header + "RUN echo a\n")}}
	meta := plan.Step{Name: "meta", Origin: plan.Origin{Kind: plan.Context, Path: "packages/meta"}}
	stages, err := compile(t, nil, files, step("a", nil), meta)
	require.NoError(t, err)
	assert.Equal(t, stages[0].State.Output(), stages[1].State.Output(), "a package without a Dockerfile must leave the image as it is")
}

// Equal plans give equal definitions, whoever builds them.
func TestDigestIsStable(t *testing.T) {
	digest := func(session string) string {
		stages, err := compile(t, map[string]string{"local-sessionid:context": session}, everything, step("python", nil), step("app", nil))
		require.NoError(t, err)
		return string(tree(t, stages).Digest())
	}
	a, b := digest("one"), digest("two")
	assert.Equal(t, b, a, "digests differ")
}
