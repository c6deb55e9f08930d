package stepcache

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// Files returns what identifies the files at a path of a local source, such as "context",
// with all that decides which of them a build sees. It is empty if that is not known.
type Files func(source, path string) digest.Digest

// operation is one operation of a definition.
type operation struct {
	*pb.Op
	name string
	// key identifies the result, by the operation, its inputs and the files that it reads;
	// empty where these are not known.
	key digest.Digest
	// used are the outputs that others use.
	used []int64
}

// customName is where BuildKit keeps an operation's name in the progress.
const customName = "llb.customname"

// operationsOf reads a definition. The operations are in an order in which a build can run
// them; the map is by their digests.
func operationsOf(def *pb.Definition, files Files) ([]digest.Digest, map[digest.Digest]*operation, error) {
	r := &reader{files: files, raw: map[digest.Digest]*pb.Op{}, found: map[digest.Digest]*operation{}, def: def}
	if len(def.GetDef()) == 0 {
		return nil, r.found, nil
	}
	for _, dt := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(dt); err != nil {
			return nil, nil, err
		}
		r.raw[digest.FromBytes(dt)] = op
	}
	last := digest.FromBytes(def.Def[len(def.Def)-1])
	for _, input := range r.raw[last].GetInputs() { // the last one only names the result
		r.add(input)
	}
	return r.order, r.found, nil
}

type reader struct {
	files Files
	def   *pb.Definition
	raw   map[digest.Digest]*pb.Op
	found map[digest.Digest]*operation
	order []digest.Digest
}

// add adds the operation of an input, after those that it builds on.
func (r *reader) add(input *pb.Input) *operation {
	dgst := digest.Digest(input.GetDigest())
	op, ok := r.found[dgst]
	if !ok {
		raw, ok := r.raw[dgst]
		if !ok { // a builder would refuse it
			return &operation{Op: &pb.Op{}}
		}
		op = &operation{Op: raw, name: r.def.GetMetadata()[string(dgst)].GetDescription()[customName]}
		r.found[dgst] = op
		inputs := make([]*operation, len(raw.GetInputs()))
		for i, in := range raw.GetInputs() {
			inputs[i] = r.add(in)
		}
		op.key = r.key(raw, inputs)
		r.order = append(r.order, dgst)
	}
	if !slices.Contains(op.used, input.GetIndex()) {
		op.used = append(op.used, input.GetIndex())
	}
	return op
}

// key identifies an operation's result.
func (r *reader) key(raw *pb.Op, inputs []*operation) digest.Digest {
	if src := raw.GetSource(); src != nil && !pinned(src) {
		return ""
	}
	clean := raw.CloneVT()
	for i, in := range inputs {
		key := in.key
		if src := in.GetSource(); src != nil && strings.HasPrefix(src.Identifier, localScheme) {
			key = r.copied(raw, i, src)
		}
		if key == "" {
			return ""
		}
		clean.Inputs[i].Digest = string(key)
	}
	delete(clean.GetSource().GetAttrs(), pb.AttrOCILayoutSessionID)
	dt, err := clean.Marshal()
	if err != nil {
		return ""
	}
	return digest.FromBytes(dt)
}

const localScheme = "local://"

// pinned reports whether a source is the same whenever it is loaded.
func pinned(src *pb.SourceOp) bool {
	scheme, rest, _ := strings.Cut(src.Identifier, "://")
	switch scheme {
	case "docker-image", "oci-layout":
		return strings.Contains(rest, "@sha256:")
	case "http", "https":
		return src.Attrs[pb.AttrHTTPChecksum] != ""
	}
	return false
}

// copied identifies what an operation copies of a local source. Others than copies may
// read anything of it.
func (r *reader) copied(raw *pb.Op, input int, source *pb.SourceOp) digest.Digest {
	all := []string{source.Attrs[pb.AttrExcludePatterns]}
	for _, action := range raw.GetFile().GetActions() {
		if action.GetSecondaryInput() != int64(input) {
			if action.GetInput() == int64(input) {
				return ""
			}
			continue
		}
		src := action.GetCopy().GetSrc()
		if src == "" || action.GetCopy().GetAllowWildcard() {
			return ""
		}
		files := r.files(strings.TrimPrefix(source.Identifier, localScheme), src)
		if files == "" {
			return ""
		}
		all = append(all, string(files))
	}
	if len(all) == 1 {
		return ""
	}
	dt, err := json.Marshal(all)
	if err != nil {
		return ""
	}
	return digest.FromBytes(dt)
}
