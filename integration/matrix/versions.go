//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"jetkit/pkgspec/dotted"
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
	others, first, with := []string{oldest}, semantic(oldest), semantic(own)
	for _, version := range all {
		last, v := semantic(others[len(others)-1]), semantic(version)
		switch {
		case strings.Contains(version, "-") || v.Compare(first) <= 0 || v.SameMinor(first):
		case v.SameMinor(with) && v.Compare(with) <= 0:
		case v.SameMinor(last):
			others[len(others)-1] = version
		default:
			others = append(others, version)
		}
	}
	return others
}

// semantic reads a version such as "v0.34.2".
func semantic(version string) dotted.Version { return dotted.Of(strings.TrimPrefix(version, "v")) }

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
