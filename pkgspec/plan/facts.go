package plan

// Fact is one value of a target, with the names it has.
type Fact struct {
	// Key is its name under target in jetson.yaml, in the manifest and in labels:
	// "cuda".
	Key string
	// Variable is the build argument of that value, as jetson-containers'
	// Dockerfiles declare it: "CUDA_VERSION".
	Variable string
	// Title is its name in text for people: "CUDA".
	Title string
	Value Value
}

// Facts lists the values of the target in the order in which people read them.
// A value that the target does not have is in the list too, and empty.
func (t Target) Facts() []Fact {
	return []Fact{
		{"l4t", "L4T_VERSION", "L4T", t.L4T},
		{"jetpack", "JETPACK_VERSION", "JetPack", t.JetPack},
		{"cuda", "CUDA_VERSION", "CUDA", t.CUDA},
		{"cudnn", "CUDNN_VERSION", "cuDNN", t.CUDNN},
		{"tensorrt", "TENSORRT_VERSION", "TensorRT", t.TensorRT},
		{"python", "PYTHON_VERSION", "Python", t.Python},
		{"ubuntu", "LSB_RELEASE", "Ubuntu", t.Ubuntu},
		{"arch", "CUDA_ARCH", "Arch", t.Arch},
		{"cuda_architectures", "CUDA_ARCHITECTURES", "CUDA archs", t.CUDAArchitectures},
	}
}
