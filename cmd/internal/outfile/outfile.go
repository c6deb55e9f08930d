// Package outfile writes files that are there whole, or not at all.
//
// A file is written under another name first, and then renamed. That must not be done
// with what is no ordinary file: a rename over a link takes the link away, and one over
// /dev/null takes that away from the whole machine.
package outfile

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Target is where a file is written.
type Target struct {
	// Path is the file itself, behind links.
	Path string
	// Direct means that it is written as it is: a device, a pipe, or an open file.
	Direct bool
	// Mode is what a new file gets, and what one that was there had.
	Mode fs.FileMode
}

// newMode is a new file's, before the user's umask.
const newMode fs.FileMode = 0o666

// maxLinks is as many links as Linux follows.
const maxLinks = 40

// openFile matches names of files that this process has open.
var openFile = regexp.MustCompile(`^/dev/(stdin|stdout|stderr|fd/\d+)$|^/proc/[^/]+/fd/\d+$`)

// Find returns where a file of this name is written. A folder is an error, and so is a
// file whose own folder is not there.
func Find(name string) (Target, error) {
	if openFile.MatchString(filepath.Clean(name)) {
		return Target{Path: name, Direct: true}, nil
	}
	for range maxLinks {
		info, err := os.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			_, err = os.Stat(filepath.Dir(name))
			return Target{Path: name, Mode: newMode}, err
		case err != nil:
			return Target{}, err
		case info.IsDir():
			return Target{}, fmt.Errorf("%s is a folder, and a file is to be written", name)
		case info.Mode()&fs.ModeSymlink == 0:
			return Target{Path: name, Direct: !info.Mode().IsRegular(), Mode: info.Mode().Perm()}, nil
		}
		to, err := os.Readlink(name)
		if err != nil {
			return Target{}, err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(name), to)
		}
		if name = to; openFile.MatchString(name) {
			return Target{Path: name, Direct: true}, nil
		}
	}
	return Target{}, fmt.Errorf("%s: too many links", name)
}

// Check reports why a file of this name cannot be written. It leaves nothing behind.
func Check(name string) error {
	t, err := Find(name)
	if err != nil || t.Direct { // opening a pipe would wait for its reader
		return err
	}
	f, err := t.create()
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// Write writes a file. Where that fails, what was there before stays.
func Write(name string, write func(io.Writer) error) error {
	t, err := Find(name)
	if err != nil {
		return err
	}
	if t.Direct {
		f, err := t.Open()
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := t.create()
	if err != nil {
		return err
	}
	err = cmp.Or(write(f), f.Close())
	_ = f.Close() // it may be the second time
	if err == nil {
		err = os.Rename(f.Name(), t.Path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the other error says more
		return fmt.Errorf("%s: %w", t.Path, reason(err))
	}
	return nil
}

// Keep writes a file of the program's own, with this mode whatever the umask. A link of
// this name is replaced: nothing of others' is written through it.
func Keep(name string, mode fs.FileMode, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".jetkit-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Remove removes a file, if it is there and an ordinary one. A link to it stays.
func Remove(name string) error {
	t, err := Find(name)
	if err != nil || t.Direct {
		return err
	}
	if err := os.Remove(t.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Open opens a file that is written as it is.
func (t Target) Open() (*os.File, error) {
	return os.OpenFile(t.Path, os.O_WRONLY|os.O_APPEND, 0)
}

// create makes a file beside the target, with the target's mode.
func (t Target) create() (*os.File, error) {
	name := filepath.Join(filepath.Dir(t.Path), ".jetkit-"+rand.Text())
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, t.Mode)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Path, reason(err))
	}
	if err := t.SetMode(f); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(name))
	}
	return f, nil
}

// SetMode gives a file that takes the target's place the mode of what was there. A new
// one keeps what the user's umask left of its own.
func (t Target) SetMode(f *os.File) error {
	if t.Mode == newMode {
		return nil
	}
	return f.Chmod(t.Mode)
}

// reason is an error without the name that nobody gave.
func reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
