package run

import (
	"encoding/csv"
	"path"
	"slices"
	"strings"
)

// values returns what the user gave to a flag.
func (l *Line) values(name string) []string {
	var values []string
	for _, given := range l.Flags {
		if given.Name == name {
			values = append(values, given.Value)
		}
	}
	return values
}

// last returns what the user gave to a flag last, which is what counts of one that takes a single value.
func (l *Line) last(name string) (string, bool) {
	values := l.values(name)
	if len(values) == 0 {
		return "", false
	}
	return values[len(values)-1], true
}

// has reports whether the user gave a flag.
func (l *Line) has(name string) bool {
	_, found := l.last(name)
	return found
}

// on reports whether the user turned on a flag that takes no value.
func (l *Line) on(name string) bool {
	value, found := l.last(name)
	return found && value != "false"
}

// targets returns the places in the container that the user mounts something at.
func (l *Line) targets() []string {
	var targets []string
	for _, value := range l.values("volume") {
		parts := strings.Split(value, ":")
		targets = append(targets, parts[min(1, len(parts)-1)])
	}
	for _, value := range l.values("tmpfs") {
		target, _, _ := strings.Cut(value, ":")
		targets = append(targets, target)
	}
	for _, value := range l.values("mount") {
		fields, err := csv.NewReader(strings.NewReader(value)).Read()
		if err != nil { // the engine says what is wrong with it
			continue
		}
		for _, field := range fields {
			key, target, _ := strings.Cut(field, "=")
			if slices.Contains([]string{"target", "dst", "destination"}, strings.ToLower(key)) {
				targets = append(targets, target)
			}
		}
	}
	for i := range targets {
		targets[i] = inContainer(targets[i])
	}
	return targets
}

// inContainer brings a path of a container into one form: /var/run is a link to /run in all but a few images.
func inContainer(target string) string {
	target = path.Clean(target)
	if rest, below := strings.CutPrefix(target, "/var/run/"); below {
		return "/run/" + rest
	}
	return target
}

// devices returns the paths in the container that the user puts devices at.
func (l *Line) devices() []string {
	var devices []string
	for _, value := range l.deviceValues() {
		if !strings.HasPrefix(value, "/") {
			continue
		}
		parts := strings.Split(value, ":")
		target := parts[0]
		if len(parts) > 1 && strings.HasPrefix(parts[1], "/") {
			target = parts[1]
		}
		devices = append(devices, path.Clean(target))
	}
	return devices
}

// deviceValues returns the values of --device: podman and nerdctl take several in one.
func (l *Line) deviceValues() []string {
	values := l.values("device")
	if l.Own.Engine == Docker {
		return values
	}
	return strings.Split(strings.Join(values, ","), ",")
}

// cdiDevice returns a CDI device of NVIDIA's that the user asked for; empty if there is none.
func (l *Line) cdiDevice() string {
	for _, value := range l.deviceValues() {
		if strings.HasPrefix(value, "nvidia.com/") {
			return value
		}
	}
	return ""
}

// setsEnv reports whether the user sets or passes a variable, on the command line or by a file: what is on the command
// line wins over files, so that ours would.
func (l *Line) setsEnv(name string, readFile func(string) ([]byte, error)) bool {
	for _, value := range l.values("env") {
		if given, _, _ := strings.Cut(value, "="); given == name {
			return true
		}
	}
	for _, file := range l.values("env-file") {
		dt, err := readFile(file)
		if err != nil { // the engine says so
			continue
		}
		for line := range strings.Lines(string(dt)) {
			if given, _, _ := strings.Cut(strings.TrimSpace(line), "="); given == name {
				return true
			}
		}
	}
	return false
}

// inherited lists the variables that the user passes by their names alone.
func (l *Line) inherited() []string {
	var names []string
	for _, value := range l.values("env") {
		if !strings.Contains(value, "=") && value != "" && !strings.HasSuffix(value, "*") {
			names = append(names, value)
		}
	}
	return names
}
