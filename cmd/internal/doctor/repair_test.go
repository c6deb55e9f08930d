package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
)

// repaired looks at a machine and repairs it.
func repaired(t *testing.T, s *Subject, replaceDefault bool) (*Repair, *Applied, error) {
	t.Helper()
	repair, err := PlanRepair(s, Run(t.Context(), Checks(), s), replaceDefault)
	if err != nil {
		return nil, nil, err
	}
	done, err := repair.Apply(t.Context(), s)
	return repair, done, err
}

// TestRepair repairs a Jetson with each of the files that people have. The goldens
// are the diffs that a user is shown.
func TestRepair(t *testing.T) {
	files, err := filepath.Glob("daemonjson/testdata/*.json")
	require.NoError(t, err)
	require.Greater(t, len(files), 10)
	for _, file := range append(files, "missing.json") {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			before, err := os.ReadFile(file)
			missing := name == "missing"
			require.Equal(t, missing, err != nil)
			s := fake(t, orin, programs)
			config := s.Machine.Path(DefaultConfigFile)
			if !missing {
				require.NoError(t, os.MkdirAll(filepath.Dir(config), 0o755))
				require.NoError(t, os.WriteFile(config, before, 0o640))
			}
			repair, done, err := repaired(t, s, false)
			require.NoError(t, err)
			golden(t, filepath.Join("testdata", name+".diff"), strings.Join(repair.Reasons, "\n")+"\n"+repair.Diff())
			assert.Empty(t, done.Notes, "dockerd has checked it")
			info, err := os.Stat(config)
			require.NoError(t, err)
			if missing {
				assert.Equal(t, os.FileMode(0o644), info.Mode())
				assert.Empty(t, done.Backup)
			} else {
				assert.Equal(t, os.FileMode(0o640), info.Mode(), "as it was")
				assert.Equal(t, DefaultConfigFile+".bak", done.Backup)
				kept, err := os.ReadFile(s.Machine.Path(done.Backup))
				require.NoError(t, err)
				assert.Equal(t, string(before), string(kept))
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(config), ".*"))
			require.NoError(t, err)
			assert.Empty(t, left, "files left behind")
			_, err = PlanRepair(s, Run(t.Context(), Checks(), s), false)
			require.ErrorIs(t, err, ErrNothingToRepair, "it is repaired")
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("JETKIT_UPDATE") != "" {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// withConfig makes a Jetson with a daemon.json.
func withConfig(t *testing.T, text string) (s *Subject, file string) {
	t.Helper()
	s = fake(t, with(orin, DefaultConfigFile, text), programs)
	return s, s.Machine.Path(DefaultConfigFile)
}

func TestRepairReplacesDefault(t *testing.T) {
	s, file := withConfig(t, `{"default-runtime": "runc"}`)
	_, _, err := repaired(t, s, true)
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	want := `{"default-runtime": "nvidia", "runtimes": {"nvidia": {"path": "nvidia-container-runtime", "runtimeArgs": []}}}`
	assert.Empty(t, diff.Diff("want", []byte(want), "got", text), "every byte")
}

// TestRepairLeaves holds that a file which cannot be changed safely stays as it is.
func TestRepairLeaves(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  \"debug\": true,\n}":                  "/etc/docker/daemon.json is broken: line 3, column 1: a comma before }, where another key is expected; it was not touched: correct the line by hand, then run this again",
		"{\"debug\": true, // mine\n}":              "/etc/docker/daemon.json is broken: line 1, column 17: a comment, which JSON does not have,",
		"{\"debug\": true,\n\"debug\": false}":      "/etc/docker/daemon.json has the key debug twice: in line 1 and in line 2; it was not touched",
		"{\"runtimes\": []}":                        "/etc/docker/daemon.json is broken: line 1, column 14: the value of runtimes is no { }",
		"{\"labels\": [\"refused\"]}":               "dockerd does not take the new file, the old one stays: unable to configure the Docker daemon",
		"{\"runtimes\": {\"nvidia\": \"refused\"}}": "line 1, column 25: the value of runtimes.nvidia is no { }",
	} {
		s, file := withConfig(t, text)
		_, _, err := repaired(t, s, false)
		require.ErrorContains(t, err, want, "%s", text)
		now, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, text, string(now))
		names, err := os.ReadDir(filepath.Dir(file))
		require.NoError(t, err)
		assert.Len(t, names, 1, "files left behind: %v", names)
	}
}

// TestRepairLink changes the file behind a link, and keeps the link.
func TestRepairLink(t *testing.T) {
	s := fake(t, with(orin, "/mnt/data/docker.json", "{}"), programs)
	link := s.Machine.Path(DefaultConfigFile)
	require.NoError(t, os.MkdirAll(filepath.Dir(link), 0o755))
	require.NoError(t, os.Symlink("../../mnt/data/docker.json", link))
	_, _, err := repaired(t, s, false)
	require.NoError(t, err)
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.Equal(t, os.ModeSymlink, info.Mode().Type())
	text, err := os.ReadFile(s.Machine.Path("/mnt/data/docker.json"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "nvidia")
	assert.FileExists(t, s.Machine.Path("/mnt/data/docker.json.bak"))

	require.NoError(t, os.Remove(link))
	require.NoError(t, os.Symlink("nowhere", link))
	_, _, err = repaired(t, s, false)
	require.ErrorContains(t, err, "is a link to a file that does not exist")
}

// TestRepairBackups never overwrites a backup.
func TestRepairBackups(t *testing.T) {
	s, file := withConfig(t, "{}")
	for _, want := range []string{".bak", ".bak.2", ".bak.3"} {
		require.NoError(t, os.WriteFile(file, []byte("{}"), 0o644))
		_, done, err := repaired(t, s, false)
		require.NoError(t, err)
		assert.Equal(t, DefaultConfigFile+want, done.Backup)
	}
}

// TestRepairRace changes nothing if the file changed after it was shown.
func TestRepairRace(t *testing.T) {
	s, file := withConfig(t, "{}")
	repair, err := PlanRepair(s, Run(t.Context(), Checks(), s), false)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(`{"debug": true}`), 0o644))
	_, err = repair.Apply(t.Context(), s)
	require.ErrorContains(t, err, "/etc/docker/daemon.json has changed since it was read; nothing was changed")
	require.NoError(t, os.Remove(file))
	_, err = repair.Apply(t.Context(), s)
	require.ErrorContains(t, err, "/etc/docker/daemon.json has gone since it was read")
}

