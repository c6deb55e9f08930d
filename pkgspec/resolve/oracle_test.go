package resolve

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// oracleFile is what jetson-containers' own resolver answers on one platform.
type oracleFile struct {
	Order    []string `json:"order"`
	Packages map[string]struct {
		Alias   []string          `json:"alias"`
		Depends []json.RawMessage `json:"depends"`
		Path    string            `json:"path"`
	} `json:"packages"`
	Canonical map[string][]string `json:"canonical"`
	Combos    []struct {
		Packages, Skip []string
		Chain          json.RawMessage
	} `json:"combos"`
}

// TestOracle compares chains with those of jetson-containers' own resolver over
// its whole tree. Set JETKIT_ORACLE to the folder of its answers to run it.
//
// Chains that upstream gets wrong are exempt, each by what is wrong with it: a
// package twice, one family in two versions, or a requested version lost.
func TestOracle(t *testing.T) {
	dir := os.Getenv("JETKIT_ORACLE")
	if dir == "" {
		t.Skip("the comparison with answers of jetson-containers' own resolver. Set JETKIT_ORACLE to the folder that holds them")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	if len(files) == 0 {
		t.Fatalf("%s holds no answers", dir)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			oracle := readOracle(t, file)
			cat := oracle.catalog()
			counts := map[string]int{}
			for name, want := range oracle.Canonical {
				counts[oracle.compare(t, cat, []string{name}, nil, want)]++
			}
			for _, combo := range oracle.Combos {
				var chain []string
				if json.Unmarshal(combo.Chain, &chain) == nil {
					counts["combo "+oracle.compare(t, cat, combo.Packages, combo.Skip, realNames(cat, chain))]++
				}
			}
			t.Log(counts)
		})
	}
}

// compare resolves a request and says how the answer relates to upstream's.
func (o *oracleFile) compare(t *testing.T, cat *catalog.Catalog, packages, skip []string, want []string) string {
	t.Helper()
	spec := &pkgspec.Spec{Packages: refs(packages...), Skip: texts(skip...)}
	p, problems := Resolve(spec, cat, plan.Target{}, plan.Value{})
	faults := faultsOf(packages, want)
	if p == nil {
		if faults == "" && !strings.Contains(problems.Err().Error(), "missing-package") {
			t.Errorf("%v: %v\nupstream: %v", packages, problems.Err(), want)
		}
		return "refused: " + problems[0].Rule.Name + " " + faults
	}
	var got []string
	for _, step := range p.Steps {
		got = append(got, step.Name)
	}
	if slices.Equal(got, want) {
		return "same"
	}
	if faults == "" {
		t.Errorf("%v skip %v:\n got %v\nwant %v", packages, skip, got, want)
	}
	return "differs: " + faults
}

// faultsOf says what is wrong with one of upstream's chains.
func faultsOf(packages, chain []string) string {
	var faults []string
	for _, name := range packages {
		if strings.Contains(name, ":") && !catalog.IsPattern(name) && !slices.Contains(chain, name) {
			faults = append(faults, "pin lost")
		}
	}
	seen := map[string]bool{}
	families := map[string]bool{}
	for _, name := range chain {
		switch family := catalog.Base(name); {
		case seen[name]:
			faults = append(faults, "twice")
		case families[family]:
			faults = append(faults, "versions")
		}
		seen[name], families[catalog.Base(name)] = true, true
	}
	slices.Sort(faults)
	return strings.Join(slices.Compact(faults), "+")
}

// catalog makes the catalog that upstream scanned.
func (o *oracleFile) catalog() *catalog.Catalog {
	var packages []*catalog.Package
	for _, name := range o.Order {
		from := o.Packages[name]
		p := &catalog.Package{Name: name, Alias: from.Alias, Origin: plan.Origin{Kind: plan.Named, Name: "upstream", Path: from.Path}}
		for _, raw := range from.Depends {
			var depend string
			if json.Unmarshal(raw, &depend) == nil {
				p.Depends = append(p.Depends, diag.Text{Value: depend})
			}
		}
		packages = append(packages, p)
	}
	return catalog.New(packages)
}

// realNames turns the names of a chain into real names.
func realNames(cat *catalog.Catalog, chain []string) []string {
	var names []string
	for _, name := range chain {
		names = append(names, cat.Find(name).Name)
	}
	return names
}

func readOracle(t *testing.T, file string) *oracleFile {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var oracle oracleFile
	if err := json.NewDecoder(unzipped).Decode(&oracle); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", file, err))
	}
	return &oracle
}

func refs(names ...string) []pkgspec.PackageRef {
	var refs []pkgspec.PackageRef
	for _, text := range texts(names...) {
		refs = append(refs, pkgspec.PackageRef{Text: text})
	}
	return refs
}

func texts(values ...string) []diag.Text {
	var texts []diag.Text
	for _, v := range values {
		texts = append(texts, diag.Text{Value: v})
	}
	return texts
}
