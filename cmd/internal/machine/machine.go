// Package machine reads what this computer is, from files below a root folder: its
// board, its release, what runs on it, and its devices.
package machine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Machine is a computer whose files are below a root folder.
type Machine struct {
	root string
}

// At returns the machine whose files are below root: "/" is this computer.
func At(root string) *Machine { return &Machine{root: root} }

// Path returns where a file of the machine is to be read: name is absolute.
func (m *Machine) Path(name string) string { return filepath.Join(m.root, name) }

// Here reports whether the machine is the one that this program runs on, so that
// its programs, devices and sockets can be used too.
func (m *Machine) Here() bool { return filepath.Clean(m.root) == "/" }

// maxRead is how much of a file is read, in bytes. Those that matter here are far
// smaller, and one that does not end shall not fill the memory.
const maxRead = 4 << 20

// ReadFile reads a file of the machine: name is absolute. It reads no more than
// four megabytes, and of regular files only.
func (m *Machine) ReadFile(name string) ([]byte, error) {
	info, err := os.Stat(m.Path(name)) // opening a pipe would wait for its other end
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	f, err := os.Open(m.Path(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxRead))
}

// Exists reports whether the machine has a file, a folder or a device of this
// name, and false where that cannot be told.
func (m *Machine) Exists(name string) bool {
	_, err := os.Stat(m.Path(name))
	return err == nil
}

// Glob lists the machine's files that a pattern of [filepath.Match] finds, as
// absolute names of the machine, sorted.
func (m *Machine) Glob(pattern string) []string {
	found, err := filepath.Glob(m.Path(pattern))
	if err != nil { // a pattern of this program's that is none
		return nil
	}
	names := make([]string, 0, len(found))
	for _, path := range found {
		if name, err := filepath.Rel(m.root, path); err == nil {
			names = append(names, filepath.Join("/", name))
		}
	}
	slices.Sort(names)
	return names
}

// line returns the first line of a file that the kernel or NVIDIA writes, without
// the zero bytes and spaces around it; empty if there is none.
func (m *Machine) line(name string) string {
	dt, err := m.ReadFile(name)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(dt), "\n")
	return strings.Trim(first, "\x00 \t\r")
}

// ReleaseFile is the file in which NVIDIA's L4T tells its version.
const ReleaseFile = "/etc/nv_tegra_release"

// releaseLine is the first line of a Jetson's release file:
// "# R36 (release), REVISION: 4.3, GCID: ...".
var releaseLine = regexp.MustCompile(`^# R(\d+) \(release\), REVISION: (\d+(?:\.\d+)*)`)

// Release returns the L4T version, such as "36.4.3". It is empty on a machine that
// is no Jetson.
func (m *Machine) Release() (string, error) {
	f, err := os.Open(m.Path(ReleaseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	version, err := parseRelease(f)
	if err != nil {
		return "", fmt.Errorf("%s: %w", ReleaseFile, err)
	}
	return version, nil
}

// parseRelease finds the version in a release file: "36.4.3".
func parseRelease(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	m := releaseLine.FindStringSubmatch(line)
	if m == nil {
		return "", fmt.Errorf("the first line is not of the form %q", "# R36 (release), REVISION: 4.3, ...")
	}
	return m[1] + "." + m[2], nil
}
