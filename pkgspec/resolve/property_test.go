package resolve

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// upstreamOrder orders packages as jetson-containers does, for catalogs without
// tags and aliases: passes over the list put each missing dependency right
// before the package, move a late one there and start over, until a pass
// changes nothing.
func upstreamOrder(depends map[string][]string, requested []string) []string {
	list := slices.Clone(requested)
	pass := func() (changed bool) {
		for _, name := range slices.Clone(list) {
			for _, need := range depends[name] {
				here, there := slices.Index(list, name), slices.Index(list, need)
				switch {
				case there < 0:
					list = slices.Insert(list, here, need)
					changed = true
				case there > here:
					list = slices.Insert(slices.Delete(list, there, there+1), here, need)
					return true
				}
			}
		}
		return changed
	}
	for pass() {
	}
	return list
}

// TestOrderAsUpstream compares chains with upstream's algorithm on random
// packages that need only packages with lower numbers.
func TestOrderAsUpstream(t *testing.T) {
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 1))
		n := 2 + random.IntN(40)
		depends := map[string][]string{}
		var packages []*catalog.Package
		for i := range n {
			p := &catalog.Package{Name: fmt.Sprintf("p%d", i)}
			for range random.IntN(5) {
				if i > 0 {
					need := fmt.Sprintf("p%d", random.IntN(i))
					if !slices.Contains(depends[p.Name], need) {
						depends[p.Name] = append(depends[p.Name], need)
						p.Depends = append(p.Depends, diag.Text{Value: need})
					}
				}
			}
			packages = append(packages, p)
		}
		var requested []string
		for range 1 + random.IntN(4) {
			if name := fmt.Sprintf("p%d", random.IntN(n)); !slices.Contains(requested, name) {
				requested = append(requested, name)
			}
		}
		p, problems := Resolve(request(requested...), catalog.New(packages), target, base)
		require.NotNil(t, p, printed(problems))
		got, want := chain(p), strings.Join(upstreamOrder(depends, requested), " ")
		require.Equal(t, want, got, "seed %d, request %v of %v", seed, requested, depends)
	}
}

// TestAnyCatalog resolves random catalogs with versions, aliases, cycles and
// gaps, and checks what must hold for any plan.
func TestAnyCatalog(t *testing.T) {
	plans, refusals := 0, map[string]int{}
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 2))
		families := 2 + random.IntN(8)
		name := func() string {
			base := fmt.Sprintf("f%d", random.IntN(families))
			if random.IntN(5) == 0 {
				return fmt.Sprintf("%s:%d", base, random.IntN(3))
			}
			return base
		}
		var packages []*catalog.Package
		for family := range families {
			for version := range 1 + random.IntN(3) {
				p := &catalog.Package{Name: fmt.Sprintf("f%d:%d", family, version)}
				if version == 0 {
					p.Alias = []string{fmt.Sprintf("f%d", family)}
				}
				for range random.IntN(3) {
					p.Depends = append(p.Depends, diag.Text{Value: name()})
				}
				packages = append(packages, p)
			}
		}
		spec := request(name(), name())
		if random.IntN(3) == 0 {
			spec.Skip = []diag.Text{{Value: name()}}
		}
		p, problems := Resolve(spec, catalog.New(packages), target, base)
		if p == nil {
			require.True(t, problems.HasErrors(), "seed %d: no plan and no error", seed)
			refusals[problems[0].Rule.Name]++
			continue
		}
		plans++
		checkPlan(t, seed, p)
	}
	t.Log(plans, "plans, refused:", refusals)
	assert.GreaterOrEqual(t, plans, 500, "too few plans to mean anything")
}

