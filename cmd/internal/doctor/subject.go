package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jetkit/cmd/internal/machine"
	"jetkit/pkgspec/diag"
)

// Subject is what the checks look at.
type Subject struct {
	Machine *machine.Machine
	// Env looks up environment variables. Its PATH says where programs are.
	Env func(name string) (string, bool)
	// ConfigFile is Docker's daemon.json on the machine.
	ConfigFile string
	// User is who runs this.
	User User
	// Disk returns the bytes of the disk that a folder is on: those that are free, and
	// all. Nil asks the system.
	Disk func(dir string) (free, total int64, err error)
	// TestImage is an image to try the GPU in; empty tries none.
	TestImage string
	// Builder tells which BuildKit would build; nil if that is not to be looked for.
	Builder func(ctx context.Context) (*Builder, error)

	engine *engine // what Docker says, once it was asked
	build  *buildResult
}

// User is who runs this.
type User struct {
	Name   string
	UID    int
	Groups []int
}

// probeTimeout bounds what one program may take.
const probeTimeout = 15 * time.Second

// maxOutput bounds what is kept of a program's output, in bytes.
const maxOutput = 4 << 20

// sbin are folders that a user's PATH may lack.
var sbin = []string{"/usr/local/sbin", "/usr/sbin", "/sbin"}

// find returns where a program is, empty if there is none.
func (s *Subject) find(program string) string {
	if filepath.IsAbs(program) {
		if !executable(s.Machine.Path(program)) {
			return ""
		}
		return program
	}
	path, _ := s.Env("PATH")
	dirs := filepath.SplitList(path)
	if s.Machine.Here() {
		dirs = append(dirs, sbin...)
	}
	for _, dir := range dirs {
		if file := filepath.Join(dir, program); filepath.IsAbs(dir) && executable(file) {
			return file
		}
	}
	return ""
}

// installed reports whether the machine has a program: in PATH, or where packages
// put it.
func (s *Subject) installed(program string) bool {
	return s.find(program) != "" ||
		!filepath.IsAbs(program) && (executable(s.Machine.Path("/usr/bin/"+program)) || executable(s.Machine.Path("/usr/local/bin/"+program)))
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// errMissing is a program that the machine does not have.
var errMissing = errors.New("not installed")

// run runs a program and returns what it prints. An error has what it said.
func (s *Subject) run(ctx context.Context, program string, args ...string) (string, error) {
	return s.runFor(ctx, probeTimeout, program, args...)
}

// runFor is run for a program that may take longer.
func (s *Subject) runFor(ctx context.Context, limit time.Duration, program string, args ...string) (string, error) {
	file := s.find(program)
	if file == "" {
		return "", fmt.Errorf("%s: %w", program, errMissing)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, file, args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	cmd.WaitDelay = time.Second // for a child that keeps the pipes
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &limited{&out}, &limited{&said}
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return out.String(), fmt.Errorf("%s has not answered in %s", program, limit)
	case err != nil && said.Len() > 0:
		return out.String(), errors.New(firstLine(said.String()))
	case err != nil:
		return out.String(), fmt.Errorf("%s: %w", program, err)
	}
	return out.String(), nil
}

// limited keeps the beginning of what is written.
type limited struct{ *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if room := maxOutput - l.Len(); room > 0 {
		l.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// firstLine returns the first line that says something.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return diag.Clean(line)
		}
	}
	return ""
}

// member reports whether the user is in a group of the machine.
func (s *Subject) member(group string) bool {
	gid, members, found := s.Machine.Group(group)
	return found && (slices.Contains(s.User.Groups, gid) || slices.Contains(members, s.User.Name))
}
