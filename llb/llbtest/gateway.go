package llbtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/patternmatcher"
	digest "github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"
	fstypes "github.com/tonistiigi/fsutil/types"
)

// Gateway is a client of a builder that has files: it answers local sources from
// folders in memory, filtered by BuildKit's own code, and other definitions by
// Run. It is safe for concurrent use.
type Gateway struct {
	Client
	// Locals are the folders that the user's client shares, by name.
	Locals map[string]fstest.MapFS
	// Run returns the files of a definition that is no local source. Without it,
	// such a definition has no files.
	Run func(ops []*pb.Op) (fstest.MapFS, error)
	// Frontend is the image that the frontend runs in, nil if it runs in none.
	Frontend *llb.State

	mu       sync.Mutex
	warnings []string
	solved   map[string]fstest.MapFS // by the operation
	sent     map[string]int
	calls    int
}

// Warnings returns the texts of the build's warnings, in order.
func (g *Gateway) Warnings() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.warnings)
}

// Sent returns the sizes of the files whose contents were transferred, in bytes,
// by path.
func (g *Gateway) Sent() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.sent)
}

// Calls returns how often files of a result were read, listed or described.
func (g *Gateway) Calls() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls
}

func (g *Gateway) called() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls++
}

// Warn records a warning.
func (g *Gateway) Warn(_ context.Context, _ digest.Digest, msg string, _ client.WarnOpts) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.warnings = append(g.warnings, msg)
	return nil
}

// CurrentFrontend returns Frontend.
func (g *Gateway) CurrentFrontend() (*llb.State, error) { return g.Frontend, nil }

// ResolveSourceMetadata knows no source.
func (g *Gateway) ResolveSourceMetadata(context.Context, *pb.SourceOp, sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	return nil, errors.New("the fake gateway resolves no sources")
}

// Solve answers a definition with the files that it results in.
func (g *Gateway) Solve(ctx context.Context, req client.SolveRequest) (*client.Result, error) {
	res := client.NewResult()
	if req.Definition == nil || len(req.Definition.Def) == 0 {
		return res, nil
	}
	ops, err := operations(req.Definition)
	if err != nil {
		return nil, err
	}
	files := fstest.MapFS{}
	if source := ops[0].GetSource(); len(ops) == 1 && source != nil && strings.HasPrefix(source.Identifier, "local://") {
		files, err = g.once(string(req.Definition.Def[0]), func() (fstest.MapFS, error) { return g.transfer(ctx, source) })
	} else if g.Run != nil {
		files, err = g.Run(ops)
	}
	if err != nil {
		return nil, err
	}
	res.SetRef(&Reference{Files: files, called: g.called})
	return res, nil
}

// once returns what came of a source before, as a builder does within a build.
func (g *Gateway) once(source string, transfer func() (fstest.MapFS, error)) (fstest.MapFS, error) {
	g.mu.Lock()
	files, ok := g.solved[source]
	g.mu.Unlock()
	if ok {
		return files, nil
	}
	files, err := transfer()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		if g.solved == nil {
			g.solved = map[string]fstest.MapFS{}
		}
		g.solved[source] = files
	}
	return files, err
}

// operations returns a definition's operations, but for the last, which only
// names the result.
func operations(def *pb.Definition) ([]*pb.Op, error) {
	var ops []*pb.Op
	for _, dt := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(dt); err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return ops[:len(ops)-1], nil
}

// transfer copies what a source operation asks for of a local folder.
func (g *Gateway) transfer(ctx context.Context, op *pb.SourceOp) (fstest.MapFS, error) {
	name := strings.TrimPrefix(op.Identifier, "local://")
	folder, ok := g.Locals[name]
	if !ok {
		return nil, fmt.Errorf("no local folder %s", name)
	}
	patterns := map[string][]string{}
	for _, key := range []string{pb.AttrIncludePatterns, pb.AttrExcludePatterns, pb.AttrFollowPaths, pb.AttrMetadataTransferExclude} {
		if text := op.Attrs[key]; text != "" {
			var list []string
			if err := json.Unmarshal([]byte(text), &list); err != nil {
				return nil, err
			}
			patterns[key] = list
		}
	}
	filtered, err := fsutil.NewFilterFS(walker{folder}, &fsutil.FilterOpt{
		IncludePatterns: patterns[pb.AttrIncludePatterns], ExcludePatterns: patterns[pb.AttrExcludePatterns], FollowPaths: patterns[pb.AttrFollowPaths],
	})
	if err != nil {
		return nil, err
	}
	var with func(string) bool
	if op.Attrs[pb.AttrMetadataTransfer] == "true" {
		m, err := patternmatcher.New(patterns[pb.AttrMetadataTransferExclude])
		if err != nil {
			return nil, err
		}
		with = func(name string) bool {
			matches, err := m.MatchesOrParentMatches(name)
			return err == nil && matches
		}
	}
	return g.receive(ctx, folder, filtered, with)
}

