package chain

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan"
)

// onBase begins the Dockerfile of a package.
const onBase = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"

// pkg is a package that needs those whose numbers are listed. A Dockerfile that names no
// stage has one on BASE_IMAGE.
type pkg struct {
	dockerfile string
	needs      []int
	args       map[string]string
}

func p(dockerfile string, needs ...int) pkg { return pkg{dockerfile: dockerfile, needs: needs} }

func (p pkg) text() string {
	if strings.Contains(p.dockerfile, "FROM ") {
		return p.dockerfile
	}
	return onBase + p.dockerfile
}

func planOf(packages []pkg) (*plan.Plan, fstest.MapFS) {
	files := fstest.MapFS{}
	built := &plan.Plan{Layers: plan.Layers{Form: plan.LayersPackages}}
	for i, p := range packages {
		step := plan.Step{Name: fmt.Sprint("p", i), BuildArgs: p.args, Origin: plan.Origin{Kind: plan.Context, Path: fmt.Sprint("p", i)}}
		if p.dockerfile != "" {
			step.Dockerfile = "Dockerfile"
			files[step.Origin.Path+"/Dockerfile"] = &fstest.MapFile{Data: []byte(p.text())}
		}
		for _, n := range p.needs {
			step.Needs = append(step.Needs, fmt.Sprint("p", n))
		}
		built.Steps = append(built.Steps, step)
	}
	return built, files
}

// converted returns the configurations after each package of a chain.
func converted(tb testing.TB, base *dockerspec.DockerOCIImage, built *plan.Plan, files fstest.MapFS) []Stage {
	tb.Helper()
	res, err := Compile(tb.Context(), Options{
		Plan: built, Base: Base{State: llb.Image("debian"), Image: base}, Sources: llbtest.Sources(files),
		Client: &llbtest.Client{}, Platform: llbtest.Platform,
	})
	require.NoError(tb, err)
	return res.Stages
}

// lineOf returns the configuration that packages give as a chain.
func lineOf(tb testing.TB, base *dockerspec.DockerOCIImage, packages []pkg) *dockerspec.DockerOCIImage {
	tb.Helper()
	built, files := planOf(packages)
	built.Layers = plan.Layers{}
	stages := converted(tb, base, built, files)
	return stages[len(stages)-1].Image
}

// foldOf folds packages, each of which is converted on what it needs. It also returns the
// configurations that they were converted on.
func foldOf(tb testing.TB, base *dockerspec.DockerOCIImage, packages []pkg) (image *dockerspec.DockerOCIImage, seen []*dockerspec.DockerOCIImage) {
	tb.Helper()
	built, files := planOf(packages)
	stages := converted(tb, base, built, files) // only to have what they read
	inheritTriggers(stages, base, built.BuiltOn())
	f := newConfigFold(base, built.BuiltOn(), stages)
	for i, step := range built.Steps {
		on := f.seenBy(i)
		seen = append(seen, on)
		inherited := stages[i].Inherited
		stages[i] = converted(tb, CloneImage(on), &plan.Plan{Steps: []plan.Step{step}}, files)[0]
		stages[i].Inherited = inherited
		require.NoError(tb, f.set(i, on))
		d := f.deltas[i]
		require.Zero(tb, len(d.kept)+len(d.env)+len(d.labels), "package %d does what its instructions do not explain: %+v", i, d)
	}
	return f.image(), seen
}

// configuration is all of an image's configuration but its history, as an image has it.
func configuration(tb testing.TB, image *dockerspec.DockerOCIImage) string {
	tb.Helper()
	c := *image
	c.History = nil
	dt, err := json.MarshalIndent(c, "", "  ")
	require.NoError(tb, err)
	return string(dt)
}

// richBase has one of each thing that a configuration may have.
func richBase() *dockerspec.DockerOCIImage {
	image := llbtest.Debian()
	image.Created, image.Variant = &time.Time{}, "v8"
	image.History = []ocispecs.History{{CreatedBy: "base"}}
	image.Config.Env = append(image.Config.Env, "LD_LIBRARY_PATH=/usr/local/cuda/lib64", "EMPTY=", "CFLAGS=-O2")
	image.Config.Labels = map[string]string{"kind": "base", "vendor": "debian"}
	image.Config.ExposedPorts = map[string]struct{}{"22/tcp": {}}
	image.Config.Volumes = map[string]struct{}{"/data": {}}
	image.Config.User, image.Config.WorkingDir, image.Config.StopSignal = "root", "/srv/", "SIGTERM"
	image.Config.Entrypoint = []string{"/entry"}
	image.Config.Healthcheck = &dockerspec.HealthcheckConfig{Test: []string{"CMD", "true"}}
	return image
}

