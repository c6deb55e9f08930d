//go:build integration

package integration

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mirror is an index of Python packages and a repository of Debian's, which counts how often it gave a whole file.
type mirror struct {
	host string

	mu    sync.Mutex
	files map[string][]byte
	given map[string]int
}

// serveMirror serves files by their path, as an index serves those that never change.
func serveMirror(t *testing.T, content map[string][]byte) *mirror {
	t.Helper()
	m := &mirror{files: content, given: map[string]int{}}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.host = strings.TrimPrefix(server.URL, "http://")
	return m
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	content, ok := m.files[strings.ReplaceAll(r.URL.Path, "/./", "/")]
	m.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/") {
		w.Header().Set("Content-Type", "text/html")
	} else {
		w.Header().Set("Cache-Control", "max-age=365000000, immutable, public")
	}
	status := &statusWriter{ResponseWriter: w}
	http.ServeContent(status, r, "", time.Time{}, bytes.NewReader(content))
	if status.code == http.StatusOK {
		m.mu.Lock()
		m.given[filepath.Base(r.URL.Path)]++
		m.mu.Unlock()
	}
}

// downloads returns how often a file was given.
func (m *mirror) downloads(name string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.given[name]
}

type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) { w.code = code; w.ResponseWriter.WriteHeader(code) }

