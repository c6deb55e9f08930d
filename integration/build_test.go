//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/integration/progress"
	"jetkit/llb/teststep"
)

// files is a tree of files by slash-separated path. "@ID@" in a content becomes the project's id. A content that begins
// with "#!" makes the file executable, and "-> PATH" makes it a symbolic link.
type files map[string]string

// project is a folder with a jetson.yaml, as a user has it.
type project struct {
	dir string
	// id is this project's alone: content that holds it is in no cache.
	id string
}

var projects atomic.Int64

// newProject writes a tree of files. jetson.yaml gets two lines in front, the syntax line and, unless it has its own,
// the target: the lines of the map's content begin at line 3 (2 with a target).
func newProject(t *testing.T, tree files) *project {
	t.Helper()
	name := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(t.Name()), "-")
	p := &project{dir: t.TempDir(), id: fmt.Sprintf("%s-%d", name, projects.Add(1))}
	frontend, err := shared.FrontendImage(t.Context())
	require.NoError(t, err)
	tree = maps.Clone(tree)
	if body, ok := tree["jetson.yaml"]; ok {
		head := "# syntax=" + frontend + "\n"
		if !strings.HasPrefix(body, "target:") {
			head += target() + "\n"
		}
		tree["jetson.yaml"] = head + body
	}
	p.write(t, tree)
	return p
}

// target is the target of this machine.
func target() string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "sbsa"}[runtime.GOARCH]
	return "target: {l4t: 36.4.3, arch: " + arch + "}"
}

// write adds or replaces files, as they are.
func (p *project) write(t *testing.T, tree files) {
	t.Helper()
	writeFiles(t, p.dir, p.id, tree)
}

func writeFiles(t *testing.T, dir, id string, tree files) {
	t.Helper()
	for name, content := range tree {
		file := filepath.Join(dir, filepath.FromSlash(name))
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(content, "#!") {
			mode = 0o755
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		if link, ok := strings.CutPrefix(content, "-> "); ok {
			require.NoError(t, os.Symlink(link, file))
			continue
		}
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(content, "@ID@", id)), mode))
	}
}

// dockerfile makes a package's Dockerfile. With a header of n lines, the body begins at line n+5.
func dockerfile(header, body string) string {
	var b strings.Builder
	b.WriteString("#---\n")
	for line := range strings.Lines(header + "\n") {
		b.WriteString("# " + line)
	}
	b.WriteString("#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n" + body)
	return b.String()
}

// script makes an executable shell script that ends at the first command that fails.
func script(body string) string { return "#!/bin/bash\nset -eu\n" + body + "\n" }

// buildOptions are what a test changes about a build.
type buildOptions struct {
	daemon  *harness.Daemon
	args    []string
	context string
	env     []string
	tag     string
	output  string // instead of --push
	noBase  bool
}

type buildOption func(*buildOptions)

// on builds on another daemon than the shared one.
func on(d *harness.Daemon) buildOption { return func(o *buildOptions) { o.daemon = d } }

// with adds command line arguments.
func with(args ...string) buildOption {
	return func(o *buildOptions) { o.args = append(o.args, args...) }
}

// arg adds a --build-arg.
func arg(nameAndValue string) buildOption { return with("--build-arg", nameAndValue) }

// inContext builds another context than ".".
func inContext(c string) buildOption { return func(o *buildOptions) { o.context = c } }

// push pushes the image, which [built.image] then names.
func push() buildOption { return func(o *buildOptions) { o.tag = "latest" } }

// pushTimeless pushes the image under a tag of its own, with the same times in it whenever it is made: equal steps give
// equal images.
func pushTimeless(tag string) buildOption {
	return func(o *buildOptions) {
		o.tag = tag
		o.args = append(o.args, "--build-arg", "SOURCE_DATE_EPOCH=1700000000")
		o.output = "type=image,push=true,rewrite-timestamp=true"
	}
}

// noBase leaves out --build-arg BASE_IMAGE, which every other build gets.
func noBase() buildOption { return func(o *buildOptions) { o.noBase = true } }

// built is what came of a build.
type built struct {
	harness.Result
	image string
	steps []*progress.Step
}

