package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"jetkit/cmd/internal/doctor/daemonjson"
	"jetkit/pkgspec/diag"
)

// Repair is a change of daemon.json that was thought out and not made.
type Repair struct {
	// File is its name on the machine.
	File string
	// Reasons are the messages of the findings that it repairs.
	Reasons []string

	// path is the file itself, behind links, and before its text. missing tells
	// that there is none.
	path          string
	before, after []byte
	missing       bool
}

// ErrNothingToRepair reports that no finding can be repaired by a change of
// daemon.json.
var ErrNothingToRepair = errors.New("there is nothing that --fix repairs")

// PlanRepair thinks out the change of daemon.json that repairs findings. With
// replaceDefault it also replaces a default runtime that the file names.
func PlanRepair(s *Subject, outcomes []Outcome, replaceDefault bool) (*Repair, error) {
	c := s.config()
	if f, found := c.problem(); found {
		return nil, fmt.Errorf("%s; it was not touched: %s", f.Message, f.HowTo())
	}
	r := &Repair{File: c.name, before: c.text, after: c.text, missing: c.missing}
	for _, o := range outcomes {
		for _, f := range o.Result.Findings {
			if !f.Fixable {
				continue
			}
			if err := r.repair(f.Kind, replaceDefault); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	if bytes.Equal(r.before, r.after) {
		return nil, ErrNothingToRepair
	}
	var err error
	r.path, err = target(s.Machine.Path(c.name))
	return r, err
}

// runtimeJSON is NVIDIA's runtime in daemon.json, as JetPack's own file has it.
const runtimeJSON = `{"path": "` + nvidiaRuntimeProgram + `", "runtimeArgs": []}`

// repair adds what repairs one finding.
func (r *Repair) repair(kind *Kind, replaceDefault bool) error {
	file, err := daemonjson.Parse(r.after)
	if err != nil {
		return err
	}
	var value, reason string
	var path []string
	switch kind {
	case runtimeMissing:
		value, path, reason = runtimeJSON, []string{"runtimes", nvidiaRuntime}, "adds NVIDIA's runtime"
	case runtimeProgram:
		value, path, reason = `"`+nvidiaRuntimeProgram+`"`, []string{"runtimes", nvidiaRuntime, "path"}, "names the program of NVIDIA's runtime that is installed"
	case defaultRuntime:
		if named, found := file.Lookup("default-runtime"); found && !replaceDefault {
			r.Reasons = append(r.Reasons, "leaves default-runtime at "+named.Text+", which the file names; --replace-default-runtime changes it")
			return nil
		}
		if _, found := file.Lookup("runtimes", nvidiaRuntime); !found {
			return nil // the runtime is one of the engine's own command line
		}
		value, path, reason = `"`+nvidiaRuntime+`"`, []string{"default-runtime"}, "makes NVIDIA's runtime the default"
	default:
		return nil
	}
	changed, err := file.Set(value, path...)
	if err != nil {
		return err
	}
	r.after, r.Reasons = changed, append(r.Reasons, reason)
	return nil
}

// Diff is the change as people read it. Carriage returns and a byte order mark are
// shown as characters.
func (r *Repair) Diff() string {
	old := r.File
	if r.missing {
		old = "/dev/null"
	}
	text := string(diff.Diff(old, r.before, r.File, r.after))
	_, text, _ = strings.Cut(text, "\n") // its first line names a command that nobody ran
	return diag.CleanLines(strings.NewReplacer("\r", "␍", "\ufeff", "‹BOM›").Replace(text))
}

// target follows links: what is replaced is the file and not the link to it.
func target(file string) (string, error) {
	resolved, err := filepath.EvalSymlinks(file)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return resolved, err
	}
	if _, err := os.Lstat(file); err == nil {
		return "", fmt.Errorf("%s is a link to a file that does not exist", file)
	}
	return file, nil
}

// Applied is what a repair has done.
type Applied struct {
	// Backup is where the old file is; empty if there was none.
	Backup string
	// Notes say what could not be checked.
	Notes []string
}

// Apply puts the changed file in place of the old one, which is kept beside it. If
// dockerd does not take the new file, or anything fails, the old one stays.
func (r *Repair) Apply(ctx context.Context, s *Subject) (*Applied, error) {
	if err := r.unchanged(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return nil, err
	}
	info, err := os.Stat(r.path)
	if err != nil && !r.missing {
		return nil, err
	}
	temporary, err := r.write(info)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be replaced: %w", r.File, bare(err))
	}
	defer func() { _ = os.Remove(temporary) }() // it is gone once it has taken the file's place
	done := &Applied{}
	note, err := s.validate(ctx, temporary)
	if err != nil {
		return nil, fmt.Errorf("dockerd does not take the new file, the old one stays: %w", err)
	}
	if note != "" {
		done.Notes = append(done.Notes, note)
	}
	if !r.missing {
		if done.Backup, err = r.backup(info); err != nil {
			return nil, fmt.Errorf("keeping the old file: %w", err)
		}
		done.Backup = filepath.Join(filepath.Dir(r.File), filepath.Base(done.Backup))
	}
	if err := r.unchanged(); err != nil { // since the question
		return nil, err
	}
	if err := os.Rename(temporary, r.path); err != nil {
		return nil, err
	}
	return done, syncFolder(filepath.Dir(r.path))
}

