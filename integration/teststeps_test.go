//go:build integration

package integration

import (
	"archive/tar"
	"errors"
	"io"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/teststep"
)

// testTree has a package whose test prints where it runs and what it is given, one that comes after it, and one without
// tests at the end.
func testTree() files {
	return files{
		"jetson.yaml": "packages: [probe, later, end]\n",
		"packages/probe/Dockerfile": dockerfile("name: probe\ntest: [test.sh one 'two words', verify]",
			"RUN echo @ID@ > /probe\nENV PROBED=yes\nWORKDIR /srv\nUSER nobody\n"),
		"packages/probe/test.sh": script(`
echo "arguments: $*; user: $(id -un); in: $(pwd); PROBED=$PROBED; later: $(test -e /later && echo yes || echo no)"
echo "shm: $(df --output=size -B1 /dev/shm | tail -1 | tr -d ' ')"
test ! -e /test/written && test ! -e /out/report/result.txt
echo x > /test/written
echo x >> /test/Dockerfile
mkdir /out/report && echo "result of @ID@" > /out/report/result.txt
touch /data/$(id -un)
mkdir /tmp/by-test`),
		"packages/probe/verify":     script("echo verified"),
		"packages/later/Dockerfile": dockerfile("name: later\ndepends: probe\ntest: test.sh", "USER root\nRUN echo later > /later\n"),
		"packages/later/test.sh":    script("test ! -e /test/written; echo x > /by-test; mkdir /srv/by-test"),
		"packages/end/Dockerfile":   dockerfile("name: end", "COPY Dockerfile /end\n"),
	}
}

func TestTestsAreSteps(t *testing.T) {
	t.Parallel()
	p := newProject(t, testTree())
	b := p.build(t, push())
	t.Run("each runs on its package's stage and on the image", func(t *testing.T) {
		assert.ElementsMatch(t, []string{
			"[test probe] test.sh one 'two words'", "[test probe on image] test.sh one 'two words'",
			"[test probe] verify", "[test probe on image] verify", "[test later] test.sh", "[test later on image] test.sh",
		}, b.tests(), "tests")
		assertContains(t, b.output(t, "[test probe] test.sh"),
			"arguments: one two words; user: nobody; in: /srv; PROBED=yes; later: no", "shm: 8589934592")
		assertContains(t, b.output(t, "[test probe on image] test.sh"),
			"arguments: one two words; user: root; in: /srv; PROBED=yes; later: yes", "shm: 8589934592")
	})
	t.Run("what they write is in the image below jetkit's folder only", func(t *testing.T) {
		assert.Equal(t, "result of "+p.id+"\n", b.file(t, "/usr/share/jetkit/tests/001-probe-test.sh_one__two_words_-package/report/result.txt"), "result")
		assert.ElementsMatch(t, []string{
			"probe", "later", "end",
			"usr/share/jetkit/manifest.json",
			"usr/share/jetkit/tests/001-probe-test.sh_one__two_words_-package.json",
			"usr/share/jetkit/tests/001-probe-test.sh_one__two_words_-package/report/result.txt",
			"usr/share/jetkit/tests/002-probe-verify-package.json",
			"usr/share/jetkit/tests/003-later-test.sh-package.json",
			"usr/share/jetkit/tests/004-probe-test.sh_one__two_words_-image.json",
			"usr/share/jetkit/tests/004-probe-test.sh_one__two_words_-image/report/result.txt",
			"usr/share/jetkit/tests/005-probe-verify-image.json",
			"usr/share/jetkit/tests/006-later-test.sh-image.json",
		}, b.added(t), "files above the base")
		b.assertAbsent(t, "/test", "/data", "/out", "/srv/by-test", "/tmp/by-test")
	})
	t.Run("manifest and labels tell of them", func(t *testing.T) { checkRecords(t, b) })
}