// Packages that each are built on what they need give the configuration that they give as
// a chain.
func TestFoldIsTheLine(t *testing.T) {
	for name, packages := range map[string][]pkg{
		"no Dockerfile":              {p("ENV A=1"), p(""), p("ENV B=1", 1)},
		"only groups":                {p(""), p("")},
		"variables":                  {p("ENV A=1"), p("ENV B=1"), p("ENV C=1 A=2")},
		"order of variables":         {p("ENV Z=1"), p("ENV A=1"), p("ENV Z=2 M=3")},
		"back to what it was":        {p("ENV LANG=C"), p("ENV LANG=C.UTF-8"), p("ENV LANG=C", 0)},
		"user and root":              {p("USER app"), p("USER root")},
		"user that a need has":       {p("USER app"), p("USER other"), p("USER app", 0)},
		"no user":                    {p("USER app"), p("RUN make")},
		"path in front":              {p("ENV PATH=/a/bin:$PATH"), p("ENV PATH=/b/bin:${PATH}"), p("ENV PATH=/c/bin:$PATH", 0)},
		"path at the end":            {p("ENV PATH=$PATH:/a/bin"), p("ENV PATH=$PATH:/b/bin")},
		"path on both sides":         {p("ENV PATH=/a:$PATH:/z"), p("ENV PATH=/b:$PATH:/y")},
		"path twice":                 {p("ENV PATH=/a:$PATH\nENV PATH=/b:$PATH"), p("ENV PATH=/a:$PATH")},
		"path anew":                  {p("ENV PATH=/a:$PATH"), p("ENV PATH=/b:/usr/sbin:/usr/bin:/sbin:/bin")},
		"path anew, then more":       {p("ENV PATH=/a:$PATH"), p("ENV PATH=/usr/bin\nENV PATH=/b:$PATH"), p("ENV PATH=/c:$PATH")},
		"path of a library":          {p("ENV LD_LIBRARY_PATH=/a:$LD_LIBRARY_PATH"), p("ENV LD_LIBRARY_PATH=$LD_LIBRARY_PATH:/b")},
		"new path, old is unset":     {p("ENV PKG_CONFIG_PATH=/a:$PKG_CONFIG_PATH"), p("ENV PKG_CONFIG_PATH=/b:$PKG_CONFIG_PATH")},
		"new path, old is empty":     {p("ENV EMPTY=/a:$EMPTY"), p("ENV EMPTY=/b:$EMPTY")},
		"new path, no stray colon":   {p("ENV CPATH=/a${CPATH:+:$CPATH}"), p("ENV CPATH=/b${CPATH:+:$CPATH}")},
		"path with a default":        {p("ENV CPATH=/a:${CPATH:-/usr/include}"), p("ENV CPATH=/b:${CPATH:-/usr/include}")},
		"path set, path extended":    {p("ENV CPATH=/a"), p("ENV CPATH=/b:$CPATH")},
		"flags":                      {p("ENV CFLAGS=\"$CFLAGS -g\""), p("ENV CFLAGS=\"-pipe $CFLAGS\"")},
		"list of CMake":              {p("ENV CMAKE_PREFIX_PATH=\"/a;$CMAKE_PREFIX_PATH\""), p("ENV CMAKE_PREFIX_PATH=\"/b;$CMAKE_PREFIX_PATH\"")},
		"path in another variable":   {p("ENV PATH=/a:$PATH"), p("ENV SAVED=$PATH")},
		"words see what was before":  {p("ENV A=1"), p("ENV A=2 B=$A", 0), p("ENV A=3\nENV C=$A$B", 1)},
		"quotes and escapes":         {p("ENV A='$B' B=\"x y\" C=\\$D D=a\\ b"), p("ENV E=\"$A $D\" F='\"'", 0)},
		"other escape":               {{dockerfile: "# escape=`\n" + onBase + "ENV A=`$B C=\\d"}, p("ENV PATH=/b:$PATH")},
		"old form of ENV and LABEL":  {p("ENV A 1 2\nLABEL kind a b"), p("ENV PATH /b:$PATH")},
		"equals sign in a value":     {p("ENV OPTS=a=b"), p("ENV OPTS=\"$OPTS c=d\"", 0)},
		"argument":                   {{dockerfile: "ARG V=1\nENV A=$V", args: map[string]string{"V": "2"}}, p("ARG V=1\nENV B=$V")},
		"argument's default":         {p("ARG V=x${PATH}\nENV A=$V")},
		"argument twice":             {p("ARG V=1\nENV A=$V\nARG V=2\nENV B=$V")},
		"argument over a variable":   {p("ENV V=1"), p("ARG V=2\nENV W=$V", 0)},
		"argument without a value":   {p("ARG V\nENV A=x${V}y")},
		"global argument":            {p("ARG V=1\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nENV A=x$V\nARG V\nENV B=x$V")},
		"platform":                   {p("ARG TARGETARCH\nENV ARCH=$TARGETARCH"), p("ENV LIB=/$ARCH:$LIB", 0)},
		"argument of the builder":    {p("ARG BUILDPLATFORM\nENV ON=$BUILDPLATFORM PATH=/$BUILDPLATFORM:$PATH"), p("ENV PATH=/x:$PATH")},
		"labels":                     {p("LABEL a=1 kind=a"), p("LABEL b=1"), p("LABEL kind=base")},
		"label of a variable":        {p("ENV V=1"), p("LABEL v=$V w='$V'", 0)},
		"workdir":                    {p("WORKDIR /a"), p("WORKDIR /b/"), p("RUN make")},
		"relative workdir":           {p("WORKDIR /a"), p("WORKDIR b", 0), p("WORKDIR ../c", 1)},
		"workdir of a variable":      {p("ENV HOME=/home/x"), p("WORKDIR $HOME/y", 0)},
		"workdir that a need has":    {p("WORKDIR /a"), p("WORKDIR /b"), p("WORKDIR /a", 0)},
		"cmd":                        {p("CMD [\"a\"]"), p("CMD [\"b\", \"c\"]"), p("RUN make")},
		"cmd of a shell":             {p("CMD a b"), p("SHELL [\"bash\", \"-c\"]\nCMD c")},
		"shell of another package":   {p("SHELL [\"bash\", \"-c\"]"), p("CMD a")},
		"no cmd":                     {p("CMD [\"a\"]"), p("CMD []")},
		"entrypoint resets cmd":      {p("CMD [\"a\"]"), p("ENTRYPOINT [\"b\"]")},
		"cmd, then entrypoint":       {p("ENTRYPOINT [\"a\"]"), p("CMD [\"b\"]\nENTRYPOINT [\"c\"]")},
		"cmd stays in its stage":     {p("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS x\nCMD [\"a\"]\nFROM x\nENTRYPOINT [\"b\"]")},
		"entrypoint of a need":       {p("ENTRYPOINT [\"a\"]"), p("ENTRYPOINT [\"b\"]\nCMD [\"c\"]"), p("ENTRYPOINT [\"a\"]", 0)},
		"no entrypoint":              {p("ENTRYPOINT []")},
		"ports":                      {p("EXPOSE 80 443/tcp"), p("EXPOSE 53/udp 8000-8002"), p("EXPOSE 80")},
		"port of an argument":        {{dockerfile: "ARG PORT=1\nEXPOSE $PORT", args: map[string]string{"PORT": "99"}}},
		"volumes":                    {p("VOLUME /a"), p("VOLUME [\"/b\", \"/c d\"]"), p("VOLUME /data")},
		"volume of a variable":       {p("ENV V=/v"), p("VOLUME $V/w", 0)},
		"signal":                     {p("STOPSIGNAL SIGINT"), p("STOPSIGNAL SIGTERM")},
		"health":                     {p("HEALTHCHECK --interval=5s CMD curl x"), p("HEALTHCHECK NONE"), p("ENV A=1")},
		"health again":               {p("HEALTHCHECK CMD a"), p("HEALTHCHECK CMD [\"b\"]")},
		"maintainer":                 {p("MAINTAINER one"), p("MAINTAINER two")},
		"stages":                     {p("ENV A=0"), p("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS x\nENV X=1 PATH=/x:$PATH\nFROM ${BASE_IMAGE} AS unused\nENV U=1\nUSER u\nFROM x AS y\nENV Y=$X\nFROM y\nENV PATH=/z:$PATH")},
		"stage of an argument":       {{dockerfile: "ARG BASE_IMAGE\nARG WHICH=a\nFROM ${BASE_IMAGE} AS a\nENV A=1\nFROM ${BASE_IMAGE} AS b\nENV B=1\nFROM ${WHICH}\nENV C=1", args: map[string]string{"WHICH": "b"}}},
		"renamed base":               {p("ENV A=1"), p("ARG BASE_IMAGE\nARG PARENT=${BASE_IMAGE}\nFROM ${PARENT}\nENV PATH=/a:$PATH")},
		"argument of a stage below":  {p("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS x\nARG V=1\nENV E=1\nARG E=2\nFROM x\nENV A=$V B=$E")},
		"nothing":                    {p("ENV A=1"), p(onBase), p("RUN make")},
		"other image":                {p("ENV A=1\nUSER a\nLABEL l=1"), p("FROM scratch\nENV B=1", 0), p("ENV PATH=/c:$PATH", 1)},
		"copied whole":               {p("ENV A=1\nCMD [\"a\"]"), p("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS x\nFROM scratch\nCOPY --from=x / /\nENV B=1"), p("ENV C=1")},
		"trigger":                    {p("ONBUILD ENV T=1\nONBUILD USER t"), p("ENV A=$T", 0), p("ENV B=1")},
		"trigger of a stage":         {p("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS x\nONBUILD ENV X=1\nFROM x\nENV Y=$X")},
		"trigger that remains":       {p("ENV A=1\nONBUILD RUN a"), p("ONBUILD RUN b\nONBUILD ENV PATH=/b:$PATH", 0)},
		"trigger through a group":    {p("ONBUILD ENV T=1"), p("", 0), p("ENV A=1", 1)},
		"trigger before its package": {p("ONBUILD ENV T=1\nONBUILD CMD [\"t\"]"), p("ENV T=2\nENTRYPOINT [\"e\"]", 0)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, base := range []*dockerspec.DockerOCIImage{richBase(), llbtest.Debian(), EmptyImage(llbtest.Platform)} {
				image, _ := foldOf(t, base, packages)
				require.Equal(t, configuration(t, lineOf(t, base, packages)), configuration(t, image))
			}
		})
	}
}

