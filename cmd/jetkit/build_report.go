package main

import (
	"fmt"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"

	"jetkit/cmd/internal/build"
	"jetkit/cmd/internal/report"
	"jetkit/pkgspec/diag"
)

// outcome returns how a build ended, for its record.
func (b *builds) outcome(c *client.Client, result *build.Result, err error) report.Outcome {
	o := report.Outcome{Err: err, Interrupted: b.ctx.Err() != nil}
	if result == nil {
		return o
	}
	o.Tags, o.Digest = result.Names, result.Response[exptypes.ExporterImageDigestKey]
	o.Manifests, _ = report.ReadManifests(b.ctx, c, result.Response) // without them the sizes are not known
	return o
}

// report ends the record of the builds.
func (b *builds) report() {
	if b.recorder == nil {
		return
	}
	if err := b.recorder.Err(); err != nil {
		fmt.Fprintf(b.err, "--log-dir: %s\n", diag.Clean(err.Error()))
	}
	if b.flags.quiet || b.ctx.Err() != nil {
		return
	}
	fmt.Fprintln(b.err)
	_ = b.recorder.Report().Table(b.err) // there is no place to say so
}
