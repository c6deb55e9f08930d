package pkgspec

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

func (l *loader) readBuild(f *yamlnode.Field, path string) {
	build := &l.spec.Build
	l.keys(f.Value, path, slices.Concat([]key{
		{"gpu", l.with(l.gpuMode(&build.GPU))},
		{"device", func(f *yamlnode.Field, path string) {
			l.buildDevice = f.KeyAt
			l.with(l.device(&build.Device))(f, path)
		}},
	}, l.stepKeys(&build.Sandbox, &build.Privileged))...)
}

// stepKeys are the keys that the sections build and tests share.
func (l *loader) stepKeys(sandbox *plan.Sandbox, privileged *[]diag.Text) []key {
	return []key{
		{"network", l.with(l.network(&sandbox.Network))},
		{"shm_size", l.with(l.shmSize(&sandbox.ShmSize))},
		{"ulimits", l.readUlimits(&sandbox.Ulimits)},
		{"privileged", l.readPrivileged(privileged)},
	}
}

// checkBuildDevice warns of a device that the file names for nothing. What
// build.gpu is can depend on the section tests, so it runs after both are read.
func (l *loader) checkBuildDevice() {
	gpu, key := l.spec.Build.GPU, "gpu"
	if gpu == "" && l.spec.Tests.GPU == plan.GPURuntime {
		gpu, key = plan.GPURuntime, "tests.gpu"
	}
	if l.buildDevice != (diag.Range{}) && gpu != "" && gpu != plan.GPUCDI {
		l.problems.Warnf(rules.NoEffect, l.buildDevice, "leave it out, or write gpu: cdi", "build.device has no effect with %s: %s", key, gpu)
	}
}

// checkDeviceArg warns of a build argument that names a device for nothing. key is
// what decides that.
func (l *loader) checkDeviceArg(name, key string, gpu plan.GPUMode) {
	if _, given := l.args[name]; given && gpu != plan.GPUCDI {
		l.problems.Warnf(rules.NoEffect, diag.Range{}, "leave it out, or set "+key+" to cdi", "--build-arg %s has no effect with %s: %s", name, key, gpu)
	}
}

// gpuMode reads how steps get a GPU.
func (l *loader) gpuMode(into *plan.GPUMode) func(said) {
	return func(s said) {
		if mode, ok := choice(l, s, plan.GPUCDI, plan.GPURuntime, plan.GPUSkip); ok {
			*into = mode
		}
	}
}

// device reads the name of a CDI device.
func (l *loader) device(into *string) func(said) {
	return func(s said) {
		if !plan.IsDevice(s.text) {
			l.reject(s, "write vendor.com/class=name, for example "+plan.DefaultDevice, "%s is not the name of a CDI device", yamlnode.Quote(s.text))
			return
		}
		*into = s.text
	}
}

// defaultNetwork is what the user calls plan.NetworkDefault. Only complete turns
// the one into the other, so that a build argument which asks for it can be told
// from none.
const defaultNetwork plan.Network = "default"

// network reads a network. Docker's options call the default sandbox too.
func (l *loader) network(into *plan.Network) func(said) {
	return func(s said) {
		if s.text == "sandbox" {
			s.text = string(defaultNetwork)
		}
		if network, ok := choice(l, s, defaultNetwork, plan.NetworkHost, plan.NetworkNone); ok {
			*into = network
		}
	}
}

// maxShmSize is more than any machine has. For numbers that an int64 can't hold,
// go-units gives another number on another processor; all of them are out of
// range.
const maxShmSize = 1 << 50

// shmSize reads a number of bytes in Docker's form.
func (l *loader) shmSize(into *int64) func(said) {
	return func(s said) {
		const hint = "write a number of bytes, or one with k, m or g: 2g"
		switch size, err := units.RAMInBytes(s.text); {
		case err != nil:
			l.reject(s, hint, "%s is not a size", yamlnode.Quote(s.text))
		case size < 1 || size > maxShmSize:
			l.reject(s, hint, "the size %s is not between one byte and a pebibyte", yamlnode.Quote(s.text))
		default:
			*into = size
		}
	}
}

// ulimitNames are the limits that units.ParseUlimit knows.
var ulimitNames = []string{
	"core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
}

// readUlimits reads a mapping of limits.
func (l *loader) readUlimits(into *[]plan.Ulimit) func(*yamlnode.Field, string) {
	return func(f *yamlnode.Field, path string) {
		var limits []plan.Ulimit
		l.table(f.Value, path, func(name, value said) {
			if limit, ok := l.ulimit(name, value); ok {
				limits = append(limits, limit)
			}
		})
		*into = sortedUlimits(limits)
	}
}