// /data is a folder of the builder, one for each target. Other tests prune that of the usual target: --no-cache does.
func TestDataStaysForLaterRuns(t *testing.T) {
	t.Parallel()
	tree := one("name: a\ntest: test.sh", "RUN echo @ID@ > /a\n").and(files{
		"packages/a/test.sh": script("test -e /data/@ID@ && echo seen || echo new\necho x > /data/@ID@"),
	})
	tree["jetson.yaml"] = strings.Replace(target(), "36.4.3", "36.4.4", 1) + "\npackages: [a]\ntests: {data: @ID@}\n"
	p := newProject(t, tree)
	b := p.build(t, push())
	assert.Equal(t, "new", b.output(t, "[test a] test.sh"), "first run")
	b.assertAbsent(t, "/data", "/data/"+p.id)
	assert.Equal(t, "seen", p.build(t, arg("TEST_EPOCH=2")).output(t, "[test a] test.sh"), "second run")
	assert.Equal(t, "new", p.build(t, arg("TEST_EPOCH=3"), arg("L4T_VERSION=36.4.3")).output(t, "[test a] test.sh"), "another target")
}

func checkRecords(t *testing.T, b *built) {
	t.Helper()
	m := b.manifest(t)
	var packages, tests []string
	for _, p := range m.Packages {
		packages = append(packages, p.Name+" from "+p.Source)
	}
	for _, r := range m.Tests {
		tests = append(tests, strings.Join([]string{r.Package, r.Test, string(r.Where), string(r.Result), strings.Join(r.Command, "|")}, ", "))
	}
	assert.Equal(t, "probe from context:packages/probe\nlater from context:packages/later\nend from context:packages/end", strings.Join(packages, "\n"), "packages")
	assert.Equal(t, `probe, test.sh one 'two words', package, passed, /bin/bash|/test/test.sh|one|two words
probe, verify, package, passed, /test/verify
later, test.sh, package, passed, /bin/bash|/test/test.sh
probe, test.sh one 'two words', image, passed, /bin/bash|/test/test.sh|one|two words
probe, verify, image, passed, /test/verify
later, test.sh, image, passed, /bin/bash|/test/test.sh`, strings.Join(tests, "\n"), "tests")
	config := b.config(t)
	for label, want := range map[string]string{
		"io.jetkit.packages": "probe later end", "io.jetkit.tests.passed": "6", "io.jetkit.tests.skipped": "0",
		"io.jetkit.built-for.l4t": "36.4.3", "io.jetkit.built-for.cuda": "12.6", "io.jetkit.plan": m.Plan,
	} {
		assert.Equal(t, want, config.Config.Labels[label], label)
	}
	assert.Equal(t, "36.4.3", m.BuiltFor["l4t"], "target")
	assert.Equal(t, base(t), m.Base, "base")
}

// added lists the files that the layers above the base's hold.
func (b *built) added(t *testing.T) []string {
	t.Helper()
	image, err := shared.Image(t.Context(), b.image, "")
	require.NoError(t, err)
	return addedTo(t, image)
}

// addedTo lists the files of all layers but the first.
func addedTo(t *testing.T, image v1.Image) []string {
	t.Helper()
	layers, err := image.Layers()
	require.NoError(t, err)
	var names []string
	for _, layer := range layers[1:] {
		names = append(names, filesOf(t, layer)...)
	}
	return names
}

func filesOf(t *testing.T, layer v1.Layer) []string {
	t.Helper()
	content, err := layer.Uncompressed()
	require.NoError(t, err)
	defer content.Close()
	var names []string
	archive := tar.NewReader(content)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err)
		if header.Typeflag != tar.TypeDir {
			names = append(names, header.Name)
		}
	}
}