// checkPlan checks that each package is there once, after all it needs, and
// that a family has one version unless one builds on the other.
func checkPlan(t *testing.T, seed uint64, p *plan.Plan) {
	t.Helper()
	at := map[string]int{}
	families := map[string]plan.Step{}
	for i, step := range p.Steps {
		_, twice := at[step.Name]
		require.False(t, twice, "seed %d: %s is there twice: %s", seed, step.Name, chain(p))
		for _, need := range step.Needs {
			_, before := at[need]
			require.True(t, before, "seed %d: %s comes before %s: %s", seed, step.Name, need, chain(p))
		}
		family := catalog.Base(step.Name)
		other, ok := families[family]
		require.False(t, ok && !slices.ContainsFunc(step.Needs, func(n string) bool { return catalog.Base(n) == family }), "seed %d: %s and %s: %s", seed, other.Name, step.Name, chain(p))
		at[step.Name], families[family] = i, step
		require.NotEmpty(t, step.Why, "seed %d: nobody asked for %s", seed, step.Name)
	}
}

// TestUnsettled resolves packages whose versions contradict each other in turn.
func TestUnsettled(t *testing.T) {
	packages := []*catalog.Package{
		{Name: "app", Depends: texts("x", "y")},
		{Name: "x:1", Alias: []string{"x"}, Depends: texts("y:2")},
		{Name: "x:2"},
		{Name: "y:1", Alias: []string{"y"}},
		{Name: "y:2", Depends: texts("x:2")},
	}
	p, problems := Resolve(request("app"), catalog.New(packages), target, base)
	require.Nil(t, p, printed(problems))
	require.Len(t, problems, 1, printed(problems))
	require.Equal(t, rules.UnsettledVersions, problems[0].Rule, printed(problems))
	p, problems = Resolve(request("app", "x:2"), catalog.New(packages), target, base)
	require.NotNil(t, p, printed(problems))
	require.Equal(t, "x:2 y:1 app", chain(p), printed(problems))
}

// long makes a catalog of n packages in chains of the given length.
func long(n, length int) *catalog.Catalog {
	packages := make([]*catalog.Package, n)
	for i := range packages {
		p := &catalog.Package{Name: fmt.Sprintf("p%d:1", i), Alias: []string{fmt.Sprintf("p%d", i)}, Requires: texts(">=36")}
		if i%length > 0 {
			p.Depends = texts(fmt.Sprintf("p%d", i-1), fmt.Sprintf("p%d:1", i-i%length))
		}
		packages[i] = p
	}
	return catalog.New(packages)
}

// TestLarge checks that growth is linear: packages in one chain, and as many that
// are all missing something. It compares processor time, which other work on the
// machine does not change.
func TestLarge(t *testing.T) {
	resolve := func(n int) time.Duration {
		chain, asked := long(n, n), request(fmt.Sprintf("p%d", n-1))
		var broken []*catalog.Package
		for i := range n {
			broken = append(broken, &catalog.Package{Name: fmt.Sprintf("p%d", i), Depends: texts(fmt.Sprintf("missing%d", i), fmt.Sprintf("p%d", i+1))})
		}
		start := processorTime(t)
		p, _ := Resolve(asked, chain, target, base)
		require.NotNil(t, p)
		require.Len(t, p.Steps, n)
		_, problems := Resolve(request("p0"), catalog.New(broken), target, base)
		require.Len(t, problems, n+1)
		return processorTime(t) - start
	}
	resolve(1000) // warms up
	few, many := resolve(2500), resolve(10000)
	require.Less(t, many, 10*few, "4 times as many packages took %v instead of %v", many, few)
}

// processorTime returns what the test's process has used of it.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func BenchmarkResolve(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		for _, length := range []int{10, 100, 300} {
			if length > n {
				continue
			}
			cat := long(n, length)
			spec := request(fmt.Sprintf("p%d", length-1))
			b.Run(fmt.Sprintf("catalog=%d/chain=%d", n, length), func(b *testing.B) {
				for b.Loop() {
					p, _ := Resolve(spec, cat, target, base)
					require.Len(b, p.Steps, length)
				}
			})
		}
	}
}

func texts(values ...string) []diag.Text {
	var texts []diag.Text
	for _, v := range values {
		texts = append(texts, diag.Text{Value: v})
	}
	return texts
}
