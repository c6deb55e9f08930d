package chain

import (
	"slices"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// configFold has the image's configuration as what packages do to it, one after the other
// in the order of the chain. A package sees what those do that it is built on, so that no
// other package is part of its cache key; the image has what all do, as in a chain.
type configFold struct {
	base *dockerspec.DockerOCIImage
	// builtOn has what each package is built on, see [plan.Plan.BuiltOn].
	builtOn [][]int
	// deltas are what the packages do, set in the order of the chain.
	deltas []configDelta
	stages []Stage
}

func newConfigFold(base *dockerspec.DockerOCIImage, builtOn [][]int, stages []Stage) *configFold {
	return &configFold{base: base, builtOn: builtOn, deltas: make([]configDelta, len(builtOn)), stages: stages}
}

// set takes what a package's conversion, which is the stage's, made of the configuration
// that it saw.
func (f *configFold) set(i int, seen *dockerspec.DockerOCIImage) error {
	s := &f.stages[i]
	if s.SourceMap == nil {
		return nil
	}
	d, err := deltaOf(seen, s.Image, s.SourceMap.Data, s.args, s.onBase)
	f.deltas[i] = d
	return err
}

// restart makes an image the base of the packages that are still to come.
func (f *configFold) restart(base *dockerspec.DockerOCIImage) {
	f.base = base
	clear(f.deltas)
}

// seenBy returns the configuration that a package is converted on.
func (f *configFold) seenBy(i int) *dockerspec.DockerOCIImage {
	image := f.after(f.builtOn[i])
	image.Config.OnBuild = nil
	for _, t := range f.stages[i].Inherited {
		image.Config.OnBuild = append(image.Config.OnBuild, t.Instruction)
	}
	return image
}

// image returns the configuration of the image that has all packages.
func (f *configFold) image() *dockerspec.DockerOCIImage {
	all := make([]int, len(f.deltas))
	for i := range all {
		all[i] = i
	}
	return f.after(all)
}

// after returns the configuration after some packages.
func (f *configFold) after(packages []int) *dockerspec.DockerOCIImage {
	image := CloneImage(f.base)
	for _, i := range packages {
		image = f.deltas[i].apply(image)
	}
	return image
}

// directlyOn returns for each package those that it is built on with no package between
// them, in the order of the chain. Packages without a Dockerfile are between none.
func directlyOn(builtOn [][]int, hasDockerfile func(int) bool) [][]int {
	direct := make([][]int, len(builtOn))
	for i, below := range builtOn {
		between := map[int]bool{} // what one of the packages is built on
		for _, n := range slices.Backward(below) {
			if !hasDockerfile(n) {
				continue
			}
			if !between[n] {
				direct[i] = append(direct[i], n)
			}
			for _, deeper := range builtOn[n] {
				between[deeper] = true
			}
		}
		slices.Reverse(direct[i])
	}
	return direct
}
