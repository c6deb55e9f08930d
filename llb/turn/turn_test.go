package turn_test

import (
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/turn"
)

// mounted returns the mount of a step that takes turns.
func mounted(t *testing.T, number, atOnce int) *pb.Mount {
	t.Helper()
	st := llb.Scratch().Run(llb.Args([]string{"x"}), turn.Mount(turn.Test, number, atOnce)).Root()
	def, err := st.Marshal(t.Context())
	require.NoError(t, err)
	op := &pb.Op{}
	require.NoError(t, op.UnmarshalVT(def.Def[0]))
	require.Len(t, op.GetExec().GetMounts(), 2)
	return op.GetExec().GetMounts()[1]
}

func TestAsManyTurnsAsMayRunAtOnce(t *testing.T) {
	ids := map[string]int{}
	for number := range 10 {
		m := mounted(t, number, 3)
		assert.Equal(t, pb.CacheSharingOpt_LOCKED, m.GetCacheOpt().GetSharing())
		ids[m.GetCacheOpt().GetID()]++
	}
	assert.Equal(t, map[string]int{"jetkit-turn-test-1": 4, "jetkit-turn-test-2": 3, "jetkit-turn-test-3": 3}, ids)
}

// A step that was compiled has the mount that a step of llb's has.
func TestAddIsMount(t *testing.T) {
	exec := &pb.ExecOp{}
	turn.Add(exec, turn.Test, 4, 3)
	want, got := mounted(t, 4, 3), exec.GetMounts()[0]
	assert.Equal(t, want.String(), got.String())
}

// Without a limit nobody waits, not even for those who have one.
func TestNoTurns(t *testing.T) {
	exec := &pb.ExecOp{}
	turn.Add(exec, turn.Build, 7, 0)
	opt := exec.GetMounts()[0].GetCacheOpt()
	assert.Equal(t, pb.CacheSharingOpt_SHARED, opt.GetSharing())
	limited := &pb.ExecOp{}
	turn.Add(limited, turn.Build, 7, 1)
	assert.NotEqual(t, limited.GetMounts()[0].GetCacheOpt().GetID(), opt.GetID())
}
