// Package engine connects to a Docker engine as docker's own command does: the
// variables DOCKER_HOST and DOCKER_CONTEXT, the current context, certificates
// and ssh.
package engine

import (
	"fmt"
	"path/filepath"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	dcontext "github.com/docker/cli/cli/context"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/moby/moby/client"
)

// DefaultContext is the context that stands for the environment: DOCKER_HOST,
// else the engine of this machine.
const DefaultContext = "default"

// Env looks up an environment variable, as os.LookupEnv does.
type Env func(name string) (string, bool)

// Get returns a variable's value, empty where it is not set.
func (e Env) Get(name string) string {
	value, _ := e(name)
	return value
}

// Engine is a connection to one Docker engine. Nothing is sent before its first
// use.
type Engine struct {
	*client.Client
	// Context is the Docker context's name.
	Context string
	// Host is the engine's address: "unix:///var/run/docker.sock".
	Host string
}

// ConfigDir returns the folder of Docker's own configuration.
func ConfigDir(env Env) string {
	if dir := env.Get("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	return filepath.Join(env.Get("HOME"), ".docker")
}

// Config reads Docker's config.json. Without one it is empty.
func Config(env Env) (*configfile.ConfigFile, error) {
	return config.Load(ConfigDir(env))
}

// CurrentContext returns the name of the context that docker's commands use.
func CurrentContext(env Env) (string, error) {
	if env.Get("DOCKER_HOST") != "" {
		return DefaultContext, nil
	}
	if name := env.Get("DOCKER_CONTEXT"); name != "" {
		return name, nil
	}
	file, err := Config(env)
	if err != nil {
		return "", err
	}
	if file.CurrentContext != "" {
		return file.CurrentContext, nil
	}
	return DefaultContext, nil
}

// Contexts returns the names of all contexts but the default one.
func Contexts(env Env) ([]string, error) {
	return store.Names(contexts(env))
}

// Connect makes a client of a context's engine; an empty name is the current
// context. It fails where the context or its certificates cannot be read.
func Connect(env Env, contextName string) (*Engine, error) {
	if contextName == "" {
		name, err := CurrentContext(env)
		if err != nil {
			return nil, err
		}
		contextName = name
	}
	endpoint, err := resolve(env, contextName)
	if err != nil {
		return nil, fmt.Errorf("docker context %q: %w", contextName, err)
	}
	options, err := endpoint.ClientOpts()
	if err != nil {
		return nil, fmt.Errorf("docker context %q: %w", contextName, err)
	}
	c, err := client.New(options...)
	if err != nil {
		return nil, fmt.Errorf("docker context %q: %w", contextName, err)
	}
	return &Engine{Client: c, Context: contextName, Host: endpoint.Host}, nil
}

// Host returns the address of a context's engine, without connecting.
func Host(env Env, contextName string) (string, error) {
	endpoint, err := resolve(env, contextName)
	return endpoint.Host, err
}

func resolve(env Env, contextName string) (docker.Endpoint, error) {
	if contextName == DefaultContext {
		return fromEnvironment(env)
	}
	s := contexts(env)
	meta, err := s.GetMetadata(contextName)
	if err != nil {
		return docker.Endpoint{}, err
	}
	endpoint, err := docker.EndpointFromContext(meta)
	if err != nil {
		return docker.Endpoint{}, err
	}
	return docker.WithTLSData(s, contextName, endpoint)
}

// fromEnvironment is the default context: with DOCKER_TLS or DOCKER_TLS_VERIFY
// the certificates of DOCKER_CERT_PATH.
func fromEnvironment(env Env) (docker.Endpoint, error) {
	host := env.Get("DOCKER_HOST")
	if host == "" {
		host = client.DefaultDockerHost
	}
	endpoint := docker.Endpoint{EndpointMeta: docker.EndpointMeta{Host: host}}
	verify := env.Get("DOCKER_TLS_VERIFY") != ""
	if !verify && env.Get("DOCKER_TLS") == "" {
		return endpoint, nil
	}
	dir := env.Get("DOCKER_CERT_PATH")
	if dir == "" {
		dir = ConfigDir(env)
	}
	tls, err := dcontext.TLSDataFromFiles(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	endpoint.SkipTLSVerify = !verify
	endpoint.TLSData = tls
	return endpoint, err
}

// contexts is Docker's store of contexts.
func contexts(env Env) *store.ContextStore {
	return store.New(filepath.Join(ConfigDir(env), "contexts"), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} })))
}
