package chain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// Ranges returns what the Dockerfile's parser says of a place, as a definition has it.
func Ranges(of []parser.Range) []*pb.Range {
	ranges := make([]*pb.Range, len(of))
	for i, r := range of {
		ranges[i] = &pb.Range{
			Start: &pb.Position{Line: int32(r.Start.Line), Character: int32(r.Start.Character)}, // files are far smaller
			End:   &pb.Position{Line: int32(r.End.Line), Character: int32(r.End.Character)},     // files are far smaller
		}
	}
	return ranges
}

// Locate sets a place in the sources for each operation of a definition. Errors are shown
// with it, and debuggers stop at it: docker buildx dap (v0.38) crashes if the last
// operation has none. An operation without a place of its own gets that of the first
// one that uses it: what ADD downloads is at the ADD, and a package's folder where it is
// copied. The last operation must have a place. base is the place of the base image in
// the same file; without it the image is where it is first used. A place is kept once.
func Locate(def *llb.Definition, base []*pb.Range) error {
	if def.Source == nil || len(def.Source.Locations) == 0 {
		return nil
	}
	located, inherited := def.Source.Locations, map[string]bool{}
	for _, places := range located { // llb adds one for each state that the operation belongs to
		var once []*pb.Location
		for _, l := range places.Locations {
			if !slices.ContainsFunc(once, l.EqualVT) {
				once = append(once, l)
			}
		}
		places.Locations = once
	}
	var last *pb.Location
	for _, dt := range slices.Backward(def.Def) { // what uses an operation comes after it
		op := &pb.Op{}
		if err := op.UnmarshalVT(dt); err != nil {
			return fmt.Errorf("reading an operation: %w", err)
		}
		id := digest.FromBytes(dt).String()
		if all := located[id].GetLocations(); last == nil && len(all) > 0 {
			last = all[0]
		}
		if inherited[id] && len(base) > 0 && strings.HasPrefix(op.GetSource().GetIdentifier(), "docker-image://") {
			located[id] = &pb.Locations{Locations: []*pb.Location{{SourceIndex: last.SourceIndex, Ranges: base}}}
		}
		for _, in := range op.Inputs {
			if own := located[id]; len(own.GetLocations()) > 0 && (len(located[in.Digest].GetLocations()) == 0 || inherited[in.Digest]) {
				located[in.Digest], inherited[in.Digest] = own, true
			}
		}
	}
	return nil
}
