package run

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Engine is the program that starts the container, and what is known of it.
type Engine struct {
	Name string
	// Known reports whether the engine answered; the rest is empty if it did not.
	Known    bool
	Runtimes []string
	// CDI reports whether it takes CDI devices, whose files it also looks for in CDIDirs.
	CDI      bool
	CDIDirs  []string
	Rootless bool
	// Address is where docker's client finds its engine if that is not this machine's own: DOCKER_HOST, or the name
	// of a context.
	Address string
}

// Info are the arguments that make docker describe its engine for [Engine.Read].
func Info() []string { return []string{"info", "--format", "{{json .}}"} }

// Read takes over what docker info says. An answer that is none leaves the engine unknown.
func (e *Engine) Read(info []byte) {
	var answer struct {
		ServerVersion   string
		Runtimes        map[string]json.RawMessage
		CDISpecDirs     []string
		SecurityOptions []string
	}
	if json.Unmarshal(info, &answer) != nil || answer.ServerVersion == "" {
		return
	}
	e.Known = true
	e.Runtimes = slices.Sorted(maps.Keys(answer.Runtimes))
	e.CDI = len(answer.CDISpecDirs) > 0
	e.CDIDirs = answer.CDISpecDirs
	e.Rootless = slices.ContainsFunc(answer.SecurityOptions, func(option string) bool {
		return strings.HasPrefix(option, "name=rootless")
	})
}

// DockerAddress returns the engine that docker's client is told to use instead of this machine's own; empty if it is
// told none. config is the user's ~/.docker/config.json.
func DockerAddress(env func(string) (string, bool), config []byte) string {
	if host, _ := env("DOCKER_HOST"); host != "" {
		if host == "unix:///var/run/docker.sock" {
			return ""
		}
		return host
	}
	name, _ := env("DOCKER_CONTEXT")
	if name == "" {
		var file struct {
			CurrentContext string `json:"currentContext"`
		}
		if json.Unmarshal(config, &file) == nil {
			name = file.CurrentContext
		}
	}
	if name == "default" {
		return ""
	}
	return name
}

// remote reports whether the engine is on another machine, as far as its address tells.
func (e *Engine) remote() bool {
	return strings.HasPrefix(e.Address, "tcp://") || strings.HasPrefix(e.Address, "ssh://") || strings.HasPrefix(e.Address, "http")
}