// A package is converted on what it needs alone.
func TestPackagesSeeWhatTheyNeed(t *testing.T) {
	_, seen := foldOf(t, richBase(), []pkg{
		p("ENV PATH=/a:$PATH\nUSER a\nLABEL a=1"), p("ENV PATH=/b:$PATH\nUSER b\nLABEL b=1\nONBUILD RUN b"),
		p("ENV PATH=/c:$PATH", 0), p("RUN d", 1), p("RUN e", 2, 1),
	})
	path := func(i int) string { v, _ := variable(seen[i].Config.Env, "PATH"); return v }
	for i, want := range []string{"", "", "/a:", "/b:", "/c:/b:/a:"} {
		assert.Equal(t, want+"/usr/sbin:/usr/bin:/sbin:/bin", path(i), i)
	}
	assert.Equal(t, []string{"root", "root", "a", "b", "b"}, []string{seen[0].Config.User, seen[1].Config.User, seen[2].Config.User, seen[3].Config.User, seen[4].Config.User})
	assert.NotContains(t, seen[2].Config.Labels, "b")
	assert.NotContains(t, seen[3].Config.Labels, "a")
	assert.Equal(t, []string{"RUN b"}, seen[3].Config.OnBuild)
	assert.Equal(t, []string{"RUN b"}, seen[4].Config.OnBuild, "package 4 is built on package 1 with none between them")
	assert.Empty(t, seen[2].Config.OnBuild)
}

