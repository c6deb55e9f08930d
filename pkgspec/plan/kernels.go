package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// KernelFit tells how binaries run on a GPU.
type KernelFit int

const (
	// KernelsNative is code for that very compute capability.
	KernelsNative KernelFit = iota
	// KernelsOfMinor is code for a lower minor number of the same major one, which NVIDIA
	// promises to run, but not on the GPUs of Jetsons.
	KernelsOfMinor
	// KernelsCompiled is code as text, which the driver compiles when the program starts.
	KernelsCompiled
	// KernelsUnpromised is KernelsOfMinor on the GPU of a Jetson: it ran where people tried
	// it, and NVIDIA promises nothing.
	KernelsUnpromised
	// KernelsMissing is no code that the GPU can run.
	KernelsMissing
)

// boardCapabilities are those of the GPUs that are part of a Jetson's processor. Binaries for
// other GPUs are not promised to run there ("CUDA C++ Programming Guide", binary compatibility:
// it "is not supported between desktop and Tegra compute capabilities").
var boardCapabilities = []int{53, 62, 72, 87, 110}

// FitOf returns how a package's binaries run on a GPU of a compute capability.
func FitOf(kernels []Kernel, sm int) KernelFit {
	fit := KernelsMissing
	for _, k := range kernels {
		switch {
		case k.SM == sm:
			return KernelsNative
		case k.PTX && k.SM < sm:
			fit = min(fit, KernelsCompiled)
		case k.SM/10 == sm/10 && k.SM < sm && slices.Contains(boardCapabilities, sm):
			fit = min(fit, KernelsUnpromised)
		case k.SM/10 == sm/10 && k.SM < sm:
			fit = min(fit, KernelsOfMinor)
		}
	}
	return fit
}

// Capabilities returns the target's compute capabilities, ten times the numbers.
func (t Target) Capabilities() []int {
	var list []int
	for text := range strings.SplitSeq(t.CUDAArchitectures.Value, ";") {
		if sm, err := strconv.Atoi(text); err == nil {
			list = append(list, sm)
		}
	}
	return list
}

// KernelsText lists compute capabilities as NVIDIA writes them: "8.0, 9.0, 12.0 and later".
func KernelsText(kernels []Kernel) string {
	var texts []string
	for _, k := range kernels {
		text := CapabilityText(k.SM)
		if k.PTX {
			text += " and later"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// CapabilityText writes a compute capability as NVIDIA does: 8.7 for 87.
func CapabilityText(sm int) string { return fmt.Sprintf("%d.%d", sm/10, sm%10) }
