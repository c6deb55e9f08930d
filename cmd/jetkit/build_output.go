package main

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"

	"github.com/moby/buildkit/client"

	"jetkit/cmd/internal/build"
	"jetkit/cmd/internal/builder"
	"jetkit/cmd/internal/engine"
	"jetkit/cmd/internal/userdir"
)

// exports returns where the image goes: where the flags say, or else to what keeps
// images on this machine.
func (b *builds) exports() ([]build.Export, error) {
	all, err := b.destinations()
	for i := range all {
		if all[i].Attrs == nil {
			all[i].Attrs = map[string]string{}
		}
		maps.Copy(all[i].Attrs, b.annotations)
	}
	return all, err
}

func (b *builds) destinations() ([]build.Export, error) {
	var all []build.Export
	for _, e := range b.asked {
		e.Attrs = maps.Clone(e.Attrs)
		if e.Type == client.ExporterImage && b.builder.Kind == builder.Docker {
			e.Type, e.Engine, e.Push = build.ExporterMoby, b.ownEngine(), e.Attrs["push"] == "true"
			delete(e.Attrs, "push")
		}
		if e.Loads() {
			var err error
			if e, err = b.load(e); err != nil {
				return nil, err
			}
		}
		all = append(all, e)
	}
	if b.flags.pushes() && b.builder.Kind == builder.Docker { // it loads by pushing
		return append(all, b.push()), nil
	}
	if repo := b.flags.repository(); b.flags.load || repo != "" {
		e, err := b.load(build.Export{})
		switch {
		case err == nil:
			all = append(all, e)
		case b.flags.load:
			return nil, err
		}
	}
	if b.flags.pushes() {
		all = append(all, b.push())
	}
	if len(all) == 0 {
		e, err := b.load(build.Export{})
		if err != nil {
			e, err = b.archive()
		}
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// push returns an export to a registry. Docker's own builder may be unable to push:
// its engine does it.
func (b *builds) push() build.Export {
	if b.builder.Kind == builder.Docker {
		return build.Export{Type: build.ExporterMoby, Engine: b.ownEngine(), Push: true, Attrs: map[string]string{}}
	}
	return build.Export{Type: client.ExporterImage, Attrs: map[string]string{"push": "true", "unpack": "false"}}
}

// load completes an export into what keeps images here: Docker, or podman or nerdctl.
func (b *builds) load(e build.Export) (build.Export, error) {
	if e.Attrs == nil {
		e.Attrs = map[string]string{}
	}
	if b.builder.Kind == builder.Docker {
		e.Type, e.Engine = build.ExporterMoby, b.ownEngine()
		return e, nil
	}
	e.Type = client.ExporterDocker
	docker, err := b.docker(e.Attrs["context"])
	delete(e.Attrs, "context")
	if err == nil {
		if e.Engine = docker; docker.OCI() {
			e.Type = client.ExporterOCI
		}
		return e, nil
	}
	for _, name := range []string{"podman", "nerdctl"} {
		if path, err := exec.LookPath(name); err == nil {
			e.Engine = &build.Program{Path: path, Name: name}
			return e, nil
		}
	}
	return e, fmt.Errorf("nothing here can load images: %w, and there is no podman or nerdctl; write a file with --output type=docker,dest=FILE, or push with --push", err)
}

// docker connects to the Docker engine of a context, and closes it with the builds.
func (b *builds) docker(context string) (*build.Docker, error) {
	e, err := engine.Connect(b.env, context)
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, e.Close)
	return build.NewDocker(b.ctx, e.Client, b.config)
}

// ownEngine returns the Docker engine that is the builder.
func (b *builds) ownEngine() build.Engine { return build.DockerOf(b.builder.Engine.Client, b.config) }

// archive returns an export into a file of the user's.
func (b *builds) archive() (build.Export, error) {
	data := userdir.Data(b.env)
	if data == "" {
		return build.Export{}, errors.New("nothing here can load images, and without HOME there is no folder to keep one in: write it to a file with --output type=docker,dest=FILE, or push it with --push")
	}
	return build.Export{Type: client.ExporterDocker, Attrs: map[string]string{}, Folder: filepath.Join(data, "jetkit", "images")}, nil
}
