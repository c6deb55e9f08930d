//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Base pushes a minimal Debian with a working apt to the Env's registry and returns its reference,
// "127.0.0.1:port/base/debian:RELEASE". The root file system is bootstrapped from Debian's packages once per checkout
// and kept in .cache, because the tests must not need a public registry. Its digest is the same every time.
func (e *Env) Base(ctx context.Context) (string, error) {
	return e.base.do(func() (string, error) { return e.pushDebian(ctx, runtime.GOARCH, "") })
}

// BaseFor is Base for an architecture, which it also lets this machine run. Of another than this machine's the image is
// Debian unpacked and not installed: it has a shell, the usual commands and a C library, but neither apt nor Python.
func (e *Env) BaseFor(ctx context.Context, arch string) (string, error) {
	if arch == runtime.GOARCH {
		return e.Base(ctx)
	}
	if err := e.Emulate(arch); err != nil {
		return "", err
	}
	return e.foreign.do(func() (string, error) { return e.pushDebian(ctx, arch, "-"+arch) })
}

// BaseAs pushes Base as if it were for another architecture, and returns its reference. Its programs are this machine's and
// run at its speed. It is for builds of a board's packages with stand-ins for all that is compiled for the board.
func (e *Env) BaseAs(ctx context.Context, arch string) (string, error) {
	apt, err := e.readHostApt(ctx)
	if err != nil {
		return "", err
	}
	archive, err := e.baseArchive(ctx, e.recipe(apt, runtime.GOARCH))
	if err != nil {
		return "", err
	}
	ref := e.Ref("base/debian:" + apt.release + "-as-" + arch)
	return ref, pushBase(ctx, ref, arch, archive)
}

// BaseIndex pushes Base and BaseFor(arm64) as one image for several platforms.
func (e *Env) BaseIndex(ctx context.Context) (string, error) {
	return e.index.do(func() (string, error) {
		return e.pushIndex(ctx, slices.Compact([]string{runtime.GOARCH, "arm64"}))
	})
}

// pushDebian pushes the root file system of an architecture, made first if there is none.
func (e *Env) pushDebian(ctx context.Context, arch, suffix string) (string, error) {
	apt, err := e.readHostApt(ctx)
	if err != nil {
		return "", err
	}
	archive, err := e.baseArchive(ctx, e.recipe(apt, arch))
	if err != nil {
		return "", fmt.Errorf("make the base image for %s: %w", arch, err)
	}
	ref := e.Ref("base/debian:" + apt.release + suffix)
	defer e.timed("base image for " + arch + " pushed")()
	return ref, pushBase(ctx, ref, arch, archive)
}

// recipe says how to make a root file system.
type recipe struct {
	arch string
	// kind and digest name the archive that is kept: of one kind there is only the one with the present digest.
	kind, digest string
	make         func(ctx context.Context, rootfs string) error
}

func (e *Env) recipe(apt hostApt, arch string) recipe {
	r := recipe{arch: arch, kind: fmt.Sprintf("base-%s-%s-", apt.release, arch), digest: apt.digest(leftOut...)}
	r.make = func(ctx context.Context, rootfs string) error { return e.unpack(ctx, apt, arch, rootfs) }
	if arch == runtime.GOARCH {
		r.make = func(ctx context.Context, rootfs string) error { return e.bootstrap(ctx, apt, rootfs) }
	}
	return r
}

