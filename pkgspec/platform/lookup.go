package platform

import (
	"slices"
	"strings"
)

// normalJetPack is a JetPack name without what people vary: "6.0 DP" and
// "6.0-dp" are one name.
func normalJetPack(name string) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(strings.ToLower(name))
}

// where returns the releases that satisfy keep, oldest first.
func (t *Tables) where(keep func(*release) bool) []*release {
	var found []*release
	for i := range t.releases {
		if keep(&t.releases[i]) {
			found = append(found, &t.releases[i])
		}
	}
	return found
}

// release finds the row of an L4T number, or nil.
func (t *Tables) release(l4t version) *release {
	rows := t.where(func(r *release) bool { return r.version().Compare(l4t) == 0 })
	if len(rows) == 0 {
		return nil
	}
	return rows[0]
}

// jetpack finds the rows of a JetPack name.
func (t *Tables) jetpack(name string) []*release {
	return t.where(func(r *release) bool { return r.hasName(name) })
}

// minor finds the rows that share major and minor number with an L4T.
func (t *Tables) minor(l4t version) []*release {
	return t.where(func(r *release) bool { return len(l4t) >= 2 && r.version().HasPrefix(l4t[:2]) })
}

// major finds the newest row of each minor release of a major one, or the
// neighbours of an unknown major.
func (t *Tables) major(l4t version) []*release {
	rows := t.where(func(r *release) bool { return r.version().HasPrefix(l4t[:1]) })
	if len(rows) == 0 {
		return t.around(l4t, (*release).version)
	}
	var newest []*release
	for i, row := range rows {
		if i == len(rows)-1 || rows[i+1].version().Part(1) != row.version().Part(1) {
			newest = append(newest, row)
		}
	}
	return newest
}

// around finds the rows next to an unknown number: those that share it, or
// else the newest below and the oldest above. number says which number of a
// row to look at; it must not fall from one row to the next.
func (t *Tables) around(v version, number func(*release) version) []*release {
	if same := t.where(func(r *release) bool { return number(r).Compare(v) == 0 }); len(same) > 0 {
		return same
	}
	var found []*release
	above := slices.IndexFunc(t.releases, func(r release) bool { return number(&r).Compare(v) > 0 })
	if above < 0 {
		above = len(t.releases)
	}
	if above > 0 {
		found = append(found, &t.releases[above-1])
	}
	if above < len(t.releases) {
		found = append(found, &t.releases[above])
	}
	return found
}

// jetpackNames lists every JetPack name once, oldest first.
func (t *Tables) jetpackNames() []string {
	var names []string
	for _, r := range t.releases {
		if !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	return names
}

// jetpacksWithCUDA lists the JetPacks whose own CUDA is the given one, leaving
// previews out.
func (t *Tables) jetpacksWithCUDA(cuda string) []string {
	var names []string
	for _, r := range t.releases {
		if r.CUDA == cuda && !r.Preview && !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	return names
}

// l4tNames lists the L4T numbers of rows.
func l4tNames(rows []*release) []string {
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.L4T
	}
	return names
}

// lastVerified returns the index of the newest verified row, or -1.
func lastVerified(rows []*release) int {
	for i := range slices.Backward(rows) {
		if rows[i].Verified == verifiedAll {
			return i
		}
	}
	return -1
}

// Release is a release of NVIDIA's as people name it.
type Release struct {
	// L4T and JetPack are its numbers: "36.4.3" and "6.2". The others are the
	// versions that come with it.
	L4T, JetPack, CUDA, Python, Ubuntu string
	// Preview marks early-access and developer previews.
	Preview bool
}

// Releases lists the releases that are known, the newest last.
func (t *Tables) Releases() []Release {
	t = t.orBuiltIn()
	list := make([]Release, len(t.releases))
	for i := range t.releases {
		list[i] = t.releases[i].named()
	}
	return list
}

// Newest returns the newest release whose facts are verified: the default where the
// release does not matter.
func (t *Tables) Newest() Release { return t.orBuiltIn().newestVerified().named() }

func (r *release) named() Release {
	return Release{L4T: r.L4T, JetPack: r.JetPack, CUDA: r.CUDA, Python: r.Python, Ubuntu: r.Ubuntu, Preview: r.Preview}
}
