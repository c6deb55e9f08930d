package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/cmd/internal/gittree"
	"jetkit/cmd/internal/machine"
	"jetkit/pkgspec"
	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/lock"
)

const (
	// defaultFile is the file that is read where none is named.
	defaultFile = "jetson.yaml"
	// commandLine is the name of the file that is made of the command line.
	commandLine = "command line"
	// maxFile bounds what is read of a file, in bytes. It is more than any may
	// have, so that the file is refused for its size and not for its end: a lock may be
	// the largest.
	maxFile = lock.MaxSize + 1
)

// request is one command line, read: what the frontend gets from buildx.
type request struct {
	// file is the name that positions refer to. Like buildx it is without the
	// folder, so a plan is the same wherever it is made.
	file string
	data []byte
	args map[string]string
	// origins are where arguments are from that the command line does not give.
	origins map[string]string
	// platform is what to build for, and platformNamed tells whether the user said so.
	platform      ocispecs.Platform
	platformNamed bool
	// context is the folder of the build context, and ignore the text of the
	// file's own ignore file, nil if it has none.
	context string
	ignore  []byte
	// lock is the text of the lock beside the file, nil if it has none, and lockFile its name.
	lock     []byte
	lockFile string
	// policy is the name of the file's policy, empty if it has none.
	policy string
	// contexts are the folders of the named contexts, and sources what is searched in
	// addition to what the file says.
	contexts map[string]string
	sources  []pkgspec.Source

	noHost, runConfigPy bool
	// pages tells whether files about packages are read too, which are no metadata.
	pages bool
	// machine is the computer that this runs on, and cache the folder that results
	// are kept in.
	machine *machine.Machine
	cache   string
	// trees keeps what was fetched of repositories.
	trees gittree.Store
}

// typed makes the jetson.yaml that asks for these packages.
func (r *request) typed(context string, names []string) error {
	if err := r.write(names); err != nil {
		return err
	}
	return r.enter(context, ".")
}

// write makes the text of the jetson.yaml.
func (r *request) write(names []string) error {
	var list bytes.Buffer
	enc := json.NewEncoder(&list) // JSON texts are YAML texts
	enc.SetEscapeHTML(false)
	if err := enc.Encode(names); err != nil {
		return err
	}
	r.file, r.data = commandLine, append([]byte("packages: "), list.Bytes()...)
	return nil
}

// open reads the jetson.yaml, "-" for standard input.
func (r *request) open(file, context string, in io.Reader) error {
	if file == "" {
		file = filepath.Join(context, defaultFile)
	}
	if file == "-" {
		dt, err := io.ReadAll(io.LimitReader(in, maxFile))
		if err != nil {
			return fmt.Errorf("reading standard input: %w", err)
		}
		r.file, r.data = "stdin", dt
		return r.enter(context, ".")
	}
	dt, err := readFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s; name packages, or a jetson.yaml with -f: jetkit init begins one", file)
	}
	if err != nil {
		return err
	}
	r.file, r.data = filepath.Base(file), dt
	r.ignore, err = readFile(file + cachefs.IgnoreFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if r.policy, err = policyBeside(file); err != nil {
		return err
	}
	r.lockFile = lock.Name(file)
	if r.lock, err = readLock(file); err != nil {
		return err
	}
	return r.enter(context, filepath.Dir(file))
}

// readFile reads a file as far as one of the user's may go.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// enter settles the build context.
func (r *request) enter(context, otherwise string) error {
	r.context = context
	if context == "" {
		r.context = otherwise
	}
	info, err := os.Stat(r.context)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s", r.context)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("the build context %s is no folder", r.context)
	}
	return nil
}

// withoutCommandLine drops places in the file that nobody wrote.
func withoutCommandLine(list diag.List) diag.List {
	list = slices.Clone(list)
	for i := range list {
		d := &list[i]
		d.At = unlessTyped(d.At)
		d.Related = slices.Clone(d.Related)
		for j := range d.Related {
			d.Related[j].At = unlessTyped(d.Related[j].At)
		}
	}
	return list
}

func unlessTyped(at diag.Range) diag.Range {
	if at.File == commandLine {
		return diag.Range{}
	}
	return at
}

// platform reads --platform as [parsePlatform] does. Without one it is that of the
// machine whose files are read, if that is another one than this.
func (s *system) platform(text string) (ocispecs.Platform, error) {
	if text == "" && !s.machine.Here() {
		text = "linux/" + s.machine.Arch()
	}
	return parsePlatform(text)
}

// parsePlatform reads --platform. Without one it is this machine's, as a
// builder's default is its own.
func parsePlatform(text string) (ocispecs.Platform, error) {
	if text == "" {
		p := platforms.DefaultSpec()
		p.OS, p.OSVersion, p.OSFeatures = "linux", "", nil
		return platforms.Normalize(p), nil
	}
	if strings.Contains(text, ",") {
		return ocispecs.Platform{}, errors.New("a plan is for one platform")
	}
	return platforms.Parse(text)
}
