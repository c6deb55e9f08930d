package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/platform"
)

// targetVariables are what jetson-containers reads from the environment.
var targetVariables = []string{"L4T_VERSION", "JETPACK_VERSION", "CUDA_VERSION", "PYTHON_VERSION", "LSB_RELEASE", "CUDA_ARCH", systemArch}

// releaseVariables name a release: one on the command line takes the place of all.
var releaseVariables = []string{"L4T_VERSION", "JETPACK_VERSION"}

// versionSuffix ends the names of variables that say which version of a package to take.
const versionSuffix = "_VERSION"

// fromEnvironment takes from .env and the environment what jetson-containers takes from
// them, where the command line does not say otherwise. A jetson.yaml says itself what it
// is for, whoever builds it: this is for packages on the command line only. Whatever a
// variable does, or could do and does not, is noted once.
func (f *requestFlags) fromEnvironment(r *request, sys *system, names []string) {
	note := func(format string, args ...any) {
		if !f.noted {
			fmt.Fprintf(sys.err, "note: %s\n", diag.Clean(fmt.Sprintf(format, args...)))
		}
	}
	r.origins = map[string]string{}
	take := func(name string) {
		value, _ := sys.env(name)
		if value = strings.TrimSpace(value); value != "" {
			r.args[name], r.origins[name] = value, sys.origin(name)
			note("%s=%s is from %s", name, value, sys.whence(name))
		}
	}
	given := maps.Clone(r.args)
	isGiven := func(name string) bool { _, is := given[name]; return is }
	for _, name := range targetVariables {
		if !isGiven(name) && (!slices.Contains(releaseVariables, name) || !slices.ContainsFunc(releaseVariables, isGiven)) {
			take(name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sys.envFile)) {
		switch {
		case isGiven(name) || slices.Contains(targetVariables, name) || ownVariable(name):
		case strings.HasSuffix(name, versionSuffix):
			take(name)
		default:
			note("%s: packages do not get %s; --arg %[2]s passes it on", sys.origin(name), name)
		}
	}
	for _, name := range names {
		name = versionVariable(name)
		if value, set := sys.env(name); set && value != "" && r.args[name] == "" {
			note("%s of the environment has no effect here; --arg %[1]s passes it on", name)
		}
	}
	f.noted = true
}

// variables returns the system with the variables that count for packages on the command
// line.
func (f *requestFlags) variables(sys *system, names []string) (*system, error) {
	if len(names) == 0 {
		return sys, nil
	}
	return sys.withEnvFile(f.noted)
}

// versionVariable is what packages call the variable for their version: PYTORCH_VERSION.
func versionVariable(name string) string {
	name, _, _ = strings.Cut(name, ":")
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name)) + versionSuffix
}

// ownVariable reports whether a variable means something to jetkit itself, or to the
// programs that it works with.
func ownVariable(name string) bool {
	for _, prefix := range []string{"BUILDKIT_", "BUILDX_", "DOCKER", "JETKIT_", "SCP_UPLOAD_", "XDG_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return strings.HasSuffix(strings.ToLower(name), "_proxy") || slices.Contains([]string{"SOURCE_DATE_EPOCH", "NO_COLOR", "HOME", "PATH"}, name)
}

// origin is what plans and messages call the place that a variable was set in.
func (s *system) origin(name string) string {
	if line, is := s.envFile[name]; is {
		return fmt.Sprintf("%s:%d", envFile, line)
	}
	return "environment " + name
}

// whence is origin in a sentence.
func (s *system) whence(name string) string {
	if _, is := s.envFile[name]; is {
		return s.origin(name)
	}
	return "the environment"
}

// platformVariable returns the platform that SYSTEM_ARCH stands for, "" for none.
func (s *system) platformVariable() string {
	arch, _ := s.env(systemArch)
	return platform.OCI(strings.TrimSpace(arch))
}
