package platform

import (
	"slices"
	"strings"

	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
)

// TreeFacts is a target as the Python code of jetson-containers' trees knows
// it: the names and values of its l4t_version.py.
type TreeFacts struct {
	L4T      string `json:"L4T_VERSION"`
	JetPack  string `json:"JETPACK_VERSION"`
	CUDA     string `json:"CUDA_VERSION"`
	CUDNN    string `json:"CUDNN_VERSION"`
	TensorRT string `json:"TENSORRT_VERSION"`
	// Python is the version without the mark of a free-threaded one.
	Python string `json:"PYTHON_VERSION"`
	// FreeThreading is set if Python is a free-threaded build, 3.14t.
	FreeThreading bool   `json:"PYTHON_FREE_THREADING"`
	Ubuntu        string `json:"LSB_RELEASE"`
	// Arch is "tegra-aarch64", "aarch64" or "x86_64".
	Arch string `json:"CUDA_ARCH"`
	// System is "aarch64" or "x86_64".
	System string `json:"SYSTEM_ARCH"`
	// Architectures are the compute capabilities to compile for, times ten.
	// They are upstream's: for all ARM servers and boards together where the
	// arch is SBSA, also where the target names one board.
	Architectures []int `json:"CUDA_ARCHITECTURES"`
}

// ForTree returns a target in the terms of jetson-containers' trees.
func (t *Tables) ForTree(target plan.Target) TreeFacts {
	f := TreeFacts{
		L4T: target.L4T.Value, CUDA: target.CUDA.Value, CUDNN: target.CUDNN.Value, TensorRT: target.TensorRT.Value,
		Ubuntu: target.Ubuntu.Value, Arch: target.Arch.Value, System: "aarch64",
	}
	f.JetPack, _, _ = strings.Cut(target.JetPack.Value, " ")
	f.Python, f.FreeThreading = strings.CutSuffix(target.Python.Value, freeThreaded)
	if target.Arch.Value == archX86 {
		f.System = archX86
	}
	f.Architectures = t.orBuiltIn().treeArchitectures(target)
	return f
}

// treeArchitectures returns the compute capabilities that jetson-containers
// compiles for on a target.
func (t *Tables) treeArchitectures(target plan.Target) []int {
	if target.Arch.Value != archTegra {
		return t.list(target.Arch.Value, dotted.Of(target.CUDA.Value)).SM
	}
	l4t := dotted.Of(target.L4T.Value)
	rows := t.where(func(r *release) bool { return r.version().Compare(l4t) <= 0 })
	if len(rows) == 0 {
		return nil
	}
	return slices.Clone(rows[len(rows)-1].SM)
}

// Env returns the variables by which jetson-containers' users set these facts.
// Facts that are not known are left out.
func (f TreeFacts) Env() map[string]string {
	env := map[string]string{}
	for name, value := range map[string]string{
		"L4T_VERSION": f.L4T, "JETPACK_VERSION": f.JetPack, "CUDA_VERSION": f.CUDA,
		"CUDNN_VERSION": f.CUDNN, "TENSORRT_VERSION": f.TensorRT,
		"PYTHON_VERSION": f.Python, "LSB_RELEASE": f.Ubuntu, "CUDA_ARCH": f.Arch, "SYSTEM_ARCH": f.System,
	} {
		if value != "" {
			env[name] = value
		}
	}
	if f.FreeThreading {
		env["PYTHON_VERSION"] += freeThreaded
	}
	return env
}

// Postfix returns what jetson-containers appends to the tags of images for this
// target: "r36.4.tegra-aarch64-cp310-cu126-22.04". The Python is part of it only if the
// user asked for one.
func (f TreeFacts) Postfix(python bool) string {
	arch := f.Arch
	if arch == archSBSA {
		arch = "arm64-sbsa"
	}
	l4t := dotted.Of(f.L4T)
	postfix := "r" + f.L4T
	switch {
	case f.Arch == archX86:
		postfix = "amd64." + arch
	case l4t.Compare(version{36, 4}) >= 0:
		postfix = "r" + l4t.MajorMinor() + "." + arch
	}
	joined := func(text string) string { return strings.Replace(dotted.Of(text).MajorMinor(), ".", "", 1) }
	if python {
		postfix += "-cp" + joined(f.Python)
	}
	return postfix + "-cu" + joined(f.CUDA) + "-" + f.Ubuntu
}