// receive is what the builder has after a transfer. With are the files whose
// contents it asks for, nil for all; else it also keeps the list of all.
func (g *Gateway) receive(ctx context.Context, folder fstest.MapFS, filtered fsutil.FS, with func(string) bool) (fstest.MapFS, error) {
	got := fstest.MapFS{}
	var list bytes.Buffer
	err := filtered.Walk(ctx, "/", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		stat := d.(*fsutil.DirEntryInfo).Stat
		dt, err := stat.MarshalVT()
		if err != nil {
			return err
		}
		list.Write([]byte{byte(len(dt)), byte(len(dt) >> 8), byte(len(dt) >> 16), byte(len(dt) >> 24)})
		list.Write(dt)
		if with != nil && !with(name) {
			return nil
		}
		mode := fs.FileMode(stat.Mode)
		switch {
		case mode.IsDir():
			got[name] = &fstest.MapFile{Mode: mode}
		case mode.IsRegular():
			g.send(name, len(folder[name].Data))
			fallthrough
		default:
			got[name] = folder[name]
		}
		return nil
	})
	if with != nil {
		got[".fsutil-metadata"] = &fstest.MapFile{Data: list.Bytes(), Mode: 0o644}
	}
	return got, err
}

func (g *Gateway) send(name string, size int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sent == nil {
		g.sent = map[string]int{}
	}
	g.sent[name] += size
}

// walker is a folder in memory for fsutil.
type walker struct{ fstest.MapFS }

func (w walker) Open(name string) (io.ReadCloser, error) { return w.MapFS.Open(name) }

// Walk visits everything below a folder, but not the folder itself.
func (w walker) Walk(_ context.Context, target string, visit fs.WalkDirFunc) error {
	root := relative(target)
	if info, err := w.Lstat(root); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return visit(root, &fsutil.DirEntryInfo{Stat: statOf(w.MapFS, root, root, info)}, nil)
	}
	return fs.WalkDir(w.MapFS, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return visit(name, &fsutil.DirEntryInfo{Stat: statOf(w.MapFS, name, name, info)}, nil)
	})
}

// statOf describes a file under some name.
func statOf(files fstest.MapFS, name, as string, info fs.FileInfo) *fstypes.Stat {
	st := &fstypes.Stat{Path: as, Mode: uint32(info.Mode())}
	switch {
	case info.IsDir():
		st.Mode |= 0o755
	case info.Mode()&fs.ModeSymlink != 0:
		st.Linkname = string(files[name].Data)
	default:
		st.Size = info.Size()
	}
	return st
}

// Reference shows files as BuildKit shows a result: paths are relative to its
// root, links are followed inside it, and errors are text.
type Reference struct {
	client.Reference
	Files  fstest.MapFS
	called func()
}

func (r *Reference) count() {
	if r.called != nil {
		r.called()
	}
}

// ReadFile reads a file or a range of it.
func (r *Reference) ReadFile(_ context.Context, req client.ReadRequest) ([]byte, error) {
	r.count()
	dt, err := fs.ReadFile(r.Files, relative(req.Filename))
	if err == nil && req.Range != nil {
		dt = dt[min(req.Range.Offset, len(dt)):min(req.Range.Offset+req.Range.Length, len(dt))]
	}
	return dt, textOnly(err)
}

// StatFile describes a file, at the end of links.
func (r *Reference) StatFile(_ context.Context, req client.StatRequest) (*fstypes.Stat, error) {
	r.count()
	name := relative(req.Path)
	info, err := fs.Stat(r.Files, name)
	if err != nil {
		return nil, textOnly(err)
	}
	return statOf(r.Files, name, path.Base(name), info), nil
}

// ReadDir lists a folder, in no helpful order.
func (r *Reference) ReadDir(_ context.Context, req client.ReadDirRequest) ([]*fstypes.Stat, error) {
	r.count()
	name := relative(req.Path)
	entries, err := fs.ReadDir(r.Files, name)
	if err != nil {
		return nil, textOnly(err)
	}
	var stats []*fstypes.Stat
	for _, entry := range slices.Backward(entries) {
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		stats = append(stats, statOf(r.Files, path.Join(name, entry.Name()), entry.Name(), info))
	}
	return stats, nil
}

// Evaluate does nothing: the files are there.
func (r *Reference) Evaluate(context.Context) error { return nil }

func relative(name string) string { return cmp.Or(strings.TrimPrefix(path.Clean(name), "/"), ".") }

// textOnly keeps of an error what passes a gateway.
func textOnly(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("lstat /x: no such file or directory")
	}
	return err
}
