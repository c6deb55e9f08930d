package runtimeimage

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"jetkit/llb/chain"
)

// configured returns the configuration of base with what the packages set: that in which made
// differs from before, which they were built on. What they inherited speaks of files that the
// image may not have.
func configured(before, made, base *dockerspec.DockerOCIImage) *dockerspec.DockerOCIImage {
	image := chain.CloneImage(base)
	b, m, c := before.Config, made.Config, &image.Config
	c.Env = withEnv(c.Env, b.Env, m.Env)
	c.Labels = withNew(c.Labels, b.Labels, m.Labels)
	c.ExposedPorts = withNew(c.ExposedPorts, b.ExposedPorts, m.ExposedPorts)
	c.Volumes = withNew(c.Volumes, b.Volumes, m.Volumes)
	if !slices.Equal(m.Entrypoint, b.Entrypoint) {
		// As in a Dockerfile, a new entrypoint drops the command it doesn't know.
		c.Entrypoint, c.Cmd, c.ArgsEscaped = m.Entrypoint, m.Cmd, m.ArgsEscaped //nolint:staticcheck // what Docker reads is kept
	} else if !slices.Equal(m.Cmd, b.Cmd) {
		c.Cmd, c.ArgsEscaped = m.Cmd, m.ArgsEscaped //nolint:staticcheck // what Docker reads is kept
	}
	set(&c.WorkingDir, b.WorkingDir, m.WorkingDir)
	set(&c.User, b.User, m.User)
	set(&c.StopSignal, b.StopSignal, m.StopSignal)
	set(&c.Shell, b.Shell, m.Shell)
	set(&c.Healthcheck, b.Healthcheck, m.Healthcheck)
	set(&c.OnBuild, b.OnBuild, m.OnBuild)
	return image
}

// set sets what was changed.
func set[T any](value *T, before, made T) {
	if !reflect.DeepEqual(before, made) {
		*value = made
	}
}

// withNew adds the entries of a table that were changed.
func withNew[V comparable](table, before, made map[string]V) map[string]V {
	table = maps.Clone(table)
	for name, value := range made {
		if old, ok := before[name]; ok && old == value {
			continue
		}
		if table == nil {
			table = map[string]V{}
		}
		table[name] = value
	}
	return table
}

// withEnv sets the variables that were changed.
func withEnv(env, before, made []string) []string {
	env = slices.Clone(env)
	for _, e := range made {
		if slices.Contains(before, e) {
			continue
		}
		name, _, _ := strings.Cut(e, "=")
		env = append(slices.DeleteFunc(env, func(old string) bool { return strings.HasPrefix(old, name+"=") }), e)
	}
	return env
}
