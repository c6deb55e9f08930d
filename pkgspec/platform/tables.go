package platform

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
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
}

// verifiedAll is the mark of a row whose every field was read in its source.
const verifiedAll = "V"

// version returns the L4T number.
func (r *release) version() version { return versionOf(r.L4T) }

// is tells whether the release goes by a JetPack name.
func (r *release) is(jetpack string) bool {
	want := normalJetPack(jetpack)
	return normalJetPack(r.Name) == want || slices.ContainsFunc(r.Aliases, func(a string) bool { return normalJetPack(a) == want })
}

// mark appends a note to the reason of a field that nobody has verified.
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
}

// archName is one row of "arches" in tables/arch.json.
type archName struct {
	Name      string   `json:"name"`
	OCI       string   `json:"oci"`
	Title     string   `json:"title"`
	Spellings []string `json:"spellings"`
}

// boardArch says which arch a Jetson is from an L4T release on.
type boardArch struct {
	FromL4T string `json:"from_l4t"`
	Arch    string `json:"arch"`
	Reason  string `json:"reason"`
	Source  string `json:"source"`
}

// archList is a default list of CUDA architectures.
type archList struct {
	Arch     string `json:"arch"`
	FromCUDA string `json:"from_cuda"`
	SM       []int  `json:"sm"`
	Source   string `json:"source"`
}

// capability is one row of tables/sm.json.
type capability struct {
	SM        int    `json:"sm"`
	Devices   string `json:"devices"`
	FirstCUDA string `json:"first_cuda"`
	Source    string `json:"source"`
}

// tables holds all facts, in the order of the files.
type tables struct {
	Releases     []release
	Ubuntu       []ubuntuRelease
	Arches       []archName
	BoardArches  []boardArch
	Lists        []archList
	Capabilities []capability
}

// facts returns the embedded tables. They are part of the program and tested
// with it, so a fault in them is a panic.
var facts = sync.OnceValue(func() *tables {
	t, err := loadTables()
	if err != nil {
		panic("platform: " + err.Error()) //nolint:forbidigo // the tables are in the program, and a test loads them
	}
	return t
})

// loadTables reads every embedded table, refusing fields that it doesn't know.
func loadTables() (*tables, error) {
	var l4t struct {
		Comment  []string  `json:"$comment"`
		Releases []release `json:"releases"`
	}
	var ubuntu struct {
		Comment  []string        `json:"$comment"`
		Releases []ubuntuRelease `json:"releases"`
	}
	var arch struct {
		Comment []string    `json:"$comment"`
		Arches  []archName  `json:"arches"`
		Boards  []boardArch `json:"board_arches"`
		Lists   []archList  `json:"cuda_architectures"`
	}
	var sm struct {
		Comment      []string     `json:"$comment"`
		Capabilities []capability `json:"capabilities"`
	}
	err := errors.Join(
		readTable("l4t.json", &l4t),
		readTable("ubuntu.json", &ubuntu),
		readTable("arch.json", &arch),
		readTable("sm.json", &sm),
	)
	return &tables{
		Releases:     l4t.Releases,
		Ubuntu:       ubuntu.Releases,
		Arches:       arch.Arches,
		BoardArches:  arch.Boards,
		Lists:        arch.Lists,
		Capabilities: sm.Capabilities,
	}, err
}

// readTable decodes one embedded file.
func readTable(name string, into any) error {
	data, err := tableFiles.ReadFile("tables/" + name)
	if err != nil {
		return err
	}
	return decodeTable(name, data, into)
}

// decodeTable decodes the JSON of one table strictly: an unknown field or text
// after the value is an error that names the file.
func decodeTable(name string, data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("tables/%s: %w", name, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("tables/%s: text after the table", name)
	}
	return nil
}

// ubuntu finds a release by number or codename.
func (t *tables) ubuntu(text string) *ubuntuRelease {
	text = strings.ToLower(text)
	i := slices.IndexFunc(t.Ubuntu, func(u ubuntuRelease) bool { return u.Release == text || u.Codename == text })
	if i < 0 {
		return nil
	}
	return &t.Ubuntu[i]
}

// arch finds an architecture by any of its spellings.
func (t *tables) arch(text string) *archName {
	text = strings.ToLower(text)
	i := slices.IndexFunc(t.Arches, func(a archName) bool { return slices.Contains(a.Spellings, text) })
	if i < 0 {
		return nil
	}
	return &t.Arches[i]
}

// boardArch says what a Jetson with this L4T is. The last row holds for every
// L4T.
func (t *tables) boardArch(l4t version) boardArch {
	i := slices.IndexFunc(t.BoardArches, func(b boardArch) bool { return l4t.compare(versionOf(b.FromL4T)) >= 0 })
	return t.BoardArches[i]
}

// list finds the default CUDA architectures of an arch.
func (t *tables) list(arch string, cuda version) archList {
	i := slices.IndexFunc(t.Lists, func(l archList) bool {
		return l.Arch == arch && cuda.compare(versionOf(l.FromCUDA)) >= 0
	})
	if i < 0 {
		return archList{Arch: arch}
	}
	return t.Lists[i]
}

// capability returns the row of one compute capability.
func (t *tables) capability(sm int) capability {
	i := slices.IndexFunc(t.Capabilities, func(c capability) bool { return c.SM == sm })
	return t.Capabilities[i]
}

// newestVerified returns the default release: the last row that is verified
// and no preview.
func (t *tables) newestVerified() *release {
	for i := range slices.Backward(t.Releases) {
		if r := &t.Releases[i]; !r.Preview && r.Verified == verifiedAll {
			return r
		}
	}
	return nil
}
