package main

import (
	"errors"
	"fmt"
	"strings"

	"jetkit/cmd/internal/build"
	"jetkit/cmd/internal/report"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
)

// outcome is how the image of one package did.
type outcome struct {
	name string
	err  error
}

// multiple builds an image of each package, one after the other on one builder: what
// they share is built once. Without --skip-errors the first that fails is the last.
func (b *builds) multiple(names []string) error {
	packages, err := b.several(names)
	if err != nil {
		return err
	}
	var all []outcome
	for i, p := range packages {
		if !b.flags.quiet {
			fmt.Fprintf(b.err, "[%d/%d] %s\n", i+1, len(packages), diag.Clean(p.Name))
		}
		o := outcome{name: p.Name}
		o.err = b.alone(p.Name)
		all = append(all, o)
		if b.ctx.Err() != nil {
			return o.err
		}
		if o.err != nil && !b.flags.skipErrors {
			break
		}
	}
	return b.summarize(all, len(packages))
}

// several returns the packages that get an image each.
func (b *builds) several(names []string) ([]*catalog.Package, error) {
	if err := b.checkMultiple(); err != nil {
		return nil, err
	}
	found, err := b.library()
	if err != nil {
		return nil, err
	}
	packages, err := b.wanted(found, names)
	if err == nil {
		err = b.unlisted(found, names)
	}
	return packages, err
}

// checkMultiple refuses flags that mean one image.
func (b *builds) checkMultiple() error {
	for flag, given := range map[string]bool{
		"--tag":           len(b.flags.tags) > 0,
		"--iidfile":       b.flags.iidFile != "",
		"--metadata-file": b.flags.metadataFile != "",
		"--target":        b.flags.upTo != "",
	} {
		if given {
			return usagef(b.cmd, "%s is of one image, and --multiple builds several", flag)
		}
	}
	if name := b.flags.name; name != "" && !strings.HasSuffix(name, "/") {
		return usagef(b.cmd, "--name %s would call all images the same; --name %[1]s/ puts their own names below it", name)
	}
	if b.flags.file != "" {
		return usagef(b.cmd, "--multiple is for packages on the command line, and not for a file")
	}
	return nil
}

// alone builds the image of one package, and shows why it failed.
func (b *builds) alone(name string) error {
	result, err := b.build([]string{name})
	if err != nil {
		var shown shownError
		switch {
		case b.ctx.Err() != nil:
		case errors.As(err, &shown):
			shown.print(b.err)
		default:
			fmt.Fprintf(b.err, "ERROR: %s\n", diag.CleanLines(err.Error()))
		}
		return err
	}
	return b.finish(result)
}

// build builds one image of these packages, and records how.
func (b *builds) build(names []string) (*build.Result, error) {
	record := b.recorder.Build(strings.Join(names, ", "))
	result, err := b.recorded(names, record)
	record.Done(b.outcome(nil, result, err)) // unless the builder got as far, and it is done
	return result, err
}

func (b *builds) recorded(names []string, record *report.BuildRecorder) (*build.Result, error) {
	r, err := b.read(names)
	if err != nil {
		return nil, err
	}
	req, err := b.inputs(r)
	if err != nil {
		return nil, b.usage(err)
	}
	if b.builder == nil {
		if err := b.connect(); err != nil {
			return nil, err
		}
	}
	if b.stage != nil {
		req.Names = nil
		return b.one(req, record)
	}
	if req.Exports, err = b.exports(); err != nil {
		return nil, err
	}
	if req.NeedsNames() {
		if req.Known, err = b.known(r); err != nil {
			return nil, err
		}
	}
	return b.one(req, record)
}

// summarize says how many images failed. The table at the end lists them.
func (b *builds) summarize(all []outcome, of int) error {
	failed := 0
	for _, o := range all {
		if o.err != nil {
			failed++
		}
	}
	if left := of - len(all); left > 0 {
		fmt.Fprintf(b.err, "%d more were not begun; --skip-errors goes on\n", left)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d images failed", failed, of)
	}
	return nil
}
