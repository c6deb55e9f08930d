package plan

import (
	"slices"

	"jetkit/pkgspec/diag"
)

// BuiltOnDirectly returns, for each step, what of [Plan.BuiltOn] the rest of it follows
// from: the steps that no other one of them is built on. In a chain that is the step before.
func (p *Plan) BuiltOnDirectly() [][]int {
	on := p.BuiltOn()
	direct := make([][]int, len(on))
	for i, below := range on {
		follows := map[int]bool{}
		for _, k := range slices.Backward(below) { // those that are built on others come first
			if !follows[k] {
				direct[i] = append(direct[i], k)
			}
			for _, deeper := range on[k] {
				follows[deeper] = true
			}
		}
		slices.Reverse(direct[i])
	}
	return direct
}

// maxBuiltOn is how many packages a text names.
const maxBuiltOn = 8

// BuiltOnTexts says of each step what it is built on; nothing in a chain, where it is the
// step before, and of steps that build nothing.
func (p *Plan) BuiltOnTexts() []string {
	texts := make([]string, len(p.Steps))
	if !p.Layers.ByPackage() {
		return texts
	}
	for i, on := range p.BuiltOnDirectly() {
		switch step := p.Steps[i]; {
		case step.Dockerfile == "":
		case len(on) == 0:
			texts[i] = "the base image alone"
		case step.AfterAll:
			texts[i] = "all before it, as " + step.AfterAllReason
		default:
			names := make([]string, len(on))
			for n, k := range on {
				names[n] = p.Steps[k].Name
			}
			texts[i] = diag.Some(names, ", ", maxBuiltOn)
		}
	}
	return texts
}
