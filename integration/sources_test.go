//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/llb/teststep"
)

// origins reports which packages an image has and where they came from.
func origins(m teststep.Manifest) string {
	var all []string
	for _, p := range m.Packages {
		all = append(all, p.Name+" from "+p.Source)
	}
	return strings.Join(all, ", ")
}

func TestPackagesOfTheContext(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":                    "packages: [camera, ./my-robot]\n",
		"packages/vision/cam/Dockerfile": dockerfile("name: camera:v2\nalias: camera\nbuild_args: {LENS: wide}", "ARG LENS L4T_VERSION CUDA_VERSION\nRUN echo $LENS $L4T_VERSION $CUDA_VERSION @ID@ > /camera\n"),
		"my-robot/Dockerfile":            dockerfile("depends: camera\ntest: test.sh", "COPY robot.txt /robot\n"),
		"my-robot/robot.txt":             "robot of @ID@\n",
		"my-robot/test.sh":               script("grep -q 'robot of' /robot && grep -q wide /camera"),
	})
	b := p.build(t, push())
	assert.Equal(t, "camera:v2 from context:packages/vision/cam, my-robot from context:my-robot", origins(b.manifest(t)), "packages")
	assert.Equal(t, "wide 36.4.3 12.6 "+p.id+"\n", b.file(t, "/camera"), "/camera")
	assert.Equal(t, "robot of "+p.id+"\n", b.file(t, "/robot"), "/robot")
}

// A built-in package, with the packages that it installs, and on top of it one of the context.
func TestBuiltinAndContextPackages(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":       "packages: [build-essential, ./hello]\n",
		"hello/Dockerfile":  dockerfile("depends: build-essential", "COPY hello.c /src/\nRUN gcc -o /usr/local/bin/hello /src/hello.c\n"),
		"hello/hello.c":     "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n",
		"hello/test.sh":     script("test \"$(hello)\" = hello"),
		"unrelated/big.bin": strings.Repeat("x", 1<<20),
	})
	only := p.build(t, push(), arg("PACKAGES=build-essential"))
	assert.Equal(t, "build-essential from builtin:build/build-essential", origins(only.manifest(t)), "packages")
	assertContains(t, only.output(t, "[test build-essential] test.sh"), "C++ works, 3 elements")

	both := p.build(t, push())
	assert.Equal(t, "build-essential from builtin:build/build-essential, hello from context:hello", origins(both.manifest(t)), "packages")
	for _, step := range []string{"[hello 1/2] COPY", "[hello 2/2] RUN", "[test hello]", "[test build-essential on image]"} {
		s := both.step(t, step)
		if assert.True(t, s.Ran, "it should run: %+v", s) {
			assert.False(t, s.Cached, "it should run: %+v", s)
		}
	}
	// Another test may be at the same built-in package, and its progress then looks like ours. What was installed twice
	// would not give the same layers.
	layers := both.layers(t)
	first := only.layers(t)
	assert.Equal(t, layers[:2], first[:2], "the layers %v do not go on from %v", layers, first)
	assert.Empty(t, regexp.MustCompile(`transferring context: [\d.]+MB`).FindString(both.Stderr), "a folder that is not in the chain was sent")
}

// layers are the digests of the pushed image's layers, the base's first.
func (b *built) layers(t *testing.T) []string {
	t.Helper()
	var digests []string
	for _, id := range b.config(t).RootFS.DiffIDs {
		digests = append(digests, id.String())
	}
	return digests
}

func TestContextWinsOverBuiltin(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":                         "packages: [build-essential]\n",
		"packages/build-essential/Dockerfile": dockerfile("name: build-essential", "RUN echo @ID@ > /own\n"),
	})
	b := p.build(t, push())
	assert.Equal(t, "build-essential from context:packages/build-essential", origins(b.manifest(t)), "packages")
	assert.Equal(t, p.id+"\n", b.file(t, "/own"), "/own")

	p.write(t, files{"jetson.yaml": p.read(t, "jetson.yaml") + "sources: [builtin, {dir: packages}]\n"})
	assertContains(t, p.build(t, with("--call", "jetson.plan")).Stdout, "builtin:build/build-essential")
}

func (p *project) read(t *testing.T, name string) string {
	t.Helper()
	dt, err := os.ReadFile(filepath.Join(p.dir, name))
	require.NoError(t, err)
	return string(dt)
}

