package doctor

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/machine"
)

// orin is an Orin Nano with JetPack 6.2.
var orin = map[string]string{
	"/etc/nv_tegra_release":             "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed\n",
	"/proc/device-tree/model":           "NVIDIA Jetson Orin Nano Developer Kit\x00",
	"/proc/device-tree/compatible":      "nvidia,p3768-0000+p3767-0005-super\x00nvidia,p3767-0005\x00nvidia,tegra234\x00",
	"/proc/sys/kernel/osrelease":        "5.15.148-tegra\n",
	"/proc/driver/nvidia/version":       "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build\n",
	"/proc/meminfo":                     "MemTotal: 16000000 kB\nMemAvailable: 9000000 kB\nSwapTotal: 16000000 kB\n",
	"/sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
	"/dev/nvmap":                        "",
	"/dev/nvhost-gpu":                   "",
	"/etc/group":                        "root:x:0:\nvideo:x:44:ada\ndocker:x:999:ada\n",
}

// programs are those of a machine with Docker 28 and NVIDIA's toolkit.
var programs = map[string]string{
	"docker": `case "$1 $2" in
"--version ") echo "Docker version 28.1.1, build 4eba377";;
"info --format") echo '{"ServerVersion":"28.1.1","DefaultRuntime":"runc","Runtimes":{"runc":{"path":"runc"}},"DockerRootDir":"/var/lib/docker","Driver":"overlay2"}';;
"context inspect") echo unix:///var/run/docker.sock;;
*) echo "unexpected: $*" >&2; exit 1;;
esac`,
	"iptables":                 `echo "iptables v1.8.7 (legacy)"`,
	"nvidia-ctk":               `echo "NVIDIA Container Toolkit CLI version 1.16.2"`,
	"nvidia-container-runtime": "exit 1",
	"dockerd": `case "$1" in
--version) echo "Docker version 28.1.1, build 01f442b";;
--validate) while read -r line || [ -n "$line" ]; do case "$line" in *refused*) echo "unable to configure the Docker daemon with file $3: refused" >&2; exit 1;; esac; done < "$3"; echo "configuration OK" >&2;;
esac`,
}

// with returns a copy of files with more of them; an empty text of a program takes
// it away.
func with(files map[string]string, more ...string) map[string]string {
	files = maps.Clone(files)
	for i := 0; i+1 < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

// without returns a copy of files that lacks some.
func without(files map[string]string, names ...string) map[string]string {
	files = maps.Clone(files)
	for _, name := range names {
		delete(files, name)
	}
	return files
}

// fake makes a machine of files and programs, and the user root.
func fake(t *testing.T, files, commands map[string]string) *Subject {
	t.Helper()
	root, bin := t.TempDir(), t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	for name, script := range commands {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	}
	return &Subject{
		Machine: machine.At(root), ConfigFile: DefaultConfigFile, User: User{Name: "root"},
		Disk: func(string) (free, total int64, err error) { return 400 << 30, 500 << 30, nil },
		Env: func(name string) (string, bool) {
			if name == "PATH" {
				return bin, true
			}
			return "", false
		},
	}
}

// found runs one check and returns what it found: "id: message", and "skipped: why".
func found(t *testing.T, s *Subject, name string) []string {
	t.Helper()
	for _, check := range Checks() {
		if check.Name() != name {
			continue
		}
		r := check.Check(t.Context(), s)
		texts := []string{}
		for _, f := range r.Findings {
			require.Contains(t, check.Kinds(), f.Kind, "%s does not say that it may find %s", name, f.Kind.ID)
			require.NotEmpty(t, f.Evidence, "%s has no evidence", f.Kind.ID)
			texts = append(texts, f.Kind.ID+": "+f.Message)
		}
		if r.Skipped != "" {
			texts = append(texts, "skipped: "+r.Skipped)
		}
		if len(texts) == 0 {
			require.NotEmpty(t, r.Summary, "%s passes without saying what it saw", name)
		}
		return texts
	}
	require.Fail(t, "there is no check "+name)
	return nil
}
