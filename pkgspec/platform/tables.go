package platform

import (
	"embed"
	"slices"
	"strings"
	"sync"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/dotted"
)

//go:embed tables/*.json
var tableFiles embed.FS

// release is one row of tables/l4t.json.
type release struct {
	L4T string `json:"l4t"`
	// JetPack is the number alone, Name what NVIDIA calls the release: "6.0"
	// and "6.0 DP". Aliases are other names in use.
	JetPack string   `json:"jetpack"`
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
	// Preview marks early-access and developer previews, never a default.
	Preview bool   `json:"preview"`
	Ubuntu  string `json:"ubuntu"`
	Python  string `json:"python"`
	// CUDA is major.minor; CUDAToolkit is the version that NVIDIA lists.
	CUDA        string `json:"cuda"`
	CUDAToolkit string `json:"cuda_toolkit"`
	// CUDAUpgrades are other CUDAs published for a board whose CUDA is
	// otherwise tied to its system.
	CUDAUpgrades []string `json:"cuda_upgrades"`
	CUDNN        string   `json:"cudnn"`
	TensorRT     string   `json:"tensorrt"`
	// SM lists the compute capabilities of the boards, times ten.
	SM   []int  `json:"sm"`
	Base string `json:"base"`
	// Verified is "V", "partly" or "unverified"; Unverified names the fields
	// that the Source does not show.
	Verified   string   `json:"verified"`
	Unverified []string `json:"unverified"`
	Source     string   `json:"source"`
	Notes      string   `json:"notes"`
	// Checked is the day or month in which the source was last read.
	Checked string `json:"checked"`
	// at is where the row stands.
	at diag.Range
	// smOf is the L4T whose boards SM are, where it is not this one.
	smOf string
}

// version returns the L4T number.
func (r *release) version() version { return dotted.Of(r.L4T) }

// hasName reports whether a JetPack name is the release's, or another one in use
// for it.
func (r *release) hasName(jetpack string) bool {
	want := normalJetPack(jetpack)
	return normalJetPack(r.Name) == want || slices.ContainsFunc(r.Aliases, func(a string) bool { return normalJetPack(a) == want })
}

// mark appends to the reason of a field that nobody has verified that it is so.
func (r *release) mark(field, reason string) string {
	if slices.Contains(r.Unverified, field) {
		return reason + " (unverified)"
	}
	return reason
}

// ubuntuRelease is one row of tables/ubuntu.json.
type ubuntuRelease struct {
	Release  string `json:"release"`
	Codename string `json:"codename"`
	Python   string `json:"python"`
	Verified string `json:"verified"`
	Source   string `json:"source"`
	Checked  string `json:"checked"`
}

// archName is one row of "arches" in tables/arch.json.
type archName struct {
	Name      string   `json:"name"`
	OCI       string   `json:"oci"`
	Title     string   `json:"title"`
	Spellings []string `json:"spellings"`
}

// jetsonArch says which arch a Jetson is from an L4T release on.
type jetsonArch struct {
	FromL4T string `json:"from_l4t"`
	Arch    string `json:"arch"`
	Reason  string `json:"reason"`
	Source  string `json:"source"`
	Checked string `json:"checked"`
}

// archList is a default list of CUDA architectures.
type archList struct {
	Arch     string `json:"arch"`
	FromCUDA string `json:"from_cuda"`
	SM       []int  `json:"sm"`
	Source   string `json:"source"`
	Checked  string `json:"checked"`
	at       diag.Range
}

// capability is one row of tables/sm.json.
type capability struct {
	SM        int    `json:"sm"`
	Devices   string `json:"devices"`
	FirstCUDA string `json:"first_cuda"`
	Source    string `json:"source"`
	Checked   string `json:"checked"`
}

// cudaLimit is a CUDA from which on a Jetson with an older L4T has no packages.
type cudaLimit struct {
	BeforeL4T  string `json:"before_l4t"`
	BeforeCUDA string `json:"before_cuda"`
	// Reason is what stands in the way.
	Reason   string `json:"reason"`
	Verified string `json:"verified"`
	Source   string `json:"source"`
	Checked  string `json:"checked"`
}

