package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFitOf(t *testing.T) {
	binaries := func(sms ...int) []Kernel {
		var list []Kernel
		for _, sm := range sms {
			list = append(list, Kernel{SM: sm})
		}
		return list
	}
	text := func(sm int) Kernel { return Kernel{SM: sm, PTX: true} }
	for _, c := range []struct {
		kernels []Kernel
		sm      int
		want    KernelFit
	}{
		{binaries(80, 87), 87, KernelsNative},
		{binaries(80, 90), 87, KernelsUnpromised},
		{binaries(80, 90), 86, KernelsOfMinor},
		{binaries(90), 87, KernelsMissing},
		{binaries(89), 87, KernelsMissing},
		{binaries(100), 110, KernelsMissing},
		{append(binaries(80), text(90)), 110, KernelsCompiled},
		{append(binaries(80), text(75)), 87, KernelsCompiled},
		{append(binaries(80), text(120)), 110, KernelsMissing},
		{[]Kernel{text(120)}, 121, KernelsCompiled},
		{append(binaries(120), text(120)), 121, KernelsOfMinor},
		{nil, 87, KernelsMissing},
	} {
		assert.Equal(t, c.want, FitOf(c.kernels, c.sm), "%v on %d", c.kernels, c.sm)
	}
	assert.Equal(t, "8.0, 12.0 and later", KernelsText(append(binaries(80), text(120))))
	assert.Equal(t, []int{87, 110}, Target{CUDAArchitectures: Value{Value: "87;110"}}.Capabilities())
	assert.Empty(t, Target{}.Capabilities())
}
