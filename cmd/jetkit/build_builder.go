package main

import (
	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/build"
)

// client returns the connection to the node that builds for these platforms.
func (b *builds) client(of []string) (*client.Client, error) {
	var first *ocispecs.Platform
	if len(of) > 0 {
		p, err := platforms.Parse(of[0])
		if err != nil {
			return nil, usagef(b.cmd, "--platform: %w", err)
		}
		first = &p
	}
	return b.builder.Client(b.ctx, first)
}

// remote reads the flags where the build context is a URL: the file is in it, unless
// packages are named. The request is nil for a folder.
func (f *buildFlags) remote(cmd *cobra.Command, names []string, sys *system) (*request, error) {
	if !build.IsRemote(f.context) {
		return nil, nil
	}
	if len(names) > 0 && f.file != "" {
		return f.request(cmd, names, sys) // which says what is wrong
	}
	r := &request{contexts: map[string]string{}, noHost: f.noHost, machine: sys.machine, cache: sys.cache, trees: sys.trees(), context: f.context, file: f.file}
	if _, err := f.inputs(cmd, r, sys, names); err != nil {
		return nil, err
	}
	if r.file == "" {
		r.file = defaultFile
	}
	if len(names) > 0 {
		return r, r.write(names)
	}
	return r, nil
}
