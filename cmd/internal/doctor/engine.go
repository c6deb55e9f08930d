package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"jetkit/pkgspec/diag"
)

// engine is what Docker's own command says.
type engine struct {
	// client is the version of the command; empty if there is none.
	client string
	info   engineInfo
	// err is why the engine does not answer.
	err error
	// host is its address, and local tells that it is on this machine.
	host  string
	local bool
}

// engineInfo is what docker info says, as far as it matters here.
type engineInfo struct {
	ServerVersion   string
	DefaultRuntime  string
	Runtimes        map[string]struct{ Path string }
	DockerRootDir   string
	Driver          string
	DriverStatus    [][2]string
	CgroupVersion   string
	SecurityOptions []string
	CDISpecDirs     []string
	ServerErrors    []string
	FirewallBackend struct{ Driver string }
	ClientInfo      struct {
		Version string
		Plugins []struct{ Name, Version string }
	}
}

// docker asks Docker's command once.
func (s *Subject) docker(ctx context.Context) *engine {
	if s.engine == nil {
		s.engine = s.askDocker(ctx)
	}
	return s.engine
}

func (s *Subject) askDocker(ctx context.Context) *engine {
	e := &engine{}
	said, err := s.run(ctx, "docker", "--version")
	if err != nil {
		e.err = err
		return e
	}
	e.client = parseVersion(said).String()
	e.host = s.dockerHost(ctx)
	e.local = strings.HasPrefix(e.host, "unix://")
	said, err = s.run(ctx, "docker", "info", "--format", "{{json .}}")
	if parsed := json.Unmarshal([]byte(said), &e.info); parsed != nil && err == nil {
		err = errors.New("docker info prints no JSON: " + firstLine(said))
	}
	switch {
	case len(e.info.ServerErrors) > 0:
		e.err = errors.New(diag.Clean(e.info.ServerErrors[0]))
	case e.info.ServerVersion != "":
	case err != nil:
		e.err = err
	default:
		e.err = errors.New("docker info tells no version of the engine")
	}
	return e
}

// dockerHost returns the address of the engine that docker's commands use.
func (s *Subject) dockerHost(ctx context.Context) string {
	if host, _ := s.Env("DOCKER_HOST"); host != "" {
		return host
	}
	host, err := s.run(ctx, "docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
	if host = strings.TrimSpace(host); err != nil || host == "" {
		return "unix:///var/run/docker.sock"
	}
	return host
}

// missing reports that there is no docker command.
func (e *engine) missing() bool { return e.client == "" }

// why says why something about the engine cannot be checked; empty if it can.
func (e *engine) why() string {
	switch {
	case e.missing():
		return "Docker is not installed"
	case e.err != nil:
		return "Docker's engine does not answer"
	}
	return ""
}

// whyLocal says why something about the engine's own machine cannot be checked.
func (e *engine) whyLocal() string {
	if why := e.why(); why != "" {
		return why
	}
	if !e.local {
		return "the engine is on another machine: " + e.host
	}
	return ""
}

func (e *engine) version() version { return parseVersion(e.info.ServerVersion) }

// containerdStore reports whether images are in containerd's store.
func (e *engine) containerdStore() bool {
	for _, row := range e.info.DriverStatus {
		if row[0] == "driver-type" && strings.HasPrefix(row[1], "io.containerd.snapshotter") {
			return true
		}
	}
	return false
}