// wheel makes a Python package of one file.
func wheel(t *testing.T, name, code string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	info := name + "-1.0.dist-info/"
	for _, f := range [][2]string{
		{name + ".py", code},
		{info + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", fmt.Sprintf("%s.py,,\n%[2]sMETADATA,,\n%[2]sWHEEL,,\n%[2]sRECORD,,\n", name, info)},
	} {
		part, err := w.Create(f[0])
		require.NoError(t, err)
		_, err = part.Write([]byte(f[1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// sdist makes the source of a Python package, which has in it what the variable SIDE is when it is built.
func sdist(t *testing.T, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range [][2]string{
		{"PKG-INFO", "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n"},
		{"setup.py", "import os, setuptools\nopen('" + name + ".py', 'w').write(os.environ['SIDE'])\nsetuptools.setup(name='" + name + "', version='1.0', py_modules=['" + name + "'])\n"},
	} {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name + "-1.0/" + f[0], Mode: 0o644, Size: int64(len(f[1]))}))
		_, err := w.Write([]byte(f[1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	return b.Bytes()
}

// page is the page of a package in an index.
func page(file string) []byte { return fmt.Appendf(nil, `<a href="/files/%s">%[1]s</a>`, file) }

// What pip and apt download, they download once for builds whose steps differ, and the image is that of a build without
// caches: pip takes nothing that another step built, and apt nothing that another step left in the cache.
func TestPackageCaches(t *testing.T) {
	t.Parallel()
	gripper, claw := debianPackage(t, "gripper"), debianPackage(t, "claw")
	m := serveMirror(t, map[string][]byte{
		"/simple/arm/": page("arm-1.0-py3-none-any.whl"), "/files/arm-1.0-py3-none-any.whl": wheel(t, "arm", "reach = 1\n"),
		"/simple/leg/": page("leg-1.0.tar.gz"), "/files/leg-1.0.tar.gz": sdist(t, "leg"),
		"/apt/gripper_1.0.deb": gripper.content, "/apt/claw_1.0.deb": claw.content, "/apt/Packages": []byte(gripper.entry + "\n" + claw.entry),
	})
	// The second build's steps follow another file; a repository of one package is all that apt then knows.
	app := func(side string) string {
		return dockerfile("name: app", `ENV PIP_NO_CACHE_DIR=1
COPY source /
RUN SIDE=`+side+` pip3 install -v --no-compile --break-system-packages --no-build-isolation --trusted-host `+m.host+` --index-url http://`+m.host+`/simple arm leg
RUN rm -f /etc/apt/sources.list.d/* && echo 'deb [trusted=yes] http://`+m.host+`/apt ./' > /etc/apt/sources.list \
    && echo 'Acquire::http::Proxy::127.0.0.1 "DIRECT";' > /etc/apt/apt.conf.d/95mirror \
    && apt-get update && apt-get install -y gripper claw && apt-get clean && `+noTrace+`
RUN [ -z "$APT_CONFIG" ] || dd if=/dev/zero of=/.jetkit-apt/kept/claw_1.0_all.deb bs=`+strconv.Itoa(len(claw.content))+` count=1
`)
	}
	pip := newProject(t, one("name: a", "RUN apt-get update && apt-get install -y --no-install-recommends python3-pip\n")).build(t, push()).image
	p := newProject(t, files{
		"jetson.yaml":             "packages: [app]\nbase: " + pip + "\nbuild: {caches: [pip, apt]}\n",
		"packages/app/Dockerfile": app("left"),
		"packages/app/source":     "@ID@",
	})
	p.build(t, noBase(), push())
	for _, file := range []string{"arm-1.0-py3-none-any.whl", "leg-1.0.tar.gz", "gripper_1.0.deb", "claw_1.0.deb"} {
		require.Equal(t, 1, m.downloads(file), file)
	}

	p.write(t, files{"packages/app/source": "other @ID@", "packages/app/Dockerfile": app("right")})
	with := p.build(t, noBase(), pushTimeless("with"))
	assert.Equal(t, 1, m.downloads("arm-1.0-py3-none-any.whl"), "the wheel is from the cache")
	assert.Equal(t, 1, m.downloads("leg-1.0.tar.gz"), "the source is from the cache")
	assert.Equal(t, 1, m.downloads("gripper_1.0.deb"), "the archive is from the cache")
	assert.Equal(t, 2, m.downloads("claw_1.0.deb"), "what was spoilt is not taken")
	added := with.added(t)
	assert.Empty(t, slices.DeleteFunc(slices.Clone(added), func(name string) bool {
		return !strings.Contains(name, ".jetkit") && !strings.Contains(name, "/.cache/") && !strings.HasSuffix(name, ".deb")
	}), "traces in the layers")
	assert.Contains(t, with.config(t).Config.Env, "PIP_NO_CACHE_DIR=1")
	for _, h := range with.config(t).History {
		assert.NotContains(t, h.CreatedBy, "jetkit-apt-step", "history of the image")
	}

	without := p.build(t, noBase(), pushTimeless("without"), arg("BUILD_CACHES=none"))
	assert.Equal(t, 2, m.downloads("arm-1.0-py3-none-any.whl"), "no cache")
	assert.Equal(t, 2, m.downloads("gripper_1.0.deb"), "no cache")
	require.Equal(t, layersOf(t, without), layersOf(t, with))
	assert.Equal(t, without.digest(t), with.digest(t))
	site := slices.IndexFunc(added, func(name string) bool { return strings.HasSuffix(name, "/leg.py") })
	require.GreaterOrEqual(t, site, 0, "files of the image: %q", added)
	assert.Equal(t, "right", with.file(t, "/"+strings.TrimLeft(added[site], "./")), "pip built it again")

	p.write(t, files{"packages/app/Dockerfile": dockerfile("name: app", "ENV PIP_NO_CACHE_DIR=1\nRUN echo out && exit 3\n")})
	assertContains(t, p.fail(t).Stderr, `process "/bin/sh -c echo out && exit 3" did not complete successfully: exit code: 3`)
}

// noTrace removes what is another each time that packages are installed.
const noTrace = `rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/ldconfig/aux-cache`

// debian is a package of Debian's, and its entry in the index of a repository.
type debian struct {
	content []byte
	entry   string
}

// debianPackage makes a package of one file.
func debianPackage(t *testing.T, name string) debian {
	t.Helper()
	return debianPackageOf(t, name, "1.0", "", files{"usr/share/" + name: strings.Repeat("robot\n", 1000)})
}

// debianPackageOf makes a Debian package of files.
func debianPackageOf(t *testing.T, name, version, depends string, content files) debian {
	t.Helper()
	dir := t.TempDir()
	control := "Package: " + name + "\nVersion: " + version + "\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\nDescription: a test\n"
	if depends != "" {
		control += "Depends: " + depends + "\n"
	}
	tree := files{"tree/DEBIAN/control": control}
	for file, text := range content {
		tree["tree/"+file] = text
	}
	writeFiles(t, dir, "", tree)
	name += "_" + version
	file := filepath.Join(dir, name+".deb")
	out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--root-owner-group", "--build", filepath.Join(dir, "tree"), file).CombinedOutput()
	require.NoError(t, err, string(out))
	archive, err := os.ReadFile(file)
	require.NoError(t, err)
	return debian{archive, fmt.Sprintf("%sFilename: ./%s.deb\nSize: %d\nSHA256: %x\n", control, name, len(archive), sha256.Sum256(archive))}
}
