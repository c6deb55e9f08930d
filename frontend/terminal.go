package frontend

import (
	"context"
	"maps"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"jetkit/pkgspec/diag"
)

// terminal is a gateway client whose warnings, names of steps and sources are safe
// to print. They hold text of packages (names of files and tests, commands,
// excerpts), which docker buildx build prints as it gets it. All of jetkit talks to
// the builder through one, so no other place needs to think of it; errors go
// through keepText.
type terminal struct{ client.Client }

// Warn shows a warning.
func (t *terminal) Warn(ctx context.Context, vertex digest.Digest, text string, opts client.WarnOpts) error {
	opts.SourceInfo = printableSource(opts.SourceInfo)
	detail := make([][]byte, len(opts.Detail))
	for i, d := range opts.Detail {
		detail[i] = []byte(diag.CleanLines(string(d)))
	}
	opts.Detail = detail
	return t.Client.Warn(ctx, vertex, diag.Clean(text), opts)
}

// Solve solves a definition. Names and sources are no part of its digests.
func (t *terminal) Solve(ctx context.Context, req client.SolveRequest) (*client.Result, error) {
	if def := req.Definition; def != nil {
		for _, md := range def.Metadata {
			cleanNames(md)
		}
		for i, info := range def.GetSource().GetInfos() {
			def.Source.Infos[i] = printableSource(info)
		}
	}
	return t.Client.Solve(ctx, req)
}

// cleanNames cleans the names that an operation has in the progress. The map of an
// operation may be shared with the definition that it came from, so it is replaced.
func cleanNames(md *pb.OpMetadata) {
	for key, text := range md.GetDescription() {
		if clean := diag.Clean(text); clean != text {
			md.Description = maps.Clone(md.Description)
			md.Description[key] = clean
		}
	}
	if g := md.GetProgressGroup(); g != nil && diag.Clean(g.Name) != g.Name {
		g = g.CloneVT()
		g.Name = diag.Clean(g.Name)
		md.ProgressGroup = g
	}
}

// ResolveImageConfig resolves an image. Its errors name the server.
func (t *terminal) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (resolved string, dgst digest.Digest, config []byte, err error) {
	opt.LogName = diag.Clean(opt.LogName)
	resolved, dgst, config, err = t.Client.ResolveImageConfig(ctx, ref, opt)
	return resolved, dgst, config, registryError(ref, err)
}

// ResolveSourceMetadata resolves a source.
func (t *terminal) ResolveSourceMetadata(ctx context.Context, op *pb.SourceOp, opt sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	opt.LogName = diag.Clean(opt.LogName)
	return t.Client.ResolveSourceMetadata(ctx, op, opt)
}

// printableSource returns a source file as an excerpt of it can be printed, which
// is the same for nearly all. Lines stay where they are.
func printableSource(info *pb.SourceInfo) *pb.SourceInfo {
	if info == nil {
		return nil
	}
	name, text := diag.Clean(info.Filename), diag.CleanLines(string(info.Data))
	if name == info.Filename && text == string(info.Data) {
		return info
	}
	info = info.CloneVT()
	info.Filename, info.Data = name, []byte(text)
	return info
}
