package plan

// Layers says how the packages of a plan become layers of the image. Its zero value is a
// chain.
type Layers struct {
	Form LayersForm `json:"form,omitempty"`
	// Conflicts is empty, or [ConflictsWarn]; only with [LayersPackages].
	Conflicts Conflicts `json:"conflicts,omitempty"`
}

// LayersForm is what packages are built on.
type LayersForm string

// The forms. In a plan a chain is the empty form.
const (
	// LayersChain builds each package on the one before it: each instruction is a layer.
	LayersChain LayersForm = "chain"
	// LayersPackages builds each package on what it needs: each package is a layer.
	LayersPackages LayersForm = "packages"
)

// Conflicts says what happens where packages that do not need each other change the
// same file.
type Conflicts string

// The ways with conflicts. In a plan an error is the empty one.
const (
	ConflictsError Conflicts = "error"
	ConflictsWarn  Conflicts = "warn" // the package that comes later in the chain wins
)

// ByPackage reports whether each package is built on what it needs, and is a layer.
func (l Layers) ByPackage() bool { return l.Form == LayersPackages }

// BuiltOn returns, for each step, the steps that it is built on, as indexes of Steps in
// the order of the chain. In a chain that is all steps before. With [LayersPackages] it is
// what the package needs, directly or not, and all steps before those that are AfterAll.
func (p *Plan) BuiltOn() [][]int {
	index := make(map[string]int, len(p.Steps))
	on := make([][]int, len(p.Steps))
	for i, s := range p.Steps {
		index[s.Name] = i
		below := make([]bool, i)
		for _, need := range s.Needs {
			n, ok := index[need]
			if !ok || n >= i {
				continue // left out of the plan (skip)
			}
			below[n] = true
			for _, deeper := range on[n] {
				below[deeper] = true
			}
		}
		all := s.AfterAll || !p.Layers.ByPackage()
		for n := range below {
			if all || below[n] {
				on[i] = append(on[i], n)
			}
		}
	}
	return on
}
