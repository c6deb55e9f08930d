//go:build integration

package integration

import (
	"archive/tar"
	"bytes"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
)

// sourced asks for package a of a tree.
func sourced(source string) hostileTree {
	return hostileTree{tree: files{"jetson.yaml": "packages: [a]\nsources: [{" + source + "}]\n"}}
}

// hostileSources are repositories, images and downloads.
func hostileSources(t *testing.T) map[string]hostileTree {
	t.Helper()
	good := files{"a/Dockerfile": plainPackage, "a/config.yaml": "name: a\n"}
	repository := func(tree files, source string) hostileTree {
		served := newProject(t, good.and(tree)).serveGit(t, "")
		return sourced("git: '" + served.url + source + "'")
	}
	submodule := func(modules string) hostileTree {
		served := newProject(t, good.and(files{".gitmodules": modules})).serveGit(t, "")
		served.git(t, "update-index", "--add", "--cacheinfo", "160000,"+served.git(t, "rev-parse", "HEAD")+",a/sub")
		served.git(t, "commit", "--quiet", "--message=sub")
		served.git(t, "push", "--quiet", "served", "HEAD:main")
		return sourced("git: '" + served.url + "'")
	}
	image := func(entries ...tar.Header) hostileTree {
		h := sourced("image: " + pushEntries(t, entries...))
		h.plan = "this command has no builder, which reads images [unreachable-source]"
		return h
	}
	a := tar.Header{Name: "a/Dockerfile", Typeflag: tar.TypeReg, PAXRecords: nil}
	elsewhere := httptest.NewServer(http.RedirectHandler("file:///etc/passwd", http.StatusFound))
	t.Cleanup(elsewhere.Close)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("\x1b]52;c;eA==\a\n" + forgery + "\n"))
	}))
	t.Cleanup(page.Close)
	return map[string]hostileTree{
		"a host that is an option":         sourced("git: 'ssh://-oProxyCommand=touch%20pwned/x'").says("[bad-value]"),
		"a user that is an option":         sourced("git: 'ssh://-oProxyCommand=x@127.0.0.1:1/x'").says("[bad-value]"),
		"a path that is an option":         sourced("git: 'ssh://127.0.0.1:1/-x'").says("[unreachable-source]"),
		"a folder above":                   repository(nil, "#main:../..").says("[bad-value]"),
		"a ref with a command":             repository(nil, "#$(touch pwned)").says("[bad-value]"),
		"a repository that leads out":      sourced("git: '" + elsewhere.URL + "/a.git'").says("[unreachable-source]"),
		"a repository that is a page":      sourced("git: '" + page.URL + "/a.git'").says("[unreachable-source]"),
		"a link to the machine's folder":   repository(files{"tree": "-> /etc"}, "#main:tree").says("[unreachable-source]").fails("there is no package a"),
		"a Dockerfile that is a link out":  repository(files{"a/Dockerfile": "-> ../../../../../../etc/passwd"}, "").says("[path-outside]"),
		"a package that is a link out":     repository(files{"b": "-> ../../../..", "a/Dockerfile": "-> ../b/etc/passwd"}, "").says("[path-outside]"),
		"filters":                          repository(files{".gitattributes": "* filter=evil ident export-subst\n", "a/Dockerfile": plainPackage + "# $Id$ $Format:%H$\n"}, ""),
		"names that differ by case":        repository(files{"A/Dockerfile": plainPackage, "a/dockerfile": plainPackage}, "").says("[two-dockerfiles]"),
		"a submodule by a program":         submodule("[submodule \"s\"]\n\tpath = a/sub\n\turl = ext::sh -c touch% /pwned\n").says("is a submodule").fails("transport 'ext' not allowed"),
		"a submodule of the machine":       submodule("[submodule \"s\"]\n\tpath = a/sub\n\turl = file:///etc\n").says("is a submodule").fails("transport 'file' not allowed"),
		"a submodule that is an option":    submodule("[submodule \"s\"]\n\tpath = a/sub\n\turl = -u./evil\n").says("is a submodule").fails("may be interpreted as a command-line option"),
		"an image that is an option":       sourced("image: --privileged").says("[bad-value]"),
		"an image with a path":             sourced("image: docker-image://../../x").says("[bad-value]"),
		"layers with ways out":             image(a, tar.Header{Name: "../../../../pwned"}, tar.Header{Name: "/../pwned"}),
		"a layer with a link to follow":    image(a, tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, tar.Header{Name: "l/pwned"}),
		"a layer with a link":              image(tar.Header{Name: "a/Dockerfile", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}).fails("[path-outside]"),
		"a layer with a hard link":         image(tar.Header{Name: "a/Dockerfile", Typeflag: tar.TypeLink, Linkname: "../../../../../../etc/passwd"}).fails("[missing-source]"),
		"a layer with a device":            image(tar.Header{Name: "a/Dockerfile", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5}).fails("Dockerfile is a device [unreadable]"),
		"a layer with a pipe":              image(tar.Header{Name: "a/Dockerfile", Typeflag: tar.TypeFifo}).fails("Dockerfile is a named pipe [unreadable]"),
		"a layer with whiteouts":           image(a, tar.Header{Name: ".wh..wh..opq"}, tar.Header{Name: "a/.wh.."}, tar.Header{Name: ".wh..."}).fails("invalid whiteout name"),
		"a layer with a program of root's": image(a, tar.Header{Name: "a/s", Mode: 0o6755}, tar.Header{Name: "x", PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "\x01\x00\x00\x02" + strings.Repeat("\xff", 16)}}),
		"a base with triggers":             body("FROM " + pushConfigured(t) + "\n").fails("security.insecure is not allowed"),
	}
}

// pushEntries pushes an image of one layer: a good Dockerfile is in regular files that are called so.
func pushEntries(t *testing.T, entries ...tar.Header) string {
	t.Helper()
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, entry := range entries {
		content := ""
		if entry.Typeflag == 0 || entry.Typeflag == tar.TypeReg {
			entry.Typeflag, content = tar.TypeReg, plainPackage
		}
		if entry.Mode == 0 {
			entry.Mode = 0o644
		}
		entry.Size = int64(len(content))
		require.NoError(t, w.WriteHeader(&entry))
		_, err := w.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	image, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), static.NewLayer(layer.Bytes(), types.OCIUncompressedLayer))
	require.NoError(t, err)
	return pushHostile(t, image, v1.Config{})
}

// pushConfigured pushes an image whose configuration wants more than it may.
func pushConfigured(t *testing.T) string {
	t.Helper()
	from, err := shared.Image(t.Context(), base(t), "")
	require.NoError(t, err)
	return pushHostile(t, from, v1.Config{
		OnBuild: []string{"RUN --security=insecure touch /pwned", "COPY ../../outside/secret /copied"},
		Env:     []string{"LD_PRELOAD=/pwned.so", "X=\x1b]52;c;eA==\a\n" + forgery}, WorkingDir: "/../..", User: "0",
	})
}

func pushHostile(t *testing.T, image v1.Image, config v1.Config) string {
	t.Helper()
	file, err := image.ConfigFile()
	require.NoError(t, err)
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", runtime.GOARCH, config
	image, err = mutate.ConfigFile(image, file)
	require.NoError(t, err)
	id, err := image.Digest()
	require.NoError(t, err)
	ref := shared.Ref("hostile/" + id.Hex[:16] + ":1")
	parsed, err := name.ParseReference(ref, name.Insecure)
	require.NoError(t, err)
	require.NoError(t, remote.Write(parsed, mutate.ConfigMediaType(image, types.OCIConfigJSON), remote.WithContext(t.Context())))
	return ref
}
