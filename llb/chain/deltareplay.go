package chain

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/util/system"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// replay does to a configuration what the Dockerfile's instructions do, as BuildKit's
// conversion (dockerfile2llb) does it. An instruction that fails does nothing: with what
// the package was built on it did not fail, or its conversion had.
func (f *configDockerfile) replay(image *dockerspec.DockerOCIImage) {
	r := replay{file: f, config: &image.Config, image: image, lex: shell.NewLex(f.escape), env: map[string]string{}}
	for _, commands := range f.stages {
		r.begin()
		for _, c := range commands {
			r.run(c)
		}
	}
}

// replay is a configuration while instructions run.
type replay struct {
	file   *configDockerfile
	image  *dockerspec.DockerOCIImage
	config *dockerspec.DockerOCIImageConfig
	lex    *shell.Lex
	// env are variables and arguments, which the words of instructions may use.
	env map[string]string
	// cmd is set after a CMD of the stage.
	cmd bool
}

// begin starts a stage. The arguments of the stage that it builds on remain.
func (r *replay) begin() {
	r.cmd = false
	if _, ok := variable(r.config.Env, "PATH"); !ok {
		r.config.Env = append(r.config.Env, "PATH="+system.DefaultPathEnv(r.image.OS))
	}
	for _, v := range r.config.Env {
		key, value := cutVariable(v)
		r.env[key] = value
	}
	if r.config.WorkingDir != "" {
		r.workdir(r.config.WorkingDir)
	}
}

func (r *replay) run(command instructions.Command) {
	switch c := command.(type) {
	case *instructions.ArgCommand:
		for _, a := range c.Args {
			_ = r.file.define(r.env, a, r.lex)
		}
	case *instructions.EnvCommand:
		r.setEnv(c.Env)
	case *instructions.LabelCommand:
		r.setLabels(c.Labels)
	case *instructions.UserCommand:
		r.set(&r.config.User, c.User)
	case *instructions.StopSignalCommand:
		r.set(&r.config.StopSignal, c.Signal)
	case *instructions.WorkdirCommand:
		var path string
		if r.set(&path, c.Path) {
			r.workdir(path)
		}
	case *instructions.VolumeCommand:
		r.addVolumes(c.Volumes)
	default:
		r.runVerbatim(command)
	}
}

// runVerbatim runs an instruction whose words are used as they are.
func (r *replay) runVerbatim(command instructions.Command) {
	switch c := command.(type) {
	case *instructions.MaintainerCommand:
		r.image.Author = c.Maintainer
	case *instructions.ShellCommand:
		r.config.Shell = slices.Clone(c.Shell)
	case *instructions.CmdCommand:
		r.cmd = true
		r.config.Cmd = r.commandLine(c.ShellDependantCmdLine)
		r.config.ArgsEscaped = true //nolint:staticcheck // as Docker does
	case *instructions.EntrypointCommand:
		r.config.Entrypoint = r.commandLine(c.ShellDependantCmdLine)
		if !r.cmd {
			r.config.Cmd = nil
		}
	case *instructions.HealthCheckCommand:
		check := *c.Health
		check.Test = slices.Clone(check.Test)
		r.config.Healthcheck = &check
	}
}

// setEnv sets variables. Their values use the variables from before the instruction.
func (r *replay) setEnv(pairs instructions.KeyValuePairs) {
	for _, p := range r.expandPairs(pairs) {
		r.env[p.Key] = p.Value
		setVariable(r.config, p.Key, p.Value)
	}
}

func (r *replay) setLabels(pairs instructions.KeyValuePairs) {
	for _, p := range r.expandPairs(pairs) {
		add(&r.config.Labels, map[string]string{p.Key: p.Value})
	}
}

func (r *replay) addVolumes(words []string) {
	for _, word := range words {
		var path string
		if r.set(&path, word) && path != "" {
			add(&r.config.Volumes, map[string]struct{}{path: {}})
		}
	}
}

func (r *replay) workdir(path string) {
	if path, err := system.NormalizeWorkdir(r.config.WorkingDir, path, r.image.OS); err == nil {
		r.config.WorkingDir = path
	}
}

// commandLine returns the words of CMD or ENTRYPOINT.
func (r *replay) commandLine(c instructions.ShellDependantCmdLine) []string {
	if !c.PrependShell {
		return slices.Clone(c.CmdLine)
	}
	words := slices.Clone(r.config.Shell)
	if len(words) == 0 {
		words = []string{"/bin/sh", "-c"}
	}
	return append(words, strings.Join(c.CmdLine, " "))
}

// set sets a text to a word's value, and reports whether it has one.
func (r *replay) set(text *string, word string) bool {
	v, ok := r.expand(word)
	if ok {
		*text = v
	}
	return ok
}

func (r *replay) expand(word string) (string, bool) {
	v, _, err := r.lex.ProcessWord(word, environment(r.env))
	return v, err == nil
}

// expandPairs returns pairs with the values of their words; none if one has no value.
func (r *replay) expandPairs(pairs instructions.KeyValuePairs) instructions.KeyValuePairs {
	var expanded instructions.KeyValuePairs
	for _, p := range pairs {
		key, keyOK := r.expand(p.Key)
		value, valueOK := r.expand(p.Value)
		if !keyOK || !valueOK {
			return nil
		}
		expanded = append(expanded, instructions.KeyValuePair{Key: key, Value: value})
	}
	return expanded
}

// environment has the variables that a word may use.
type environment map[string]string

func (e environment) Get(key string) (string, bool) { v, ok := e[key]; return v, ok }

// Keys are for suggestions, which nobody asks for here.
func (e environment) Keys() []string { return nil }

func cutVariable(v string) (key, value string) {
	key, value, _ = strings.Cut(v, "=")
	return key, value
}

func variable(env []string, name string) (string, bool) {
	for _, v := range env {
		if key, value := cutVariable(v); key == name {
			return value, true
		}
	}
	return "", false
}

// setVariable sets a variable in its place, or as the last one.
func setVariable(config *dockerspec.DockerOCIImageConfig, name, value string) {
	for i, v := range config.Env {
		if key, _ := cutVariable(v); key == name {
			config.Env[i] = name + "=" + value
			return
		}
	}
	config.Env = append(config.Env, name+"="+value)
}
