package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/outfile"
	"jetkit/frontend"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/lock"
)

// updateAll is the name of everything that a lock pins.
const updateAll = "all"

// lockFlags are the options of jetkit lock.
type lockFlags struct {
	requestFlags
	askedFlags
	output            string
	platforms, update []string
}

func newLock(sys *system) *cobra.Command {
	var flags lockFlags
	cmd := &cobra.Command{
		Use:                   "lock [OPTIONS] [-f jetson.yaml]",
		DisableFlagsInUseLine: true,
		Short:                 "Write jetson.lock: what everything is now that moves, for builds that are the same later and elsewhere",
		Long: `Write jetson.lock beside the jetson.yaml: the digests of images, the commits of repositories, the
checksums of downloads, and which versions of which packages were chosen. Builds and plans of the
file use it, and fail if it does not fit.

What the lock that is there has, stays. --update NAME looks one thing up again: an image, a source, a
repository or a download, as the lock writes it; --update all makes the lock anew. With --platform,
what the lock has for other platforms stays too.

It asks a builder, as jetkit build does, and runs no step but config.py files.`,
		Example: `  jetkit lock
  jetkit lock --platform linux/arm64,linux/amd64
  jetkit lock --update docker.io/library/ubuntu:22.04
  jetkit lock --update all --output -`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd, sys) },
	}
	flags.registerFiles(cmd)
	flags.registerPackages(cmd)
	flags.registerLayers(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&flags.platforms, "platform", nil, "`PLATFORMS` to look at, separated by commas (default: the builder's)")
	completeFlag(cmd, "platform", knownPlatforms)
	f.StringArrayVar(&flags.update, "update", nil, "`NAME` of what is to be looked up again, or all")
	flags.registerAsked(cmd, "`NAME` of the builder to ask (default: the one that jetkit build uses)")
	f.StringVarP(&flags.output, "output", "o", "", "`FILE` to write, - for standard output (default: jetson.lock beside the jetson.yaml)")
	_ = cmd.MarkFlagFilename("output", "lock") // an error would mean that there is no such flag
	return cmd
}

func (f *lockFlags) run(cmd *cobra.Command, sys *system) error {
	r, err := f.request(cmd, nil, sys)
	if err != nil {
		return err
	}
	output := f.output
	if output == "" {
		if f.file == "-" {
			return usagef(cmd, "name the lock of standard input with --output")
		}
		output = r.lockFile
	}
	old, err := readLockOf(r)
	if err != nil && !slices.Contains(f.update, updateAll) {
		return err
	}
	if err := f.forget(cmd, r, old); err != nil {
		return err
	}
	text, err := f.ask(cmd, sys, r)
	if err != nil {
		return err
	}
	made, problems := lock.Read(r.lockFile, text)
	if err := problems.Err(); err != nil {
		return err
	}
	if output == "-" {
		_, err = sys.out.Write(text)
		return err
	}
	if err := outfile.Write(output, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	fmt.Fprint(sys.out, changes(output, old, made))
	return nil
}

// ask has the builder make the text of the lock.
func (f *lockFlags) ask(cmd *cobra.Command, sys *system, r *request) (text []byte, err error) {
	b := builderFor(cmd, sys, &f.requestFlags, f.askedFlags)
	b.flags.platforms = f.platforms
	defer b.close()
	err = b.look(r, func(ctx context.Context, c gateway.Client, o frontend.Options) (err error) {
		text, err = o.Lock(ctx, c)
		return err
	})
	return text, err
}

// readLockOf reads the lock beside a file; one that is empty is none.
func readLockOf(r *request) (*lock.Lock, error) {
	if len(bytes.TrimSpace(r.lock)) == 0 {
		r.lock = nil
		return lock.New(), nil
	}
	old, problems := lock.Read(lock.Name(r.file), r.lock)
	if err := problems.Err(); err != nil {
		return lock.New(), &problemError{list: problems, texts: map[string][]byte{lock.Name(r.file): r.lock}}
	}
	return old, nil
}

// forget takes out of the lock what is to be looked up again.
func (f *lockFlags) forget(cmd *cobra.Command, r *request, old *lock.Lock) error {
	if len(f.update) == 0 {
		return nil
	}
	if slices.Contains(f.update, updateAll) {
		r.lock = nil
		return nil
	}
	if r.lock == nil {
		return usagef(cmd, "--update %s: there is no %s yet", f.update[0], r.lockFile)
	}
	left, problems := lock.Read(lock.Name(r.file), r.lock)
	if err := problems.Err(); err != nil {
		return err
	}
	for _, name := range f.update {
		if !left.Forget(name) {
			hint := ""
			if near := diag.DidYouMean(name, append(old.Names(), updateAll)); near != "" {
				hint = "; " + near
			}
			return usagef(cmd, "--update %s: %s does not have it%s", name, r.lockFile, hint)
		}
	}
	var err error
	r.lock, err = left.Encode()
	return err
}

// changes tells what a new lock has that an old one had not, or otherwise.
func changes(file string, old, made *lock.Lock) string {
	var b bytes.Buffer
	for _, kind := range slices.Sorted(maps.Keys(made.Pins)) {
		for _, name := range slices.Sorted(maps.Keys(made.Pins[kind])) {
			now := made.Pins[kind][name]
			switch was, ok := old.Pin(kind, name); {
			case !ok:
				fmt.Fprintf(&b, "  + %s %s\n", diag.Clean(name), now)
			case was != now:
				fmt.Fprintf(&b, "  ~ %s %s, was %s\n", diag.Clean(name), now, was)
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(old.Pins)) {
		for _, name := range slices.Sorted(maps.Keys(old.Pins[kind])) {
			if _, ok := made.Pin(kind, name); !ok {
				fmt.Fprintf(&b, "  - %s\n", diag.Clean(name))
			}
		}
	}
	return fmt.Sprintf("%s: %d pinned, for %s\n%s", file, len(made.Names()), diag.And(slices.Sorted(maps.Keys(made.Platforms))), b.String())
}

// readLock reads the lock of a file, nil if there is none. Links lead to files of its folder
// only, as in a build.
func readLock(file string) ([]byte, error) {
	name := lock.Name(file)
	dir, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }() // nothing is lost when that fails
	base := filepath.Base(name)
	info, err := dir.Stat(base)
	if err != nil {
		if target, isLink := dir.Readlink(base); isLink == nil {
			return nil, lock.LinkError(name, target)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	if !info.Mode().IsRegular() { // one would wait for what a pipe has
		return nil, fmt.Errorf("%s is no file", name)
	}
	f, err := dir.Open(base)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}
