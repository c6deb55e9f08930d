package platform

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"jetkit/pkgspec/dotted"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTablesLoad(t *testing.T) {
	tables, err := loadTables()
	require.NoError(t, err)
	if assert.NotEmpty(t, tables.ubuntus, "a table is empty: %+v", tables) {
		if assert.Len(t, tables.arches, 3, "a table is empty: %+v", tables) {
			if assert.NotEmpty(t, tables.lists, "a table is empty: %+v", tables) {
				assert.NotEmpty(t, tables.capabilities, "a table is empty: %+v", tables)
			}
		}
	}
	files, err := fs.Glob(tableFiles, "tables/*")
	require.NoError(t, err, "tables %v, %v: every file must be read by loadTables", files, err)
	assert.Len(t, files, 5, "tables %v, %v: every file must be read by loadTables", files, err)
}

// TestReleasesAreConsistent holds the rows against each other and against the
// other tables: what a person who adds a row can get wrong.
func TestReleasesAreConsistent(t *testing.T) {
	f := BuiltIn()
	fields := []string{"l4t", "jetpack", "ubuntu", "python", "cuda", "cudnn", "tensorrt", "sm", "base"}
	for i := range f.releases {
		r := &f.releases[i]
		t.Run(r.L4T, func(t *testing.T) {
			v, ok := dotted.Parse(r.L4T)
			require.True(t, ok, "l4t must be three numbers")
			require.Len(t, v, 3, "l4t must be three numbers")
			assert.False(t, i > 0 && (v.Compare(f.releases[i-1].version()) <= 0 || dotted.Of(r.JetPack).Compare(dotted.Of(f.releases[i-1].JetPack)) < 0), "rows must go up by L4T, and by JetPack")
			checkVersion(t, r.JetPack)
			number, _, _ := strings.Cut(r.Name, " ")
			assert.Equal(t, r.JetPack, number, "name %q, jetpack", r.Name)
			u := f.ubuntu(r.Ubuntu)
			if assert.NotNil(t, u, "Ubuntu %s with Python %s is not in ubuntu.json", r.Ubuntu, r.Python) {
				assert.Equal(t, r.Python, u.Python, "Ubuntu %s with Python %s is not in ubuntu.json", r.Ubuntu, r.Python)
			}
			c, ok := parseCUDA(r.CUDA)
			if assert.True(t, ok, "cuda %q, cuda_toolkit %q", r.CUDA, r.CUDAToolkit) {
				assert.Equal(t, r.CUDA, c.String(), "cuda %q, cuda_toolkit %q", r.CUDA, r.CUDAToolkit)
				assert.True(t, strings.HasPrefix(r.CUDAToolkit, r.CUDA), "cuda %q, cuda_toolkit %q", r.CUDA, r.CUDAToolkit)
			}
			assert.NotEmpty(t, r.Source, "source %q, verified %q, unverified %q", r.Source, r.Verified, r.Unverified)
			assert.Contains(t, []string{"V", "partly", "unverified"}, r.Verified, "source %q, verified %q, unverified %q", r.Source, r.Verified, r.Unverified)
			assert.Equal(t, len(r.Unverified) == 0, r.Verified == "V", "source %q, verified %q, unverified %q", r.Source, r.Verified, r.Unverified)
			for _, field := range r.Unverified {
				assert.Contains(t, fields, field, "unverified names %q, which is no field", field)
			}
			assert.False(t, (r.CUDNN == "" || r.TensorRT == "") && !slices.Contains(r.Unverified, "cudnn"), "an empty value must be among the unverified")
			listed := func(c capability) bool { return slices.Contains(r.SM, c.SM) }
			n := len(slices.DeleteFunc(slices.Clone(f.capabilities), func(c capability) bool { return !listed(c) }))
			assert.Equal(t, len(r.SM), n, "sm %v: not all in sm.json", r.SM)
			assert.NotEqual(t, 0, n, "sm %v: not all in sm.json", r.SM)
			_, lost := f.compilable(r.SM, dotted.Of(r.CUDA))
			assert.Empty(t, lost, "CUDA %s cannot compile for", r.CUDA)
			plain, ok := strings.CutPrefix(r.Base, "ubuntu:")
			assert.False(t, ok && plain != r.Ubuntu, "base %s with Ubuntu %s", r.Base, r.Ubuntu)
		})
	}
}

// TestSmallTablesAreConsistent checks the numbers and names of the other tables.
func TestSmallTablesAreConsistent(t *testing.T) {
	f := BuiltIn()
	for _, u := range f.ubuntus {
		checkVersion(t, u.Release)
		checkVersion(t, u.Python)
		assert.NotEmpty(t, u.Codename, "%+v lacks something", u)
		assert.NotEmpty(t, u.Source, "%+v lacks something", u)
		assert.NotEmpty(t, u.Verified, "%+v lacks something", u)
	}
	for _, c := range f.capabilities {
		checkVersion(t, c.FirstCUDA)
		assert.NotEmpty(t, c.Devices, "%+v lacks something", c)
		assert.NotEmpty(t, c.Source, "%+v lacks something", c)
	}
	for _, a := range f.arches {
		if assert.NotNil(t, f.arch(a.Name), "arch %s is not among its own spellings", a.Name) {
			assert.Equal(t, a.Name, f.arch(a.Name).Name, "arch %s is not among its own spellings", a.Name)
		}
	}
	for _, l := range f.lists {
		if assert.NotNil(t, f.arch(l.Arch), "%+v", l) {
			if assert.True(t, slices.IsSorted(l.SM), "%+v", l) {
				assert.NotEmpty(t, l.Source, "%+v", l)
			}
		}
		checkVersion(t, l.FromCUDA)
		for _, sm := range l.SM {
			f.capability(sm) // panics on an unknown one
		}
	}
	for _, b := range f.jetsonArches {
		checkVersion(t, b.FromL4T)
		if assert.NotNil(t, f.arch(b.Arch), "%+v", b) {
			assert.NotEmpty(t, b.Reason, "%+v", b)
			assert.NotEmpty(t, b.Source, "%+v", b)
		}
	}
	last := f.jetsonArches[len(f.jetsonArches)-1]
	assert.Equal(t, 0, dotted.Of(last.FromL4T).Compare(version{0}), "the last row of board_arches must hold for every L4T")
	newest := f.newestVerified()
	require.NotNil(t, newest, "newest verified release")
	assert.Equal(t, "39.2.0", newest.L4T, "newest verified release")
}

// checkVersion reports text that is no version.
func checkVersion(t *testing.T, text string) {
	t.Helper()
	_, ok := dotted.Parse(text)
	assert.True(t, ok, "%q is not a version", text)
}
