package plan

// Docker's own store of images loads no more than MaxLayers: "max depth exceeded". From
// ManyLayers on there is a warning, as those who build on the image add to them.
// Source: maxLayerDepth in moby's layer/layer_store.go, and tried with Docker 20.10.
const (
	MaxLayers  = 125
	ManyLayers = 120
)

// LayersOnBase returns how many layers the image has on top of those of its base where each
// package is one; a package that changes no file is none. It is false for a chain, where the
// instructions of the Dockerfiles decide, and for a runtime image.
func (p *Plan) LayersOnBase() (int, bool) {
	if !p.Layers.ByPackage() || p.Image.IsRuntime() {
		return 0, false
	}
	n := 2 // what joins the packages, and the seal
	for _, s := range p.Steps {
		if s.Dockerfile != "" {
			n++
		}
	}
	return n, true
}

// FewerLayers says how the image can have fewer.
func (p *Plan) FewerLayers() string {
	if p.Layers.ByPackage() {
		return "build a base image of some of the packages, and the others on it"
	}
	return "write layers: packages into jetson.yaml, which makes a package one layer, or join instructions of the Dockerfiles"
}
