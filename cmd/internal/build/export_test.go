package build

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseExport(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Export{
		"out":                             {Type: "local", Dest: "out"},
		"-":                               {Type: "tar", Dest: "-"},
		"type=local,dest=out":             {Type: "local", Dest: "out"},
		"type=tar,dest=a.tar":             {Type: "tar", Dest: "a.tar"},
		"type=tar":                        {Type: "tar", Dest: "-"},
		"type=oci,dest=a.tar,name=b":      {Type: "oci", Dest: "a.tar", Attrs: map[string]string{"name": "b"}},
		"type=oci":                        {Type: "oci", Dest: "-"},
		"type=oci,tar=false,dest=dir":     {Type: "oci", Dest: "dir", Attrs: map[string]string{"tar": "false"}},
		"type=docker":                     {Type: "docker"},
		"type=docker,dest=a.tar":          {Type: "docker", Dest: "a.tar"},
		"type=image,name=a,push=true":     {Type: "image", Attrs: map[string]string{"name": "a", "push": "true"}},
		`type=image,"name=a,b"`:           {Type: "image", Attrs: map[string]string{"name": "a,b"}},
		"type=registry":                   {Type: "image", Attrs: map[string]string{"push": "true", "unpack": "false"}},
		"type=registry,unpack=true":       {Type: "image", Attrs: map[string]string{"push": "true", "unpack": "true"}},
		"type=cacheonly":                  {Type: "cacheonly"},
		"TYPE=local,Dest=out,Attr-X=keep": {Type: "local", Dest: "out", Attrs: map[string]string{"attr-x": "keep"}},
	} {
		got, err := ParseExport(text)
		require.NoError(t, err, text)
		if want.Attrs == nil {
			want.Attrs = map[string]string{}
		}
		assert.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"dest=out,a=b":           "it has no type",
		"type=x":                 `there is no type "x"`,
		"type=local":             "type=local needs dest=DIR",
		"type=local,dest=-":      "a folder cannot go to standard output",
		"type=oci,tar=false":     "type=oci,tar=false needs dest=DIR",
		"type=image,dest=x":      "type=image has no dest",
		"type=oci,compression":   `"compression" is not of the form KEY=VALUE`,
		"type=cacheonly,dest=xy": "type=cacheonly has no dest",
	} {
		_, err := ParseExport(text)
		assert.ErrorContains(t, err, want, text)
	}
}

func TestParseCache(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]client.CacheOptionsEntry{
		"user/app:cache":      {{Type: "registry", Attrs: map[string]string{"ref": "user/app:cache"}}},
		"a,b":                 {{Type: "registry", Attrs: map[string]string{"ref": "a"}}, {Type: "registry", Attrs: map[string]string{"ref": "b"}}},
		"type=local,src=dir":  {{Type: "local", Attrs: map[string]string{"src": "dir"}}},
		"type=inline":         {{Type: "inline", Attrs: map[string]string{}}},
		"type=gha,Mode=max,b": nil,
		"src=dir":             nil,
	} {
		got, err := ParseCache(text)
		assert.Equal(t, want == nil, err != nil, text)
		assert.Equal(t, want, got, text)
	}
}

func TestNeedsNames(t *testing.T) {
	t.Parallel()
	image := []Export{{Type: client.ExporterImage}}
	assert.True(t, (&Request{Exports: image}).NeedsNames(), "a provenance holds the name")
	assert.False(t, (&Request{Exports: image, Attests: map[string]string{"provenance": ""}}).NeedsNames(), "there is none")
	assert.False(t, (&Request{Exports: []Export{{Type: client.ExporterDocker}}}).NeedsNames(), "docker's archives have none")
	assert.False(t, (&Request{Exports: []Export{{Type: client.ExporterImage, Attrs: map[string]string{"name": "a"}}}}).NeedsNames())
}

func TestKeptNames(t *testing.T) {
	t.Parallel()
	names := Names{Exported: []string{"registry/a:1"}, Local: []string{"a:1"}}
	export := func(kind, name string) Export { return Export{Type: kind, Attrs: map[string]string{"name": name}} }
	for _, test := range []struct {
		about   string
		exports []Export
		want    []string
	}{
		{"only the cache", []Export{{Type: exporterNone}}, nil},
		{"a folder and the files of a tar", []Export{{Type: client.ExporterLocal}, {Type: client.ExporterTar}}, nil},
		{"an image", []Export{export(client.ExporterImage, "")}, []string{"registry/a:1"}},
		{"one with names of its own", []Export{export(client.ExporterImage, "b:1,b:2")}, []string{"b:1", "b:2"}},
		{"pushed, and in an archive", []Export{export(client.ExporterImage, ""), export(client.ExporterOCI, "")}, []string{"registry/a:1"}},
		{"pushed and loaded", []Export{{Type: ExporterMoby, Engine: &Docker{}}}, []string{"registry/a:1", "a:1"}},
	} {
		assert.Equal(t, test.want, names.kept(test.exports), test.about)
	}
}

// TestFilesGetTheirNamesLast writes files as exports do.
func TestFilesGetTheirNamesLast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "image.tar")
	require.NoError(t, os.WriteFile(name, []byte("before"), 0o644))
	for text, commit := range map[string]bool{"failed": false, "after": true} {
		o := &outputs{}
		w, err := o.create(name)
		require.NoError(t, err)
		_, err = w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		if commit {
			require.NoError(t, o.commit())
		}
		o.discard()
	}
	dt, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "after", string(dt))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "temporary files should be gone")
}

// TestArchiveIsKept writes a file for an image once, and removes those before it.
func TestArchiveIsKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "images")
	keep := func(config string) (string, bool) {
		o := &outputs{}
		w, err := o.keep(dir, ImageInfo{Config: config, Names: []string{"docker.io/library/numpy:r36"}})
		require.NoError(t, err)
		if w != nil {
			require.NoError(t, w.Close())
			require.NoError(t, o.commit())
		}
		return filepath.Base(o.archive), w != nil
	}
	name, written := keep("sha256:0123456789abcdef")
	assert.Equal(t, "numpy_r36.0123456789ab.tar", name)
	assert.True(t, written)
	_, written = keep("sha256:0123456789abcdef")
	assert.False(t, written)
	_, written = keep("sha256:fedcba9876543210")
	assert.True(t, written)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, "numpy_r36.fedcba987654.tar", entries[0].Name())
}
