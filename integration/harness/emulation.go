//go:build linux

package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// Emulate lets this machine, and so every builder on it, run programs of another architecture until Close. It changes
// the kernel's list of binary formats only where that is needed, and only as long as some Env needs it; what the
// machine has registered itself is used and left alone. Emulate does nothing for the machine's own architecture, and
// knows arm64 as the only other one.
func (e *Env) Emulate(arch string) error {
	if arch == runtime.GOARCH {
		return nil
	}
	if arch != "arm64" {
		return fmt.Errorf("the harness cannot emulate %s", arch)
	}
	_, err := e.emulation.do(func() (func() error, error) {
		format, err := readFormat(arm64Format)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New("missing qemu-user-static: run integration/setup.sh (make setup)")
		}
		if err != nil {
			return nil, err
		}
		return format.use()
	})
	return err
}

// stopEmulation gives up what Emulate did.
func (e *Env) stopEmulation() error {
	e.emulation.mu.Lock()
	defer e.emulation.mu.Unlock()
	if !e.emulation.done {
		return nil
	}
	e.emulation.done = false
	return e.emulation.value()
}

// removeStaleEmulation removes what Emulate of a killed run has left, if nobody uses it.
func removeStaleEmulation() error {
	format, err := readFormat(arm64Format)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // then there was no Emulate either
	}
	if err != nil {
		return err
	}
	unlock, err := lockExisting(formatsLock, syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock()
	return format.clean()
}

// arm64Format is what qemu-user-static of Debian and Ubuntu brings, in Debian 13 as a link.
const arm64Format = "/usr/lib/binfmt.d/qemu-aarch64.conf"

// The kernel's list of binary formats, and marks by which entries and the mount are known to be the harness's own: what
// a killed run has left can be told from what belongs to the machine. formatsLock is a folder that every machine has; it
// is locked while the list is looked at and changed.
// See https://docs.kernel.org/admin-guide/binfmt-misc.html.
const (
	formatsDir  = "/proc/sys/fs/binfmt_misc"
	formatsLock = "/usr/lib"
	ownFormat   = "jetkit-"
	ownMount    = "jetkit"
)

// format is a binary format and the program that runs it, as binfmt_misc has it.
type format struct {
	name        string
	magic, mask string // with "\x7f" escapes
	interpreter string
	flags       string
}

// readFormat reads a file of binfmt.d: one line ":name:M:offset:magic:mask:interpreter:flags".
func readFormat(path string) (format, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return format{}, err
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		const parts = 8
		if len(fields) == parts && fields[2] == "M" && (fields[3] == "" || fields[3] == "0") {
			return format{name: fields[1], magic: fields[4], mask: fields[5], interpreter: fields[6], flags: fields[7]}, nil
		}
	}
	return format{}, fmt.Errorf("%s has no line that the harness understands", path)
}

// use makes sure that the kernel runs programs of this format in any container, and returns what gives it up. Users in
// all processes share a lock on the interpreter; the last one removes the registration, if it is the harness's.
func (f format) use() (release func() error, err error) {
	unlock, err := lockExisting(formatsLock, syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := mountFormats(); err != nil {
		return nil, err
	}
	leave, err := lockExisting(f.interpreter, syscall.LOCK_SH)
	if err != nil {
		return nil, err
	}
	if err := f.register(); err != nil {
		leave()
		return nil, errors.Join(err, f.clean())
	}
	return func() error {
		unlock, err := lockExisting(formatsLock, syscall.LOCK_EX)
		if err != nil {
			return err
		}
		defer unlock()
		leave()
		return f.clean()
	}, nil
}

// clean removes the harness's registration and mount when nobody uses them. The caller holds formatsLock.
func (f format) clean() error {
	unlock, err := lockExisting(f.interpreter, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil // somebody uses it
	}
	if err != nil {
		return err
	}
	defer unlock()
	if err := tellKernel(ownFormat+f.name, "-1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return unmountFormats()
}

// register adds the format unless the list has one that does.
func (f format) register() error {
	present, err := registeredFormats()
	if err != nil {
		return err
	}
	magic := strings.ReplaceAll(f.magic, `\x`, "")
	for name, entry := range present {
		if entry["magic"] == magic && strings.Contains(entry["flags:"], "F") && name != "status" {
			return nil
		}
	}
	flags := f.flags
	if !strings.Contains(flags, "F") {
		flags += "F" // the kernel opens the interpreter now: containers need not have it
	}
	line := strings.Join([]string{"", ownFormat + f.name, "M", "0", f.magic, f.mask, f.interpreter, flags}, ":")
	return tellKernel("register", line)
}

// tellKernel writes to a file of binfmt_misc, which allows no other mode of opening.
func tellKernel(name, text string) error {
	file, err := os.OpenFile(filepath.Join(formatsDir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// registeredFormats reads the enabled entries of the kernel's list: each line is a word and a value.
func registeredFormats() (map[string]map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(formatsDir, "*"))
	if err != nil {
		return nil, err
	}
	formats := map[string]map[string]string{}
	for _, path := range paths {
		name := filepath.Base(path)
		if name == "register" || name == "status" {
			continue
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		entry := map[string]string{}
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			word, value, _ := strings.Cut(scanner.Text(), " ")
			entry[word] = value
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
		if _, enabled := entry["enabled"]; enabled {
			formats[name] = entry
		}
	}
	return formats, nil
}

// mountFormats mounts the kernel's list where it belongs, if it is not there.
func mountFormats() error {
	if _, err := os.Stat(filepath.Join(formatsDir, "register")); err == nil {
		return nil
	}
	if err := syscall.Mount(ownMount, formatsDir, "binfmt_misc", 0, ""); err != nil {
		return fmt.Errorf("mount binfmt_misc (emulating needs a kernel with it, and root outside of a container): %w", err)
	}
	return nil
}

// unmountFormats undoes mountFormats once nobody has anything in the list.
func unmountFormats() error {
	content, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	mounted := slices.ContainsFunc(strings.Split(string(content), "\n"), func(line string) bool {
		return strings.Contains(line, " "+formatsDir+" ") && strings.Contains(line, " - binfmt_misc "+ownMount+" ")
	})
	if !mounted {
		return nil
	}
	entries, err := os.ReadDir(formatsDir)
	const alwaysThere = 2 // register, status
	if err != nil || len(entries) > alwaysThere {
		return err
	}
	return syscall.Unmount(formatsDir, 0)
}

// lockExisting locks a file or folder that is there and stays there, without writing to it.
func lockExisting(path string, how int) (unlock func(), err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), how); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}