// baseArchive returns the cached root file system, making it first when this checkout has none for the host's present
// apt configuration. Another process making the same one is waited for.
func (e *Env) baseArchive(ctx context.Context, r recipe) (string, error) {
	if err := os.MkdirAll(e.cacheDir(), 0o755); err != nil {
		return "", err
	}
	unlock, err := lockFile(filepath.Join(e.cacheDir(), "base-"+r.arch+".lock"), syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer unlock()
	archive := filepath.Join(e.cacheDir(), r.kind+r.digest+".tar")
	if _, err := os.Stat(archive); err == nil {
		return archive, nil
	}
	defer e.timed("bootstrapped Debian for " + r.arch)()
	rootfs := filepath.Join(e.Root, "debootstrap-"+r.arch)
	if err := r.make(ctx, rootfs); err != nil {
		return "", err
	}
	outdated, err := filepath.Glob(filepath.Join(e.cacheDir(), r.kind+"*"))
	if err != nil {
		return "", err
	}
	if err := e.pack(ctx, rootfs, archive); err != nil {
		return "", err
	}
	for _, old := range outdated {
		if err := os.Remove(old); err != nil {
			return "", err
		}
	}
	return archive, os.RemoveAll(rootfs)
}

// leftOut are patterns of tar's for what is of the machine and the moment, and for what no build looks at: half of all
// files, which every daemon would unpack, and the end of the tests remove.
var leftOut = []string{
	"./dev/*", "./proc/*", "./sys/*", "./run/*", "./tmp/*", "./var/lib/apt/lists/*", "./var/cache/apt/*", "./var/log/*",
	"./etc/resolv.conf", "./etc/hostname", "./debootstrap",
	"./usr/share/doc/*", "./usr/share/info/*", "./usr/share/lintian/*", "./usr/share/locale/*", "./usr/share/man/*",
}

// pack makes the archive under another name first: an interrupted run must not leave half of one.
func (e *Env) pack(ctx context.Context, rootfs, archive string) error {
	partial := archive + ".partial"
	argv := []string{
		"tar", "--create", "--file", partial, "--directory", rootfs, "--numeric-owner", "--sort=name",
	}
	for _, pattern := range leftOut {
		argv = append(argv, "--exclude="+pattern)
	}
	_, err := e.output(ctx, append(argv, ".")...)
	if err != nil {
		return errors.Join(err, os.RemoveAll(partial))
	}
	return os.Rename(partial, archive)
}

// pushBase pushes the archive as a one-layer image. The layer stays uncompressed: over loopback, compressing would
// take longer than everything else together.
func pushBase(ctx context.Context, ref, arch, archive string) error {
	layer, err := newTarLayer(archive)
	if err != nil {
		return err
	}
	image, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), layer)
	if err != nil {
		return err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config = v1.Config{
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Cmd: []string{"bash"},
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return err
	}
	parsed, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		return err
	}
	return remote.Write(parsed, mutate.ConfigMediaType(image, types.OCIConfigJSON), remote.WithContext(ctx))
}

// pushIndex pushes an index of the base images of these architectures, which are in its repository already.
func (e *Env) pushIndex(ctx context.Context, arches []string) (string, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range arches {
		ref, err := e.BaseFor(ctx, arch)
		if err != nil {
			return "", err
		}
		image, err := e.Image(ctx, ref, "linux/"+arch)
		if err != nil {
			return "", err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	ref := e.Ref("base/debian:platforms")
	parsed, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		return "", err
	}
	return ref, remote.WriteIndex(parsed, index, remote.WithContext(ctx))
}

// tarLayer is a layer that is a tar file as it is; go-containerregistry itself has compressed ones only.
type tarLayer struct {
	path   string
	digest v1.Hash
	size   int64
}

func newTarLayer(path string) (*tarLayer, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	digest, size, err := v1.SHA256(file)
	return &tarLayer{path: path, digest: digest, size: size}, err
}

func (l *tarLayer) Digest() (v1.Hash, error)             { return l.digest, nil }
func (l *tarLayer) DiffID() (v1.Hash, error)             { return l.digest, nil }
func (l *tarLayer) Size() (int64, error)                 { return l.size, nil }
func (l *tarLayer) MediaType() (types.MediaType, error)  { return types.OCIUncompressedLayer, nil }
func (l *tarLayer) Compressed() (io.ReadCloser, error)   { return os.Open(l.path) }
func (l *tarLayer) Uncompressed() (io.ReadCloser, error) { return os.Open(l.path) }