func TestBaseFromBuildContext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, context, want string }{
		"a context called base":      {context: "base", want: "base"},
		"base over the file":         {body: "base: acme.example/none:1", context: "base", want: "base"},
		"a made-up reference":        {body: "base: acme.example/robots/base:7", context: "acme.example/robots/base:7", want: "acme.example/robots/base:7"},
		"a context called otherwise": {body: "base: ours", context: "ours", want: "ours"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, one("name: a\ntest: test.sh", "RUN . /etc/os-release && echo $ID > /a\n").and(files{"packages/a/test.sh": script("test -e /a")}))
			p.write(t, files{"jetson.yaml": p.read(t, "jetson.yaml") + c.body + "\n"})
			b := p.build(t, push(), noBase(), with("--build-context", c.context+"=docker-image://"+base(t)))
			assert.Equal(t, "debian\n", b.file(t, "/a"), "/a")
			assert.Equal(t, c.want, b.manifest(t).Base, "base")
			config := b.config(t)
			assert.Equal(t, "bash", strings.Join(config.Config.Cmd, " "), "command of the base")
		})
	}
}

func TestPackagesOfNamedContexts(t *testing.T) {
	t.Parallel()
	extra := t.TempDir()
	p := newProject(t, files{
		"jetson.yaml":           "packages: [a, deep]\nsources: [{dir: packages}, {context: extra}, {context: tree, dir: robots/jetson}]\n",
		"packages/a/Dockerfile": dockerfile("name: a\ndepends: [driver]", "RUN cat /driver > /a\n"),
	})
	writeFiles(t, extra, p.id, files{
		"driver/Dockerfile": dockerfile("name: driver\ntest: check.sh", "COPY driver.txt /driver\n"),
		"driver/driver.txt": "driver of @ID@\n",
		"driver/check.sh":   script("grep @ID@ /driver"),
		"a/Dockerfile":      dockerfile("name: a", "RUN false\n"),
	})
	tree := t.TempDir()
	writeFiles(t, tree, p.id, files{"robots/jetson/deep/Dockerfile": dockerfile("name: deep", "COPY Dockerfile /deep\n"), "robots/other/deep/Dockerfile": "FROM none\n"})
	contexts := []string{"--build-context", "extra=" + extra, "--build-context", "tree=" + tree}
	b := p.build(t, push(), with(contexts...))
	assert.Equal(t, "driver from extra:driver, a from context:packages/a, deep from tree:robots/jetson/deep", origins(b.manifest(t)), "packages")
	assert.Equal(t, "driver of "+p.id+"\n", b.file(t, "/a"), "/a")

	writeFiles(t, extra, p.id, files{"driver/check.sh": script("echo no device; exit 9")})
	failed := p.fail(t, with(contexts...))
	assertContains(t, failed.Stderr, "(declared at extra:driver/Dockerfile:3:9)", ">>> # test: check.sh")

	// An image as the source of packages.
	image := newProject(t, files{"Dockerfile": "FROM scratch\nCOPY tree /\n"})
	writeFiles(t, filepath.Join(image.dir, "tree"), p.id, files{"driver/Dockerfile": dockerfile("name: driver", "RUN echo from an image > /driver\n")})
	ref := shared.Ref(image.id + ":1")
	require.NoError(t, shared.Buildx(t.Context(), harness.BuildxRun{Dir: image.dir, Args: []string{"--push", "--tag", ref, "."}}).Err())
	b = p.build(t, push(), with("--build-context", "extra=docker-image://"+ref, "--build-context", "tree="+tree))
	assert.Equal(t, "from an image\n", b.file(t, "/a"), "/a")
}

func TestGitContext(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a\ntest: test.sh", "COPY a.txt /a\n").and(files{
		"packages/a/a.txt":   "from git, @ID@\n",
		"packages/a/test.sh": script("grep @ID@ /a"),
	}))
	url := p.serveGit(t, "").url
	elsewhere := &project{dir: t.TempDir(), id: p.id + "-git"}
	b := elsewhere.build(t, push(), inContext(url))
	assert.Equal(t, "from git, "+p.id+"\n", b.file(t, "/a"), "/a")
	assert.Equal(t, "a from context:packages/a", origins(b.manifest(t)), "packages")

	// The same repository as a source of packages of another file.
	other := newProject(t, files{"jetson.yaml": "packages: a\nsources: [{context: company, dir: packages}]\n"})
	b = other.build(t, push(), with("--build-context", "company="+url+"#main"))
	assert.Equal(t, "a from company:packages/a", origins(b.manifest(t)), "packages")

	// URLs with a query, which buildx sends only to frontends whose label says that they understand it.
	elsewhere.build(t, inContext(url+"?branch=main"))
	other = newProject(t, files{"jetson.yaml": "packages: a\nsources: [{context: company}]\n"})
	b = other.build(t, push(), with("--build-context", "company="+url+"?branch=main&subdir=packages"))
	assert.Equal(t, "a from company:a", origins(b.manifest(t)), "packages")

	// A commit and a folder, as the message about a package of jetson-containers has it.
	b = other.build(t, push(), with("--build-context", "company="+url+"#"+p.git(t, "rev-parse", "HEAD")+":packages"))
	assert.Equal(t, "a from company:a", origins(b.manifest(t)), "packages")
}
