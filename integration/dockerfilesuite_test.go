//go:build integration

package integration

import (
	"archive/tar"
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/client"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tonistiigi/fsutil"

	"jetkit/frontend"
	"jetkit/integration/debian/imagetree"
)

// suite is testdata/dockerfiles.txtar: the files of each Dockerfile's folder, by its name.
func suite(t *testing.T, url string) map[string]files {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/dockerfiles.txtar")
	require.NoError(t, err)
	all := map[string]files{}
	for _, f := range archive.Files {
		name, file, _ := strings.Cut(f.Name, "/")
		if all[name] == nil {
			all[name] = files{}
		}
		text := strings.ReplaceAll(string(f.Data), "$URL", url)
		switch {
		case file != "Dockerfile":
			text = strings.TrimSuffix(text, "\n")
		case strings.HasPrefix(text, "FROM "):
			text = "ARG BASE_IMAGE\n" + text
		case !strings.Contains(text, "\nARG BASE_IMAGE\n") && !strings.HasPrefix(text, "ARG A=one\nFROM") && !strings.HasPrefix(text, "ARG WHICH"):
			text = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n" + text
		case !strings.Contains(text, "\nARG BASE_IMAGE\n"):
			text = "ARG BASE_IMAGE\n" + text
		}
		all[name][file] = text
	}
	return all
}

// inFolder writes the files of a Dockerfile, all as old as each other. One of the files is an archive of things that
// only archives have.
func inFolder(t *testing.T, tree files) string {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, "", tree)
	if strings.Contains(tree["Dockerfile"], "archive.tar") {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "archive.tar"), archiveOfAll(t), 0o600))
	}
	old := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	require.NoError(t, filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.Type()&os.ModeSymlink != 0 {
			return err
		}
		return os.Chtimes(name, old, old)
	}))
	return dir
}

func archiveOfAll(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	at := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeDir, Name: "dir/", Mode: 0o1777},
		{Typeflag: tar.TypeReg, Name: "dir/file", Mode: 0o4755, Uid: 11, Gid: 12, Size: 4, PAXRecords: map[string]string{"SCHILY.xattr.user.origin": "suite"}},
		{Typeflag: tar.TypeSymlink, Name: "dir/link", Linkname: "file", Mode: 0o777},
		{Typeflag: tar.TypeLink, Name: "dir/hard", Linkname: "dir/file", Mode: 0o4755},
		{Typeflag: tar.TypeFifo, Name: "dir/fifo", Mode: 0o600},
	} {
		h.ModTime, h.Format = at, tar.FormatPAX
		require.NoError(t, w.WriteHeader(h))
		if h.Size > 0 {
			_, err := w.Write([]byte("text"))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// frontendRun is one of the two frontends on the shared daemon: the builder's own, by its name, or else jetkit's in the
// test's process.
type frontendRun struct {
	name string
	// mounts are the folders of the client, by name.
	mounts map[string]string
	attrs  map[string]string
}

// run builds and pushes the image. It returns how many steps ran that are not cached and not sources.
func (f frontendRun) run(t *testing.T, ref string) (v1.Image, []string) {
	t.Helper()
	c, err := client.New(t.Context(), shared.Daemon.Addr)
	require.NoError(t, err)
	defer func() { _ = c.Close() }() // nothing is lost when that fails
	opt := client.SolveOpt{
		FrontendAttrs: maps.Clone(f.attrs), LocalMounts: map[string]fsutil.FS{},
		Exports: []client.ExportEntry{{Type: client.ExporterImage, Attrs: map[string]string{"name": ref, "push": "true", "rewrite-timestamp": "true"}}},
	}
	// All files are as old as each other: BuildKit would take those of another folder for these.
	opt.SharedKey, opt.FrontendAttrs["sharedkey:localdir:tree"] = ref, ref
	opt.FrontendAttrs["build-arg:BASE_IMAGE"], opt.FrontendAttrs["build-arg:SOURCE_DATE_EPOCH"] = base(t), "1700000000"
	for name, dir := range f.mounts {
		opt.LocalMounts[name], err = fsutil.NewFS(dir)
		require.NoError(t, err)
	}
	statuses, done := make(chan *client.SolveStatus), make(chan []*client.SolveStatus)
	go func() {
		var all []*client.SolveStatus
		for s := range statuses {
			all = append(all, s)
		}
		done <- all
	}()
	if opt.Frontend = f.name; f.name != "" {
		_, err = c.Solve(t.Context(), nil, opt, statuses) // closes statuses
	} else {
		_, err = c.Build(t.Context(), opt, "", frontend.Build, statuses) // so does this
	}
	steps := collect(<-done)
	require.NoError(t, err, "frontend %s", f.name)
	image, err := shared.Image(t.Context(), ref, "")
	require.NoError(t, err)
	var ran []string
	for _, s := range steps {
		// A server is asked each time whether its file is the same, and BuildKit calls that never cached.
		if s.Ran && strings.HasPrefix(s.Name, "[x ") && !strings.Contains(s.Name, "://") {
			ran = append(ran, s.Name)
		}
	}
	return image, ran
}

// TestDockerfileSuite builds each Dockerfile by Docker's frontend and as a package by jetkit's: layers, which hold files with
// their modes, owners, times and attributes, configuration and history are the same, and the second build runs nothing.
func TestDockerfileSuite(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", "Mon, 03 Feb 2003 03:03:03 GMT")
		_, _ = w.Write([]byte(strings.Trim(r.URL.Path, "/")))
	}))
	t.Cleanup(server.Close)
	all := suite(t, server.URL)
	assert.GreaterOrEqual(t, len(all), 120)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := inFolder(t, all[name])
			project := newProject(t, files{"jetson.yaml": "packages: x\nsources: {context: tree}\n"})
			docker := frontendRun{"dockerfile.v0", map[string]string{"context": dir, "dockerfile": dir}, map[string]string{}}
			own := frontendRun{
				"",
				map[string]string{"context": project.dir, "dockerfile": project.dir, "tree": filepath.Dir(named(t, dir))},
				map[string]string{"filename": "jetson.yaml", "context:tree": "local:tree"},
			}
			theirs, _ := docker.run(t, shared.Ref(project.id+":docker"))
			ours, _ := own.run(t, shared.Ref(project.id+":own"))
			assertSameImage(t, theirs, ours)
			_, ran := own.run(t, shared.Ref(project.id+":again"))
			assert.Empty(t, ran, "the second build finds all in the cache")
		})
	}
}

