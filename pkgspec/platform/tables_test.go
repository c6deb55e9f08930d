package platform

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func TestTablesLoad(t *testing.T) {
	tables, err := loadTables()
	if err != nil {
		t.Fatal(err)
	}
	if len(tables.ubuntus) == 0 || len(tables.arches) != 3 || len(tables.lists) == 0 || len(tables.capabilities) == 0 {
		t.Errorf("a table is empty: %+v", tables)
	}
	files, err := fs.Glob(tableFiles, "tables/*")
	if err != nil || len(files) != 4 {
		t.Errorf("tables %v, %v: every file must be read by loadTables", files, err)
	}
}

// TestReleasesAreConsistent holds the rows against each other and against the
// other tables: what a person who adds a row can get wrong.
func TestReleasesAreConsistent(t *testing.T) {
	f := BuiltIn()
	fields := []string{"l4t", "jetpack", "ubuntu", "python", "cuda", "cudnn", "tensorrt", "sm", "base"}
	for i := range f.releases {
		r := &f.releases[i]
		t.Run(r.L4T, func(t *testing.T) {
			v, ok := parseVersion(r.L4T)
			if !ok || len(v) != 3 {
				t.Fatal("l4t must be three numbers")
			}
			if i > 0 && (v.compare(f.releases[i-1].version()) <= 0 || versionOf(r.JetPack).compare(versionOf(f.releases[i-1].JetPack)) < 0) {
				t.Error("rows must go up by L4T, and by JetPack")
			}
			checkVersion(t, r.JetPack)
			if number, _, _ := strings.Cut(r.Name, " "); number != r.JetPack {
				t.Errorf("name %q, jetpack %q", r.Name, r.JetPack)
			}
			if u := f.ubuntu(r.Ubuntu); u == nil || u.Python != r.Python {
				t.Errorf("Ubuntu %s with Python %s is not in ubuntu.json", r.Ubuntu, r.Python)
			}
			if c, ok := parseCUDA(r.CUDA); !ok || c.String() != r.CUDA || !strings.HasPrefix(r.CUDAToolkit, r.CUDA) {
				t.Errorf("cuda %q, cuda_toolkit %q", r.CUDA, r.CUDAToolkit)
			}
			if r.Source == "" || !slices.Contains([]string{"V", "partly", "unverified"}, r.Verified) || (r.Verified == "V") != (len(r.Unverified) == 0) {
				t.Errorf("source %q, verified %q, unverified %q", r.Source, r.Verified, r.Unverified)
			}
			for _, field := range r.Unverified {
				if !slices.Contains(fields, field) {
					t.Errorf("unverified names %q, which is no field", field)
				}
			}
			if (r.CUDNN == "" || r.TensorRT == "") && !slices.Contains(r.Unverified, "cudnn") {
				t.Error("an empty value must be among the unverified")
			}
			listed := func(c capability) bool { return slices.Contains(r.SM, c.SM) }
			if n := len(slices.DeleteFunc(slices.Clone(f.capabilities), func(c capability) bool { return !listed(c) })); n != len(r.SM) || n == 0 {
				t.Errorf("sm %v: not all in sm.json", r.SM)
			}
			if _, lost := f.compilable(r.SM, versionOf(r.CUDA)); len(lost) > 0 {
				t.Errorf("CUDA %s cannot compile for %v", r.CUDA, lost)
			}
			if plain, ok := strings.CutPrefix(r.Base, "ubuntu:"); ok && plain != r.Ubuntu {
				t.Errorf("base %s with Ubuntu %s", r.Base, r.Ubuntu)
			}
		})
	}
}

// TestSmallTablesAreConsistent checks the numbers and names of the other tables.
func TestSmallTablesAreConsistent(t *testing.T) {
	f := BuiltIn()
	for _, u := range f.ubuntus {
		checkVersion(t, u.Release)
		checkVersion(t, u.Python)
		if u.Codename == "" || u.Source == "" || u.Verified == "" {
			t.Errorf("%+v lacks something", u)
		}
	}
	for _, c := range f.capabilities {
		checkVersion(t, c.FirstCUDA)
		if c.Devices == "" || c.Source == "" {
			t.Errorf("%+v lacks something", c)
		}
	}
	for _, a := range f.arches {
		if f.arch(a.Name) == nil || f.arch(a.Name).Name != a.Name {
			t.Errorf("arch %s is not among its own spellings", a.Name)
		}
	}
	for _, l := range f.lists {
		if f.arch(l.Arch) == nil || !slices.IsSorted(l.SM) || l.Source == "" {
			t.Errorf("%+v", l)
		}
		checkVersion(t, l.FromCUDA)
		for _, sm := range l.SM {
			f.capability(sm) // panics on an unknown one
		}
	}
	for _, b := range f.boardArches {
		checkVersion(t, b.FromL4T)
		if f.arch(b.Arch) == nil || b.Reason == "" || b.Source == "" {
			t.Errorf("%+v", b)
		}
	}
	last := f.boardArches[len(f.boardArches)-1]
	if versionOf(last.FromL4T).compare(version{0}) != 0 {
		t.Error("the last row of board_arches must hold for every L4T")
	}
	if newest := f.newestVerified(); newest == nil || newest.L4T != "39.2.0" {
		t.Errorf("newest verified release: %+v", newest)
	}
}

// checkVersion reports text that is no version.
func checkVersion(t *testing.T, text string) {
	t.Helper()
	if _, ok := parseVersion(text); !ok {
		t.Errorf("%q is not a version", text)
	}
}
