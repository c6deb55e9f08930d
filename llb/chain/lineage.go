package chain

import (
	"context"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// continued returns the digests of the operations whose root file systems an operation
// continues. Those that it only copies or mounts from are not among them.
func continued(op *pb.Op) []string {
	var inputs []string
	add := func(i int64) {
		if i >= 0 && i < int64(len(op.GetInputs())) {
			inputs = append(inputs, op.GetInputs()[i].GetDigest())
		}
	}
	switch o := op.GetOp().(type) {
	case *pb.Op_Exec:
		for _, m := range o.Exec.GetMounts() {
			if m.GetDest() == pb.RootMount {
				add(m.GetInput())
			}
		}
	case *pb.Op_File:
		for _, action := range o.File.GetActions() {
			add(action.GetInput()) // what it copies from is the secondary input
		}
	case *pb.Op_Merge: // COPY --link
		for _, in := range o.Merge.GetInputs() {
			add(in.GetInput())
		}
	}
	return inputs
}

// copiedWhole returns the digests of the operations whose root file systems an operation
// copies from / to /, as a Dockerfile does to have one layer of many.
func copiedWhole(op *pb.Op) []string {
	var inputs []string
	for _, action := range op.GetFile().GetActions() {
		c := action.GetCopy()
		i := action.GetSecondaryInput()
		if c.GetSrc() == "/" && c.GetDest() == "/" && i >= 0 && i < int64(len(op.GetInputs())) {
			inputs = append(inputs, op.GetInputs()[i].GetDigest())
		}
	}
	return inputs
}

// continues reports whether the files of a state are those of a base, and changes: it
// continues the base's root file system, or has a whole copy of one that does.
func continues(ctx context.Context, st, base llb.State, c *llb.Constraints) (bool, error) {
	if st.Output() == nil || base.Output() == nil {
		return st.Output() == base.Output(), nil
	}
	goal := base.Output().Vertex(ctx, c)
	seen := map[llb.Vertex]bool{}
	var visit func(llb.Vertex) (bool, error)
	visit = func(v llb.Vertex) (bool, error) {
		if v == goal {
			return true, nil
		}
		if seen[v] {
			return false, nil
		}
		seen[v] = true
		_, dt, _, _, err := v.Marshal(ctx, c)
		if err != nil {
			return false, err
		}
		op, err := readOp(dt)
		if err != nil {
			return false, err
		}
		below := map[string]bool{}
		for _, dgst := range append(continued(op), copiedWhole(op)...) {
			below[dgst] = true
		}
		for _, output := range v.Inputs() {
			in, err := output.ToInput(ctx, c)
			if err != nil {
				return false, err
			}
			if !below[in.GetDigest()] {
				continue
			}
			if on, err := visit(output.Vertex(ctx, c)); on || err != nil {
				return on, err
			}
		}
		return false, nil
	}
	return visit(st.Output().Vertex(ctx, c))
}

// RunsOn reports whether an operation of a definition continues the root file system of a
// base, as the instructions of a Dockerfile's stages on BASE_IMAGE do.
func RunsOn(ctx context.Context, def *llb.Definition, operation digest.Digest, base llb.State) (bool, error) {
	if base.Output() == nil {
		return false, nil
	}
	goal, err := base.Output().ToInput(ctx, def.Constraints)
	if err != nil {
		return false, err
	}
	below := map[string][]string{}
	for _, dt := range def.Def {
		op, err := readOp(dt)
		if err != nil {
			return false, err
		}
		below[digest.FromBytes(dt).String()] = continued(op)
	}
	seen := map[string]bool{}
	for next := []string{operation.String()}; len(next) > 0; {
		dgst := next[0]
		if dgst == goal.GetDigest() {
			return true, nil
		}
		if next = next[1:]; !seen[dgst] {
			seen[dgst] = true
			next = append(next, below[dgst]...)
		}
	}
	return false, nil
}

// sameVertex reports whether two states are one result.
func sameVertex(ctx context.Context, a, b llb.State, c *llb.Constraints) bool {
	if a.Output() == nil || b.Output() == nil {
		return a.Output() == b.Output()
	}
	return a.Output().Vertex(ctx, c) == b.Output().Vertex(ctx, c)
}
