package main

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/docker/cli/cli/config/configfile"

	"jetkit/cmd/internal/autotag"
	"jetkit/cmd/internal/engine"
	"jetkit/cmd/internal/images"
)

// stores are where autotag looks for images. What is not there or broken is a store that
// says so.
type stores struct {
	local, registry autotag.Source
	closers         []io.Closer
}

func (p *stores) close() {
	for _, c := range p.closers {
		c.Close()
	}
}

// source returns the stores of one source.
func (p *stores) source(name string) autotag.Source {
	if name == autotag.Local {
		return p.local
	}
	return p.registry
}

// newStores opens local stores and names registries. Nothing is asked yet.
func newStores(sys *system, users []string) (stores, error) {
	p := stores{local: autotag.Source{Name: autotag.Local}, registry: autotag.Source{Name: autotag.Registry}}
	docker, err := engine.Config(sys.env)
	if err != nil { // a file that is broken has no credentials and no context
		p.local.Stores = append(p.local.Stores, images.Broken("Docker's configuration", err))
		docker = configfile.New("")
	}
	p.engine(sys)
	p.containerd(sys)
	registries := images.NewRegistries(images.RegistryOptions{
		Credentials: images.Credentials(docker), Certificates: sys.machine.Path("/etc/docker/certs.d"), Agent: "jetkit",
	})
	cache := sys.value("DOCKERHUB_CACHE")
	for _, user := range users {
		repositories, err := registries.Repositories(user)
		if err != nil {
			return p, err
		}
		var store images.Store = repositories
		if hub, ok := strings.CutPrefix(repositories.String(), "docker.io/"); ok && usableCache(cache) {
			store = images.NewHubCache(cache, hub)
		}
		p.registry.Stores = append(p.registry.Stores, store)
	}
	return p, nil
}

// usableCache reports whether DOCKERHUB_CACHE names a file: "0" and "off" turn it off, and
// one that is not there is none.
func usableCache(file string) bool {
	if file == "" || file == "0" || strings.EqualFold(file, "off") {
		return false
	}
	_, err := os.Stat(file)
	return err == nil
}

// engine adds Docker's engine.
func (p *stores) engine(sys *system) {
	store, err := images.OpenEngine(sys.env, sys.machine.Path("/var/run/docker.sock"))
	if err != nil {
		p.local.Stores = append(p.local.Stores, images.Broken("Docker's engine", err))
		return
	}
	p.local.Stores = append(p.local.Stores, store)
	p.closers = append(p.closers, store)
}

// containerd adds the namespaces of the first containerd that is there.
func (p *stores) containerd(sys *system) {
	sockets := images.Sockets()
	for i := range sockets {
		sockets[i] = sys.machine.Path(sockets[i])
	}
	if address := sys.value("CONTAINERD_ADDRESS"); address != "" {
		sockets = []string{strings.TrimPrefix(address, "unix://")}
	}
	for i, socket := range sockets {
		namespaces, closer, err := images.OpenContainerd(socket, images.Namespaces())
		switch {
		case err == nil:
			for _, store := range namespaces {
				p.local.Stores = append(p.local.Stores, store)
			}
			p.closers = append(p.closers, closer)
			return
		case !errors.Is(err, images.ErrAbsent) || i == len(sockets)-1:
			p.local.Stores = append(p.local.Stores, images.Broken("containerd", err))
			return
		}
	}
}

// value returns a variable of the environment, "" if it is not set.
func (s *system) value(name string) string {
	value, _ := s.env(name)
	return value
}
