//go:build linux && integration

package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testFormat is a format of this test alone, which echo runs, and a program in it. The program prints its own path.
func testFormat(t *testing.T) (f format, program string) {
	t.Helper()
	dir := t.TempDir()
	name := fmt.Sprintf("%s-%d", t.Name(), os.Getpid())
	t.Cleanup(func() { // for a test that failed half-way
		// it should be gone
		err := underLock(func() error {
			_ = tellKernel(ownFormat+name, "-1") // it should be gone
			return unmountFormats()
		})
		assert.NoError(t, err)
	})
	f = format{name: name, interpreter: filepath.Join(dir, "echo"), flags: "O"}
	for _, b := range []byte("jk" + name) {
		f.magic += fmt.Sprintf(`\x%02x`, b)
		f.mask += `\xff`
	}
	echo, err := exec.LookPath("echo")
	require.NoError(t, err)
	content, err := os.ReadFile(echo)
	require.NoError(t, err)
	program = filepath.Join(dir, "program")
	for path, content := range map[string][]byte{f.interpreter: content, program: []byte("jk" + name + "\n")} {
		require.NoError(t, os.WriteFile(path, content, 0o755))
	}
	return f, program
}

func assertRuns(t *testing.T, when, program string, want bool) {
	t.Helper()
	out, err := exec.Command(program).Output()
	got := err == nil && strings.Contains(string(out), program)
	assert.Equal(t, want, got, "%s: the program runs: %v, want %v (%q, %v)", when, got, want, out, err)
}

// registerAs does to the kernel's list what somebody else would do.
func registerAs(t *testing.T, f format, name string) {
	t.Helper()
	line := strings.Join([]string{"", name, "M", "0", f.magic, f.mask, f.interpreter, f.flags + "F"}, ":")
	require.NoError(t, underLock(func() error { return errors.Join(mountFormats(), tellKernel("register", line)) }))
}

// underLock keeps those away who use the kernel's list at the same time: the other packages' tests do.
func underLock(do func() error) error {
	unlock, err := lockExisting(formatsLock, syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock()
	return do()
}

func use(t *testing.T, f format) (release func()) {
	t.Helper()
	end, err := f.use()
	require.NoError(t, err)
	return func() {
		assert.NoError(t, end())
	}
}

func TestFormatEndsWithItsLastUser(t *testing.T) {
	f, program := testFormat(t)
	assertRuns(t, "before", program, false)
	first, second := use(t, f), use(t, f)
	assertRuns(t, "with two users", program, true)
	first()
	assertRuns(t, "with one user", program, true)
	second()
	assertRuns(t, "afterwards", program, false)
}

func TestFormatOfTheMachineStays(t *testing.T) {
	f, program := testFormat(t)
	own := "machine-" + f.name
	t.Cleanup(func() {
		assert.NoError(t, underLock(func() error { return tellKernel(own, "-1") }))
	})
	registerAs(t, f, own)
	use(t, f)()
	assertRuns(t, "afterwards", program, true)
}

func TestFormatOfKilledRunIsRemoved(t *testing.T) {
	f, program := testFormat(t)
	registerAs(t, f, ownFormat+f.name)
	assertRuns(t, "before", program, true)
	require.NoError(t, underLock(f.clean))
	assertRuns(t, "afterwards", program, false)
}