func TestWhichTestsRun(t *testing.T) {
	t.Parallel()
	const (
		a, aOnImage = "[test a] test.sh", "[test a on image] test.sh"
		b, bOnImage = "[test b] test.sh", "[test b on image] test.sh"
	)
	for name, c := range map[string]struct {
		settings string            // of jetson.yaml
		attrs    map[string]string // build arguments
		want     []string
	}{
		"all by default":        {want: []string{a, aOnImage, b, bOnImage}},
		"none in the file":      {settings: "tests: none"},
		"TESTS=none":            {attrs: map[string]string{"TESTS": "none"}},
		"TESTS=intermediate":    {attrs: map[string]string{"TESTS": "intermediate"}, want: []string{a, b}},
		"TESTS=final":           {attrs: map[string]string{"TESTS": "final"}, want: []string{aOnImage, bOnImage}},
		"TESTS=all over a file": {settings: "tests: none", attrs: map[string]string{"TESTS": "all"}, want: []string{a, aOnImage, b, bOnImage}},
		"SKIP_TESTS names":      {attrs: map[string]string{"SKIP_TESTS": "a"}, want: []string{b, bOnImage}},
		"SKIP_TESTS a place":    {attrs: map[string]string{"SKIP_TESTS": "final,b"}, want: []string{a}},
		"SKIP_TESTS=*":          {attrs: map[string]string{"SKIP_TESTS": "*"}},
		"skip in the file":      {settings: "tests: {skip: [b]}", want: []string{a, aOnImage}},
		"only in the file":      {settings: "tests: {run: final, only: [b]}", want: []string{bOnImage}},
		"TEST_ONLY":             {settings: "tests: {skip: [b]}", attrs: map[string]string{"TEST_ONLY": "b"}, want: []string{b, bOnImage}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, files{
				"jetson.yaml":           "packages: [a, b, end]\n" + c.settings,
				"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", "COPY Dockerfile /a\n"),
				"packages/a/test.sh":    script("test -e /a"),
				"packages/b/Dockerfile": dockerfile("name: b\ntest: test.sh", "COPY Dockerfile /b\n"),
				"packages/b/test.sh":    script("test -e /b"),
				// A last package, because on the last one both places are one.
				"packages/end/Dockerfile": dockerfile("name: end", "COPY Dockerfile /end\n"),
			})
			attrs := map[string]string{}
			for name, value := range c.attrs {
				attrs["build-arg:"+name] = value
			}
			result, err := p.buildInProcess(t, inProcess{attrs: attrs})
			require.NoError(t, err)
			assert.ElementsMatch(t, c.want, result.tests(), "tests")
		})
	}
}

func TestSkippedTestsAreInTheRecords(t *testing.T) {
	t.Parallel()
	p := newProject(t, testTree())
	b := p.build(t, push(), arg("SKIP_TESTS=probe"))
	m := b.manifest(t)
	skipped := map[string]string{}
	for _, r := range m.Tests {
		if r.Result == teststep.Skipped {
			skipped[r.Package+" "+r.Test] = r.Reason
		}
	}
	if assert.Len(t, skipped, 2, "skipped tests") {
		assert.Equal(t, "tests.skip has probe", skipped["probe verify"], "skipped tests")
	}
	config := b.config(t)
	assert.Equal(t, "2", config.Config.Labels["io.jetkit.tests.passed"], "passed")
	assert.Equal(t, "2", config.Config.Labels["io.jetkit.tests.skipped"], "skipped")
}

// A test can pass on its own stage and fail on the image, because of a later package.
func TestFailureOnlyOnImageFailsTheBuild(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":                 "packages: [first, breaker]\n",
		"packages/first/Dockerfile":   dockerfile("name: first\ntest: test.sh", "RUN echo @ID@ > /config\n"),
		"packages/first/test.sh":      script("grep -q @ID@ /config || { echo 'somebody changed /config'; exit 7; }"),
		"packages/breaker/Dockerfile": dockerfile("name: breaker", "RUN echo broken > /config\n"),
	})
	b := p.fail(t, push())
	assertContains(t, b.Stderr, `test "test.sh" of package first failed on the finished image with exit code 7`, "somebody changed /config")
	// The test on the package's own stage runs beside it, and may be cut off.
	assert.Subset(t, b.executed(), []string{"[first 1/1] RUN echo " + p.id + " > /config", "[breaker 1/1] RUN echo broken > /config"}, "executed steps")
	_, err := shared.ImageConfig(t.Context(), b.image)
	assert.Error(t, err, "an image was pushed")
	p.build(t, arg("TESTS=intermediate"))
}

func TestManifestIsTheSameOnEveryBuilder(t *testing.T) {
	t.Parallel()
	p := newProject(t, testTree())
	first := p.build(t, push()).file(t, teststep.ShareDir+"/manifest.json")
	again := p.build(t, push(), on(secondDaemon(t))).file(t, teststep.ShareDir+"/manifest.json")
	assert.Equal(t, first, again, "manifest")
}