// An unrelated package changes nothing of what a package is converted on.
func TestUnrelatedPackagesAreNotSeen(t *testing.T) {
	one := []pkg{p("ENV PATH=/a:$PATH"), p("USER u\nENV PATH=/x:$PATH X=1\nSHELL [\"bash\"]\nWORKDIR /x"), p("ENV B=1", 0)}
	two := []pkg{one[0], p("RUN nothing"), one[2]}
	_, first := foldOf(t, richBase(), one)
	_, second := foldOf(t, richBase(), two)
	require.Equal(t, configuration(t, first[2]), configuration(t, second[2]))
}

// What a package uses and does not need is where the image may differ from the chain's.
func TestFoldWithoutNeeds(t *testing.T) {
	t.Run("a relative workdir is the one that was made", func(t *testing.T) {
		image, _ := foldOf(t, llbtest.Debian(), []pkg{p("WORKDIR /a"), p("WORKDIR b")})
		require.Equal(t, "/b", image.Config.WorkingDir)
	})
	t.Run("a trigger runs where its package is needed", func(t *testing.T) {
		image, seen := foldOf(t, llbtest.Debian(), []pkg{p("ONBUILD ENV T=1\nONBUILD ENV PATH=/t:$PATH"), p("ENV A=x$T"), p("ENV B=x$T", 0), p("ENV C=x$T", 0)})
		require.Equal(t, []string{"PATH=/t:/t:/usr/sbin:/usr/bin:/sbin:/bin", "A=x", "T=1", "B=x1", "C=x1"}, image.Config.Env)
		require.Empty(t, seen[1].Config.OnBuild)
		require.Len(t, seen[3].Config.OnBuild, 2)
		require.Empty(t, image.Config.OnBuild)
	})
	t.Run("triggers of the base run in what is built on nothing else", func(t *testing.T) {
		base := llbtest.Debian()
		base.Config.OnBuild = []string{"RUN base"}
		image, seen := foldOf(t, base, []pkg{p("RUN a"), p("RUN b"), p("RUN c", 0)})
		require.Equal(t, []string{"RUN base"}, seen[1].Config.OnBuild)
		require.Empty(t, seen[2].Config.OnBuild)
		require.Empty(t, image.Config.OnBuild)
	})
}