// base returns the reference of the base image that tests build on.
func base(t *testing.T) string {
	t.Helper()
	ref, err := shared.Base(t.Context())
	require.NoError(t, err)
	return ref
}

// try runs docker buildx build -f jetson.yaml in the project's folder.
func (p *project) try(t *testing.T, options ...buildOption) *built {
	t.Helper()
	o := buildOptions{context: "."}
	for _, set := range options {
		set(&o)
	}
	b := &built{}
	args := []string{"-f", "jetson.yaml"}
	if !o.noBase {
		args = append(args, "--build-arg", "BASE_IMAGE="+base(t))
	}
	if o.tag != "" {
		b.image = shared.Ref(p.id + ":" + o.tag)
		args = append(args, "--tag", b.image)
		if o.output == "" {
			o.output = "type=registry" // what --push means
		}
		args = append(args, "--output", o.output)
	}
	if form := os.Getenv("JETKIT_TEST_LAYERS"); form != "" { // for all builds that do not choose one
		args = append(args, "--build-arg", "LAYERS="+form)
	}
	args = append(append(args, o.args...), o.context)
	b.Result = shared.Buildx(t.Context(), harness.BuildxRun{Daemon: o.daemon, Dir: p.dir, Args: args, Env: o.env})
	b.steps = progress.Parse(b.Stderr)
	return b
}

// build is a try that must succeed.
func (p *project) build(t *testing.T, options ...buildOption) *built {
	t.Helper()
	b := p.try(t, options...)
	require.NoError(t, b.Err())
	return b
}

// fail is a try that must not succeed.
func (p *project) fail(t *testing.T, options ...buildOption) *built {
	t.Helper()
	b := p.try(t, options...)
	require.Positive(t, b.ExitCode, "the build should fail, but its exit code is %d:\n%s", b.ExitCode, b.Stderr)
	return b
}

// executed names the steps of packages and tests that ran, in order.
func (b *built) executed() []string {
	var names []string
	for _, s := range progress.Executed(b.steps) {
		names = append(names, s.Name)
	}
	return names
}

// step finds the step whose name begins with the prefix.
func (b *built) step(t *testing.T, prefix string) *progress.Step {
	t.Helper()
	s := progress.Find(b.steps, prefix)
	require.NotNil(t, s, "no step %q in\n%s", prefix, b.Stderr)
	return s
}

// output returns what the step whose name begins with the prefix wrote.
func (b *built) output(t *testing.T, prefix string) string {
	t.Helper()
	return strings.Join(b.step(t, prefix).Output, "\n")
}

// file reads a file of the pushed image.
func (b *built) file(t *testing.T, name string) string {
	t.Helper()
	dt, err := shared.ImageFile(t.Context(), b.image, name)
	require.NoError(t, err)
	return string(dt)
}

// config reads the pushed image's configuration.
func (b *built) config(t *testing.T) *v1.ConfigFile {
	t.Helper()
	config, err := shared.ImageConfig(t.Context(), b.image)
	require.NoError(t, err)
	return config
}

// manifest reads the pushed image's manifest.
func (b *built) manifest(t *testing.T) teststep.Manifest {
	t.Helper()
	var m teststep.Manifest
	require.NoError(t, json.Unmarshal([]byte(b.file(t, teststep.ShareDir+"/manifest.json")), &m))
	return m
}

// assertAbsent checks that the pushed image has none of the files.
func (b *built) assertAbsent(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		dt, err := shared.ImageFile(t.Context(), b.image, name)
		assert.ErrorIs(t, err, fs.ErrNotExist, "the image should not have %s: %q", name, dt)
	}
}

// tests names the test steps of the build, whether they ran or were cached, in order.
func (b *built) tests() []string {
	var names []string
	for _, s := range b.steps {
		if strings.HasPrefix(s.Name, "[test ") {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names
}

// assertExecuted checks which steps of packages and tests ran, in any order.
func (b *built) assertExecuted(t *testing.T, want ...string) {
	t.Helper()
	assert.ElementsMatch(t, want, b.executed(), "executed steps")
}

// assertContains checks that a text holds every fragment.
func assertContains(t *testing.T, text string, fragments ...string) {
	t.Helper()
	for _, fragment := range fragments {
		assert.Contains(t, text, fragment)
	}
}