// ulimitsArg reads limits as docker's --ulimit takes them, separated by commas.
func (l *loader) ulimitsArg(into *[]plan.Ulimit) func(said) {
	return func(s said) {
		var limits []plan.Ulimit
		for _, word := range l.splitSome(s) {
			name, value, ok := strings.Cut(word.text, "=")
			if !ok {
				l.reject(s, "write NAME=SOFT:HARD,OTHER=BOTH, for example nofile=1024:524288,memlock=-1", "%s is not NAME=LIMIT", yamlnode.Quote(word.text))
				continue
			}
			limit, ok := l.ulimit(said{text: name, name: s.name}, said{text: value, name: s.name + ": " + yamlnode.Excerpt(name)})
			if !ok {
				continue
			}
			if slices.ContainsFunc(limits, func(other plan.Ulimit) bool { return other.Name == name }) {
				l.reject(s, "keep one of them", "%s is given twice", name)
				continue
			}
			limits = append(limits, limit)
		}
		*into = sortedUlimits(limits)
	}
}

// ulimit reads one limit: a number for both, or the soft and the hard one.
func (l *loader) ulimit(name, value said) (plan.Ulimit, bool) {
	if !slices.Contains(ulimitNames, name.text) {
		l.reject(name, suggest(name.text, ulimitNames), "%s is not the name of a limit", yamlnode.Quote(name.text))
		return plan.Ulimit{}, false
	}
	u, err := units.ParseUlimit(name.text + "=" + value.text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		l.reject(value, "no limit is -1", "the limit %s is too large", yamlnode.Quote(value.text))
	case errors.Is(err, strconv.ErrSyntax) || err == nil && min(u.Soft, u.Hard) < -1 || strings.Count(value.text, ":") > 1:
		l.reject(value, `write SOFT or "SOFT:HARD"; -1 is no limit`, "%s is not a limit", yamlnode.Quote(value.text))
	case err != nil:
		l.reject(value, "write the lower limit first: SOFT:HARD", "%s: the soft limit is above the hard one", yamlnode.Quote(value.text))
	default:
		return plan.Ulimit{Name: u.Name, Soft: u.Soft, Hard: u.Hard}, true
	}
	return plan.Ulimit{}, false
}

func sortedUlimits(limits []plan.Ulimit) []plan.Ulimit {
	slices.SortFunc(limits, func(a, b plan.Ulimit) int { return cmp.Compare(a.Name, b.Name) })
	return limits
}

// everyPackage is the pattern that "privileged: true" stands for.
const everyPackage = "*"

// readPrivileged reads names or patterns of packages, or true or false for all
// or none.
func (l *loader) readPrivileged(into *[]diag.Text) func(*yamlnode.Field, string) {
	return func(f *yamlnode.Field, path string) {
		if f.Value.Kind == yamlnode.Scalar && f.Value.Tag == yamlnode.BoolTag {
			if s, ok := l.value(f.Value, path); ok {
				*into = l.privileged([]said{s})
			}
			return
		}
		*into = l.privileged(l.texts(f.Value, path))
	}
}

// privilegedArg reads the same from a build argument.
func (l *loader) privilegedArg(into *[]diag.Text) func(said) {
	return func(s said) { *into = l.privileged(l.splitSome(s)) }
}

// privileged is not nil even if it is empty: until complete, that tells a user's
// false from nothing said.
func (l *loader) privileged(words []said) []diag.Text {
	names := []diag.Text{}
	for _, s := range words {
		all, isTruth := truth(s.text)
		switch {
		case isTruth && len(words) > 1:
			l.reject(s, "write it alone, or name packages", "%s stands for all packages or none, and cannot be in a list", yamlnode.Quote(s.text))
		case len(words) == 1 && looksLikeTruth(s.text):
			l.reject(s, "write true or false, or name packages", "%s is neither true nor false nor the name of a package", yamlnode.Quote(s.text))
		case isTruth && all:
			names = append(names, diag.Text{Value: everyPackage, At: s.at})
		case !isTruth && l.checkName(s):
			names = append(names, s.located())
		}
	}
	return names
}

// truth reads true and false, in quotes or not.
func truth(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// looksLikeTruth tells whether a text is what other files take for true or false.
func looksLikeTruth(text string) bool {
	return slices.Contains([]string{"yes", "no", "on", "off"}, strings.ToLower(text))
}
