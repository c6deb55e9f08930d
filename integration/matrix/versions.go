//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// buildkit is the module, and oldest the first version of it that jetkit takes.
const (
	buildkit = "github.com/moby/buildkit"
	oldest   = "v0.31.1"
)

// minors asks the module proxy for BuildKit's versions. It returns that which jetkit is compiled with, and of the others
// the oldest that jetkit takes and the last of each later minor version.
func minors(ctx context.Context) (own string, others []string, err error) {
	if own, err = goCommand(ctx, ".", "list", "-m", "-f", "{{.Version}}", buildkit); err != nil {
		return "", nil, err
	}
	all, err := goCommand(ctx, ".", "list", "-m", "-versions", "-f", `{{join .Versions " "}}`, buildkit)
	if err != nil {
		return "", nil, err
	}
	return own, chosen(own, strings.Fields(all)), nil
}

// chosen picks from all versions, the lowest first.
func chosen(own string, all []string) []string {
	others := []string{oldest}
	for _, version := range all {
		last := others[len(others)-1]
		switch {
		case strings.Contains(version, "-") || compare(version, oldest) <= 0 || minor(version) == minor(oldest):
		case minor(version) == minor(own) && compare(version, own) <= 0:
		case minor(version) == minor(last):
			others[len(others)-1] = version
		default:
			others = append(others, version)
		}
	}
	return others
}

// minor is "v0.34" of "v0.34.2".
func minor(version string) string { return version[:strings.LastIndexByte(version, '.')] }

func compare(a, b string) int {
	x, y := strings.Split(a[1:], "."), strings.Split(b[1:], ".")
	for i := range x {
		m, _ := strconv.Atoi(x[i]) // versions without a dash are numbers
		n, _ := strconv.Atoi(y[i])
		if m != n {
			return m - n
		}
	}
	return 0
}

// program compiles a program of a module's version into .cache/matrix, unless it is there, in a module of its own: with the
// versions of other modules that it was made for.
func program(ctx context.Context, module, command, version string, flags ...string) (string, error) {
	name := filepath.Base(command)
	folder, err := filepath.Abs(filepath.Join(".cache", "matrix"))
	if err != nil {
		return "", err
	}
	to := filepath.Join(folder, name+"-"+version)
	if _, err := os.Stat(to); err == nil {
		return to, nil
	}
	say("compiling %s %s", name, version)
	build := filepath.Join(folder, "build", name+"-"+version)
	if err := os.RemoveAll(build); err != nil {
		return "", err
	}
	if err := os.MkdirAll(build, 0o755); err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{"mod", "init", "jetkit-matrix"},
		{"get", "-tool", module + command + "@" + version},
		append(append([]string{"build"}, flags...), "-o", to, module+command),
	} {
		if _, err := goCommand(ctx, build, args...); err != nil {
			return "", err
		}
	}
	return to, os.RemoveAll(build)
}

func buildkitd(ctx context.Context, version string) (string, error) {
	return program(ctx, buildkit, "/cmd/buildkitd", version, "-ldflags", "-s -w -X "+buildkit+"/version.Version="+version)
}

func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, complaint.String())
	}
	return strings.TrimSpace(string(out)), nil
}
