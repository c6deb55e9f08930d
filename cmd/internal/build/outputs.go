package build

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"

	"jetkit/cmd/internal/outfile"
)

// outputs are the files that exports write. They get their names at the end of a
// build that went well: until then there is nothing, or what was there before.
type outputs struct {
	mu      sync.Mutex
	pending []pending
	// archive is the file of an export into a Folder.
	archive string
	// outdated are files to remove when the archive has its name.
	outdated []string
}

// pending is a file that waits for its name. Until then it has none or, where there are
// no such files, a temporary one.
type pending struct {
	file            *os.File
	temporary, name string
}

// commit gives the file its name, in place of what was there.
func (p *pending) commit() error {
	if p.temporary == "" {
		temporary := filepath.Join(filepath.Dir(p.name), "."+filepath.Base(p.name)+".partial-"+rand.Text())
		if err := link(p.file, temporary); err != nil {
			return err
		}
		p.temporary = temporary
	}
	return errors.Join(p.file.Close(), os.Rename(p.temporary, p.name))
}

// discard removes the file.
func (p *pending) discard() {
	_ = p.file.Close() // nothing depends on it
	if p.temporary != "" {
		_ = os.Remove(p.temporary) // nor on this
	}
}

// exports adds the request's exports to the options of the build.
func (r *Request) exports(ctx context.Context, opt *client.SolveOpt) (*outputs, error) {
	o := &outputs{}
	for _, e := range r.Exports {
		if e.Type == exporterNone {
			continue
		}
		entry := e.entry()
		if e.holdsImage() && entry.Attrs["name"] == "" && r.Names != nil {
			entry.Attrs["name"] = "*" // what the frontend says
			if r.Known != nil {
				entry.Attrs["name"] = strings.Join(r.Known.Exported, ",")
			}
		}
		switch {
		case e.Type == client.ExporterLocal || e.isFolder():
			entry.OutputDir = e.Dest
		case e.Dest == Stdout:
			entry.Output = func(map[string]string) (io.WriteCloser, error) { return nopCloser{r.Out}, nil }
		case e.Dest != "":
			if err := outfile.Check(e.Dest); err != nil {
				return nil, fmt.Errorf("output: %w", err)
			}
			entry.Output = func(map[string]string) (io.WriteCloser, error) { return o.create(e.Dest) }
		case e.Folder != "":
			entry.Output = func(about map[string]string) (io.WriteCloser, error) { return o.keep(e.Folder, infoOf(about)) }
		case e.Type != ExporterMoby && e.Engine != nil:
			entry.Output = func(about map[string]string) (io.WriteCloser, error) { return load(ctx, e.Engine, about) }
		}
		opt.Exports = append(opt.Exports, entry)
	}
	return o, nil
}

// create opens a file that gets its name later.
func (o *outputs) create(name string) (io.WriteCloser, error) {
	target, err := outfile.Find(name)
	if err != nil {
		return nil, err
	}
	if target.Direct {
		return target.Open()
	}
	name = target.Path
	p := pending{name: name}
	if p.file, err = unnamed(filepath.Dir(name)); err != nil {
		if p.file, err = os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".partial-"); err != nil {
			return nil, err
		}
		p.temporary = p.file.Name()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending = append(o.pending, p)
	return nopCloser{p.file}, target.SetMode(p.file)
}

// keep opens the file of an image in a folder, unless it is there. Files of the
// image's name before are removed when this one has its name.
func (o *outputs) keep(folder string, about ImageInfo) (io.WriteCloser, error) {
	if len(about.Names) == 0 || about.Config == "" {
		return nil, errors.New("the builder does not tell the image's name and digest")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	name := strings.NewReplacer("docker.io/library/", "", "docker.io/", "", "/", "_", ":", "_").Replace(about.Names[0])
	_, hex, _ := strings.Cut(about.Config, ":")
	o.mu.Lock()
	o.archive = filepath.Join(folder, fmt.Sprintf("%s.%.12s.tar", name, hex))
	o.mu.Unlock()
	if _, err := os.Stat(o.archive); err == nil {
		return nil, nil
	}
	o.outdated = outdated(folder, name)
	return o.create(o.archive)
}

// outdated lists the files of an image's name in a folder, whatever characters that has.
func outdated(folder, name string) []string {
	entries, _ := os.ReadDir(folder) // nothing is outdated in a folder that cannot be read
	var files []string
	for _, e := range entries {
		if matches, _ := filepath.Match(name+".????????????.tar", e.Name()); matches { // it has no pattern's characters
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	return files
}

// commit gives the files their names.
func (o *outputs) commit() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.pending) > 0 {
		if err := o.pending[0].commit(); err != nil {
			return err
		}
		o.pending = o.pending[1:]
	}
	for _, file := range o.outdated {
		_ = os.Remove(file) // it is only in the way
	}
	return nil
}

// discard removes the files that have no name.
func (o *outputs) discard() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.pending {
		p.discard()
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// Engine is what keeps images on this machine: Docker, or a program like it.
type Engine interface {
	// String is what messages call it.
	String() string
	// Has reports whether the engine has an image, by the digests that an exporter tells.
	Has(ctx context.Context, about ImageInfo) bool
	// Tag gives an image that the engine has its names.
	Tag(ctx context.Context, about ImageInfo) error
	// Load reads an archive of an image.
	Load(ctx context.Context, archive io.Reader) error
}

// ImageInfo is what is known of an image that was built.
type ImageInfo struct {
	// Digest is that of its manifest or index, and Config that of its configuration.
	Digest, Config string
	Names          []string
}

// infoOf reads what an exporter tells of an image.
func infoOf(about map[string]string) ImageInfo {
	info := ImageInfo{Digest: about[exptypes.ExporterImageDigestKey], Config: about[exptypes.ExporterImageConfigDigestKey]}
	if names := about[exptypes.ExporterImageNameKey]; names != "" {
		info.Names = strings.Split(names, ",")
	}
	return info
}

// load returns where to write an image to for an engine: nowhere if it has the image,
// which then gets its names.
func load(ctx context.Context, engine Engine, about map[string]string) (io.WriteCloser, error) {
	info := infoOf(about)
	if engine.Has(ctx, info) {
		return nil, engine.Tag(ctx, info)
	}
	r, w := io.Pipe()
	loaded := make(chan error, 1)
	go func() {
		err := engine.Load(ctx, r)
		r.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		loaded <- err
	}()
	return &loading{w, loaded}, nil
}

// loading is an archive on its way to an engine.
type loading struct {
	*io.PipeWriter
	loaded chan error
}

// Close waits until the engine has the image.
func (l *loading) Close() error {
	return errors.Join(l.PipeWriter.Close(), <-l.loaded)
}

// settle does after a build what the exporter could not: it gives names, and pushes.
func (e *Export) settle(ctx context.Context, result *Result, names Names) error {
	if e.Engine == nil {
		return nil
	}
	info := infoOf(result.Response)
	info.Names = names.Local
	if e.Type == ExporterMoby {
		info.Names = append(slices.Clone(names.Exported), names.Local...)
	}
	if err := e.Engine.Tag(ctx, info); err != nil {
		return err
	}
	result.Engines = append(result.Engines, e.Engine.String())
	if pusher, ok := e.Engine.(*Docker); ok && e.Push {
		return pusher.push(ctx, names.Exported)
	}
	return nil
}
