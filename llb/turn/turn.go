// Package turn lets steps take turns, in all builds of a builder together.
//
// A turn is an empty folder of the builder's that one step has at a time: a locked cache
// mount. A step waits for it before its container is made, so that waiting takes no memory.
// BuildKit leaves the name of such a folder, and whether it is locked, out of a step's key:
// what a builder has done stays done, however much it does at once.
package turn

import (
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// Dir is where a step has its turn.
const Dir = "/.jetkit-turn"

// Kind is a sort of steps that take turns among themselves.
type Kind string

// The kinds.
const (
	Test    Kind = "test"
	GPUTest Kind = "gpu-test"
	Build   Kind = "build"
)

// id names the turn of the step with a number, of those of its kind, where some of them may
// run at once.
func id(kind Kind, number, atOnce int) string {
	return fmt.Sprintf("jetkit-turn-%s-%d", kind, number%max(atOnce, 1)+1)
}

// Mount returns the option of a step that takes turns, with its number among those of its
// kind.
func Mount(kind Kind, number, atOnce int) llb.RunOption {
	return llb.AddMount(Dir, llb.Scratch(), llb.AsPersistentCacheDir(id(kind, number, atOnce), llb.CacheMountLocked), llb.Readonly)
}

// Add gives a step its turn, as Mount does. Where all may run at once, which is zero, the
// folder is there and everybody's, so that the step has the same key.
func Add(exec *pb.ExecOp, kind Kind, number, atOnce int) {
	mount := &pb.Mount{
		Input: int64(pb.Empty), Output: int64(pb.SkipOutput), Dest: Dir, MountType: pb.MountType_CACHE, Readonly: true,
		CacheOpt: &pb.CacheOpt{ID: id(kind, number, atOnce), Sharing: pb.CacheSharingOpt_LOCKED},
	}
	if atOnce == 0 {
		mount.CacheOpt = &pb.CacheOpt{ID: "jetkit-turn-" + string(kind), Sharing: pb.CacheSharingOpt_SHARED}
	}
	exec.Mounts = append(exec.GetMounts(), mount)
}
