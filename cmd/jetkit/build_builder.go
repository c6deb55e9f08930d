package main

import (
	"fmt"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/cmd/internal/builder"
	"jetkit/pkgspec/diag"
)

// connect finds the builder, and says which it is and why.
func (b *builds) connect() error {
	found, err := builder.Find(b.ctx, builder.Options{Name: b.flags.builder, Env: b.env, Machine: b.machine, Notes: b.err})
	if err != nil {
		return err
	}
	b.builder = found
	if !b.flags.quiet {
		fmt.Fprintf(b.err, "builder: %s\n", diag.Clean(found.Why))
	}
	return nil
}

// close closes what was opened. Nothing is lost when that fails.
func (b *builds) close() {
	for _, c := range b.closers {
		_ = c()
	}
	_ = b.builder.Close()
}

// client returns the connection to the node that builds for these platforms.
func (b *builds) client(of []string) (*client.Client, error) {
	var first *ocispecs.Platform
	if len(of) > 0 {
		p, err := platforms.Parse(of[0])
		if err != nil {
			return nil, err
		}
		first = &p
	}
	return b.builder.Client(b.ctx, first)
}
