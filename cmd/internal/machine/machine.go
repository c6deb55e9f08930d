// Package machine reads what this computer is, from files below a root folder: a
// Jetson's release and board, and its devices.
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
)

// ReleaseFile is the file in which NVIDIA's L4T tells its version.
const ReleaseFile = "/etc/nv_tegra_release"

// Machine is a computer whose files are below a root folder.
type Machine struct {
	root string
}

// At returns the machine whose files are below root: "/" is this computer.
func At(root string) *Machine { return &Machine{root: root} }

// Path returns where a file of the machine is to be read: name is absolute.
func (m *Machine) Path(name string) string { return filepath.Join(m.root, name) }

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
