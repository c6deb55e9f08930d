package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"

	"jetkit/cmd/internal/build"
	"jetkit/cmd/internal/report"
	"jetkit/pkgspec/diag"
)

// sizesWithin is how long the builder may take to tell the sizes of what it exported.
const sizesWithin = 10 * time.Second

// outcome returns how a build ended, for its record.
func (b *builds) outcome(c *client.Client, result *build.Result, err error) report.Outcome {
	o := report.Outcome{Interrupted: b.ctx.Err() != nil}
	if err != nil {
		o.Err = errors.New(shownText(err))
	}
	if result == nil {
		return o
	}
	o.Tags, o.Digest = result.Names, result.Response[exptypes.ExporterImageDigestKey]
	if c != nil {
		ctx, cancel := context.WithTimeout(b.ctx, sizesWithin)
		defer cancel()
		o.Manifests, _ = report.ReadManifests(ctx, c, result.Response) // without them the sizes are not known
	}
	return o
}

// shownText returns what the user is shown of an error.
func shownText(err error) string {
	var shown shownError
	if !errors.As(err, &shown) && !errors.As(asBuildError(err), &shown) {
		return err.Error()
	}
	var text strings.Builder
	shown.print(&text)
	return strings.TrimSuffix(text.String(), "\n")
}

// report ends the record of the builds, which ended with an error or with nil. It returns
// that error, or why a report could not be written.
func (b *builds) report(err error) error {
	unwritten := b.flags.reports.finish(b.system, b.recorder, b.flags.quiet || b.ctx.Err() != nil)
	if err == nil {
		return unwritten
	}
	if unwritten != nil {
		fmt.Fprintf(b.err, "ERROR: %s\n", diag.CleanLines(unwritten.Error()))
	}
	return err
}
