package pylocal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"jetkit/pkgspec/configpy"
	"jetkit/pkgspec/configpy/pyshim"
)

// patience is how long Python may take altogether. The runner's own limits are
// below it.
const patience = 90 * time.Second

// runIn runs the request on the files with a Python and gives the result.
func runIn(ctx context.Context, python string, request []byte, files []configpy.File) ([]byte, error) {
	dir, err := workDir()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left is in the system's folder for temporary files
	shim, tree := filepath.Join(dir, "shim"), filepath.Join(dir, "tree")
	if err := os.CopyFS(shim, pyshim.Files()); err != nil {
		return nil, err
	}
	if err := writeTree(tree, files); err != nil {
		return nil, err
	}
	in, out := filepath.Join(dir, "request.json"), filepath.Join(dir, "result.json")
	if err := os.WriteFile(in, request, 0o600); err != nil {
		return nil, err
	}
	args := append(pyshim.Flags(), filepath.Join(shim, pyshim.Runner), in, out, tree)
	if err := start(ctx, dir, python, args); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// memory is where Linux keeps files in memory. More than a thousand are written
// for upstream's tree, which takes a disk longer than Python takes to run them.
const memory = "/dev/shm"

// workDir makes a folder that nobody else can read.
func workDir() (string, error) {
	const pattern = "jetkit-config-py-"
	if dir, err := os.MkdirTemp(memory, pattern); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", pattern)
}

// writeTree writes the files below a folder.
func writeTree(dir string, files []configpy.File) error {
	made := map[string]bool{}
	for _, file := range files {
		name := filepath.Join(dir, filepath.FromSlash(file.Path))
		if parent := filepath.Dir(name); !made[parent] {
			made[parent] = true
			if err := os.MkdirAll(parent, 0o700); err != nil {
				return err
			}
		}
		if err := os.WriteFile(name, file.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// start runs Python, as confined as this user may (its own sandbox refuses what
// is left), and stops it with its children when it takes too long.
func start(ctx context.Context, dir, python string, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// The child dies with the thread that started it (PR_SET_PDEATHSIG), and an idle
	// thread may end.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var err error
	for _, confined := range confinements() {
		var output bytes.Buffer
		cmd := exec.CommandContext(ctx, python, args...)
		cmd.Dir, cmd.Env = dir, append(pyshim.Env(), "TMPDIR="+dir)
		cmd.Stdout = &limited{&output, 4 << 10}
		cmd.Stderr = cmd.Stdout
		cmd.WaitDelay = time.Second
		cmd.SysProcAttr = confined
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		if err = cmd.Start(); err != nil {
			continue
		}
		err = cmd.Wait()
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s was stopped: %w", python, context.Cause(ctx))
		case err != nil:
			return fmt.Errorf("%s: %w: %s", python, err, lastLine(output.String()))
		}
		return nil
	}
	return err
}

// lastLine returns the last line of a text: Python's own word on what went wrong.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// limited keeps the beginning of what is written to it.
type limited struct {
	to   *bytes.Buffer
	left int
}

func (l *limited) Write(dt []byte) (int, error) {
	n := min(len(dt), l.left)
	l.to.Write(dt[:n])
	l.left -= n
	return len(dt), nil
}

// findPython finds the interpreter of a name or path. Scripts that choose one,
// like those of pyenv, need an environment that config.py files must not get:
// where PATH has none but those, they are asked.
func findPython(ctx context.Context, name string) (string, error) {
	var script string
	for _, file := range candidates(name) {
		info, err := os.Stat(file)
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			continue
		}
		if !isScript(file) {
			return file, nil
		}
		if script == "" {
			script = file
		}
	}
	if script == "" {
		return "", fmt.Errorf("config.py files need Python 3, and there is no %s: %w", name, fs.ErrNotExist)
	}
	cmd := exec.CommandContext(ctx, script, "-c", "import sys; print(sys.executable)")
	cmd.WaitDelay = time.Second
	dt, err := cmd.Output()
	python := strings.TrimSpace(string(dt))
	if err == nil && !filepath.IsAbs(python) {
		err = errors.New("it does not say where Python is")
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", script, err)
	}
	return python, nil
}

// candidates lists the files that a name may mean.
func candidates(name string) []string {
	if strings.ContainsRune(name, filepath.Separator) {
		if absolute, err := filepath.Abs(name); err == nil {
			name = absolute
		}
		return []string{name}
	}
	var files []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(dir) {
			files = append(files, filepath.Join(dir, name))
		}
	}
	return files
}

// isScript reports whether a file begins with #!.
func isScript(name string) bool {
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	var begin [2]byte
	_, err = file.Read(begin[:])
	return err == nil && string(begin[:]) == "#!"
}