// TestRepairUnchecked says that an older dockerd cannot check the file.
func TestRepairUnchecked(t *testing.T) {
	for version, want := range map[string]string{
		`echo "Docker version 20.10.24+dfsg1, build 5d6db84"`: "dockerd 20.10.24 cannot check a file (--validate came with 23.0)",
		"": "there is no dockerd here that could check the new file",
	} {
		commands := with(programs, "dockerd", version)
		if version == "" {
			delete(commands, "dockerd")
		}
		s := fake(t, with(orin, DefaultConfigFile, "{}"), commands)
		_, done, err := repaired(t, s, false)
		require.NoError(t, err)
		assert.Equal(t, []string{want}, done.Notes)
	}
}

// TestUndo puts the old file back, or takes a new one away.
func TestUndo(t *testing.T) {
	s, file := withConfig(t, "{ }")
	repair, _, err := repaired(t, s, false)
	require.NoError(t, err)
	require.NoError(t, repair.undo())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "{ }", string(text))

	s = fake(t, orin, programs)
	repair, _, err = repaired(t, s, false)
	require.NoError(t, err)
	require.NoError(t, repair.undo())
	assert.NoFileExists(t, s.Machine.Path(DefaultConfigFile))
}

// TestRestart reloads the engine, restarts it if that is not enough, and puts the
// old file back if it then does not start.
func TestRestart(t *testing.T) {
	// The engine of these says what its state file says.
	engine := func(state string) string {
		return strings.Replace(programs["docker"], `echo '{"ServerVersion":"28.1.1","DefaultRuntime":"runc","Runtimes":{"runc":{"path":"runc"}},"DockerRootDir":"/var/lib/docker","Driver":"overlay2"}'`,
			`read -r said < `+state+`; echo "$said"`, 1)
	}
	const (
		old = `{"ServerVersion":"28.1.1","DefaultRuntime":"runc","Runtimes":{"runc":{"path":"runc"}}}`
		now = `{"ServerVersion":"28.1.1","DefaultRuntime":"nvidia","Runtimes":{"runc":{"path":"runc"},"nvidia":{"path":"x"}}}`
	)
	for name, test := range map[string]struct {
		systemctl string
		restarted bool
		want      string
		undone    bool
	}{
		"reload":           {"[ $1 != reload ] || echo '" + now + "' > STATE", false, "", false},
		"no reload":        {"case $1 in reload) exit 1;; restart) echo '" + now + "' > STATE;; esac", true, "", false},
		"does not restart": {"case $1 in reload) exit 1;; restart) if [ -e STATE.broken ]; then exit 0; fi; : > STATE.broken; echo 'Job for docker.service failed.' >&2; exit 1;; esac", true, "the old one is back, and Docker runs again: Job for docker.service failed.", true},
	} {
		t.Run(name, func(t *testing.T) {
			state := filepath.Join(t.TempDir(), "state")
			require.NoError(t, os.WriteFile(state, []byte(old+"\n"), 0o644))
			s := fake(t, with(orin, DefaultConfigFile, "{ }"), with(programs, "docker", engine(state), "systemctl", strings.ReplaceAll(test.systemctl, "STATE", state)))
			repair, done, err := repaired(t, s, false)
			require.NoError(t, err)
			restarted, err := repair.Restart(t.Context(), s, done)
			assert.Equal(t, test.restarted, restarted)
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
			}
			text, err := os.ReadFile(s.Machine.Path(DefaultConfigFile))
			require.NoError(t, err)
			assert.Equal(t, test.undone, string(text) == "{ }")
		})
	}
}

// TestNoRestart says why Docker is not told.
func TestNoRestart(t *testing.T) {
	s := fake(t, orin, programs)
	assert.Equal(t, "Restart it on the machine that was looked at.", s.NoRestart(t.Context()))
	s.Machine = machine.At("/")
	s.ConfigFile = "/etc/other.json"
	assert.Equal(t, "Restart the engine that reads /etc/other.json.", s.NoRestart(t.Context()))
}

// TestRepairDenied names the file and the reason, and leaves nothing behind.
func TestRepairDenied(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	s, file := withConfig(t, "{}")
	require.NoError(t, os.Chmod(filepath.Dir(file), 0o555))
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(file), 0o755) }) // else the folder cannot be removed
	_, _, err := repaired(t, s, false)
	require.EqualError(t, err, "/etc/docker/daemon.json cannot be replaced: permission denied")
	require.ErrorIs(t, err, os.ErrPermission)
}