// What is folded shares nothing with what it was folded from.
func TestFoldSharesNothing(t *testing.T) {
	base := richBase()
	want := configuration(t, base)
	before := CloneImage(base)
	built, files := planOf([]pkg{p("ENV A=1\nCMD [\"a\"]\nSHELL [\"b\"]\nHEALTHCHECK CMD c\nVOLUME /v\nEXPOSE 1\nLABEL l=1\nONBUILD RUN x\nENTRYPOINT [\"e\"]")})
	stage := converted(t, CloneImage(base), built, files)[0]
	after := stage.Image
	d, err := deltaOf(before, after, stage.SourceMap.Data, stage.args, true)
	require.NoError(t, err)
	made := configuration(t, d.apply(base))
	spoil := func(image *dockerspec.DockerOCIImage) {
		c := &image.Config
		for _, list := range [][]string{c.Env, c.Cmd, c.Entrypoint, c.Shell, c.OnBuild, c.Healthcheck.Test} {
			for i := range list {
				list[i] = "spoiled"
			}
		}
		c.Labels["l"], c.Volumes["/spoiled"], c.ExposedPorts["spoiled"] = "spoiled", struct{}{}, struct{}{}
		image.RootFS.DiffIDs[0] = "spoiled"
	}
	spoil(d.apply(base))
	spoil(before)
	spoil(after)
	require.Equal(t, want, configuration(t, base))
	require.Equal(t, made, configuration(t, d.apply(base)))
}

// What a conversion did for reasons that the instructions do not tell is kept as it is.
func TestUnexplainedValuesAreKept(t *testing.T) {
	base := richBase()
	built, files := planOf([]pkg{{
		dockerfile: "ARG W\nENV PATH=/$W:$PATH A=$W\nUSER $W\nLABEL w=$W vendor=$W",
		args:       map[string]string{"W": "w"},
	}})
	stage := converted(t, CloneImage(base), built, files)[0]
	d, err := deltaOf(base, stage.Image, stage.SourceMap.Data, configArgs{}, true)
	require.NoError(t, err)
	require.Equal(t, configuration(t, stage.Image), configuration(t, d.apply(base)))
	other := lineOf(t, base, []pkg{p("ENV PATH=/x:$PATH A=x\nUSER x\nLABEL x=x")})
	c := d.apply(other).Config
	require.Equal(t, "PATH=/w:/x:/usr/sbin:/usr/bin:/sbin:/bin", c.Env[0])
	require.Contains(t, c.Env, "A=w")
	require.Equal(t, "w", c.User)
	require.Equal(t, map[string]string{"kind": "base", "vendor": "w", "w": "w", "x": "x"}, c.Labels)
}

// A package without a Dockerfile, as package 2 is, stands between none.
func TestDirectlyOn(t *testing.T) {
	const group = 2
	builtOn := [][]int{nil, nil, {0, 1}, {0, 1, 2}, {0, 1, 2, 3}, {0}, {0, 1, 5}}
	direct := directlyOn(builtOn, func(i int) bool { return i != group })
	require.Equal(t, [][]int{nil, nil, {0, 1}, {0, 1}, {3}, {0}, {1, 5}}, direct)
}