// bare drops the name of a temporary file from an error.
func bare(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}

// unchanged fails if the file is no longer the one that the change was made for.
func (r *Repair) unchanged() error {
	now, err := os.ReadFile(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !r.missing {
			return fmt.Errorf("%s has gone since it was read; nothing was changed", r.File)
		}
		return nil
	case err != nil:
		return err
	case r.missing || !bytes.Equal(now, r.before):
		return fmt.Errorf("%s has changed since it was read; nothing was changed", r.File)
	}
	return nil
}

// newMode is the mode of a file that was not there.
const newMode = 0o644

// write makes the new file beside the old one, with its mode and owner.
func (r *Repair) write(old fs.FileInfo) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(r.path), ".daemon.json.*")
	if err != nil {
		return "", err
	}
	defer f.Close()
	err = fill(f, r.after, old)
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), err
}

// fill writes a file's text and gives it the mode and owner of another; nil stands
// for a file that was not there.
func fill(f *os.File, text []byte, like fs.FileInfo) error {
	mode := fs.FileMode(newMode)
	if like != nil {
		mode = like.Mode().Perm()
		if uid, gid, known := owner(like); known {
			if err := f.Chown(uid, gid); err != nil {
				return err
			}
		}
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Sync()
}

// maxBackups bounds how many backups are kept beside each other.
const maxBackups = 1000

// backup keeps the old file under a name that is free.
func (r *Repair) backup(info fs.FileInfo) (string, error) {
	for n := 1; n <= maxBackups; n++ {
		name := r.path + ".bak"
		if n > 1 {
			name = fmt.Sprintf("%s.bak.%d", r.path, n)
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		err = errors.Join(fill(f, r.before, info), f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(name))
		}
		return name, err
	}
	return "", fmt.Errorf("there are %d backups of %s: remove some", maxBackups, r.File)
}

// syncFolder makes what was renamed in a folder survive a loss of power.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// validate has dockerd check a file. The note says why it could not.
func (s *Subject) validate(ctx context.Context, file string) (note string, err error) {
	said, err := s.run(ctx, "dockerd", "--version")
	switch {
	case errors.Is(err, errMissing):
		return "there is no dockerd here that could check the new file", nil
	case err != nil:
		return "", err
	}
	if v := parseVersion(said); v.older(23) {
		return fmt.Sprintf("dockerd %s cannot check a file (--validate came with 23.0)", v), nil
	}
	_, err = s.run(ctx, "dockerd", "--validate", "--config-file", file)
	return "", err
}