// Tables are the facts about targets that a resolution takes its values from.
// They don't change once made.
type Tables struct {
	releases     []release
	ubuntus      []ubuntuRelease
	arches       []archName
	jetsonArches []jetsonArch
	cudaLimits   []cudaLimit
	lists        []archList
	capabilities []capability
	repositories []repository
}

// BuiltIn returns the tables that the program brings. They are part of it and
// tested with it, so a fault in them is a panic.
func BuiltIn() *Tables { return builtIn() }

var builtIn = sync.OnceValue(func() *Tables {
	t, err := loadTables()
	if err != nil {
		panic("platform: " + err.Error()) //nolint:forbidigo // the tables are in the program, and a test loads them
	}
	return t
})

// orBuiltIn returns the tables to use where a caller gave none.
func (t *Tables) orBuiltIn() *Tables {
	if t == nil {
		return BuiltIn()
	}
	return t
}

// loadTables reads every embedded table.
func loadTables() (*Tables, error) {
	t := &Tables{}
	var problems diag.List
	for _, name := range TableNames() {
		data, err := tableFiles.ReadFile("tables/" + name)
		if err != nil {
			return nil, err
		}
		r := tableReader{problems: &problems, ofProgram: true}
		r.read(FactsFile{Table: name, Name: "tables/" + name, Data: data}, t)
	}
	t.complete(&problems)
	return t, problems.Err()
}

// ubuntu finds a release by number or codename.
func (t *Tables) ubuntu(text string) *ubuntuRelease {
	text = strings.ToLower(text)
	i := slices.IndexFunc(t.ubuntus, func(u ubuntuRelease) bool { return u.Release == text || u.Codename == text })
	if i < 0 {
		return nil
	}
	return &t.ubuntus[i]
}

// arch finds an architecture by any of its spellings.
func (t *Tables) arch(text string) *archName {
	text = strings.ToLower(text)
	i := slices.IndexFunc(t.arches, func(a archName) bool { return slices.Contains(a.Spellings, text) })
	if i < 0 {
		return nil
	}
	return &t.arches[i]
}

// jetsonArch returns what a Jetson with this L4T is. The last row holds for every
// L4T.
func (t *Tables) jetsonArch(l4t version) jetsonArch {
	i := slices.IndexFunc(t.jetsonArches, func(b jetsonArch) bool { return l4t.Compare(dotted.Of(b.FromL4T)) >= 0 })
	return t.jetsonArches[i]
}

// list finds the default CUDA architectures of an arch.
func (t *Tables) list(arch string, cuda version) archList {
	i := slices.IndexFunc(t.lists, func(l archList) bool {
		return l.Arch == arch && cuda.Compare(dotted.Of(l.FromCUDA)) >= 0
	})
	if i < 0 {
		return archList{Arch: arch}
	}
	return t.lists[i]
}

// capability returns the row of one compute capability, which every release and
// list has.
func (t *Tables) capability(sm int) capability {
	i := slices.IndexFunc(t.capabilities, func(c capability) bool { return c.SM == sm })
	return t.capabilities[i]
}

// cudaLimit finds what keeps a Jetson with this L4T from using a CUDA, or nil.
func (t *Tables) cudaLimit(l4t, cuda version) *cudaLimit {
	i := slices.IndexFunc(t.cudaLimits, func(c cudaLimit) bool {
		return l4t.Compare(dotted.Of(c.BeforeL4T)) < 0 && cuda.Compare(dotted.Of(c.BeforeCUDA)) >= 0
	})
	if i < 0 {
		return nil
	}
	return &t.cudaLimits[i]
}

// newestVerified returns the default release: the last row that is verified
// and no preview.
func (t *Tables) newestVerified() *release {
	for i := range slices.Backward(t.releases) {
		if r := &t.releases[i]; !r.Preview && r.Verified == verifiedAll {
			return r
		}
	}
	return nil
}