// named makes a tree that has a folder as the package x.
func named(t *testing.T, dir string) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.Rename(dir, link))
	require.NoError(t, os.Symlink(link, dir))
	return link
}

// assertSameImage compares what Docker's frontend made with what jetkit made of it, which has one layer and some labels
// more.
func assertSameImage(t *testing.T, docker, own v1.Image) {
	t.Helper()
	theirs, err := docker.ConfigFile()
	require.NoError(t, err)
	ours, err := own.ConfigFile()
	require.NoError(t, err)
	maps.DeleteFunc(ours.Config.Labels, func(name, _ string) bool { return strings.HasPrefix(name, "io.jetkit.") })
	if len(ours.Config.Labels) == 0 {
		ours.Config.Labels = theirs.Config.Labels
	}
	assert.Equal(t, theirs.Config, ours.Config)
	assert.Equal(t, historyOf(theirs), historyOf(ours)[:len(theirs.History)])
	assert.Len(t, ours.History, len(theirs.History)+1)
	if assert.Len(t, ours.RootFS.DiffIDs, len(theirs.RootFS.DiffIDs)+1) && slices.Equal(theirs.RootFS.DiffIDs, ours.RootFS.DiffIDs[:len(theirs.RootFS.DiffIDs)]) {
		return
	}
	a, err := imagetree.Read(docker)
	require.NoError(t, err)
	b, err := imagetree.Read(own)
	require.NoError(t, err)
	maps.DeleteFunc(b, func(name string, _ *imagetree.File) bool { return strings.HasPrefix(name, "/usr/share/jetkit") })
	assert.Empty(t, imagetree.Compare(imagetree.Side{Tree: a}, imagetree.Side{Tree: b}))
	// "COPY . /all" gives /all the time of the context itself: for Docker that of its transfer, for jetkit the folder's.
	times := slices.DeleteFunc(imagetree.CompareTimes(a, b), func(name string) bool { return name == "/all" || name == "/usr" || name == "/usr/share" })
	assert.Empty(t, times)
}

func historyOf(c *v1.ConfigFile) []string {
	var all []string
	for _, h := range c.History {
		all = append(all, fmt.Sprintf("%s %t %s %s", h.CreatedBy, h.EmptyLayer, h.Comment, h.Author))
	}
	return all
}
