package chain

import (
	"strings"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// envDelta is what a package does to one variable, by its values before and after.
type envDelta struct {
	key, value string
	// extends is set if the value has the one from before in it; prefix and suffix are
	// what it has around it.
	extends        bool
	prefix, suffix string
}

// envDeltaOf returns what was done to a variable that has a value now. A value that has
// the old one in it, as whole components of a list, extends it.
func envDeltaOf(before []string, key, value string) envDelta {
	d := envDelta{key: key, value: value}
	old, ok := variable(before, key)
	if !ok || old == "" {
		return d
	}
	for from := 0; from+len(old) <= len(value); from++ {
		i := strings.Index(value[from:], old)
		if i < 0 {
			break
		}
		from += i
		prefix, suffix := value[:from], value[from+len(old):]
		if endsComponent(prefix) && beginsComponent(suffix) {
			d.extends, d.prefix, d.suffix = true, prefix, suffix
			break
		}
	}
	return d
}

// separators are between the components of lists: of paths, of CMake's lists, of flags.
const separators = ":; "

func endsComponent(prefix string) bool {
	return prefix == "" || strings.ContainsRune(separators, rune(prefix[len(prefix)-1]))
}

func beginsComponent(suffix string) bool {
	return suffix == "" || strings.ContainsRune(separators, rune(suffix[0]))
}

// apply does it to a configuration, where the variable is as it was in env.
func (d envDelta) apply(config *dockerspec.DockerOCIImageConfig, env []string) {
	value := d.value
	if old, ok := variable(env, d.key); ok && d.extends {
		value = d.prefix + old + d.suffix
	}
	setVariable(config, d.key, value)
}
