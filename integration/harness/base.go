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
	return e.base.do(func() (string, error) {
		apt, err := e.readHostApt(ctx)
		if err != nil {
			return "", err
		}
		archive, err := e.baseArchive(ctx, apt)
		if err != nil {
			return "", fmt.Errorf("make the base image: %w", err)
		}
		ref := e.Ref("base/debian:" + apt.release)
		defer e.timed("base image pushed")()
		return ref, pushBase(ctx, ref, archive)
	})
}

// baseArchive returns the cached root file system, making it first when this checkout has none for the host's present
// apt configuration. Another process making the same one is waited for.
func (e *Env) baseArchive(ctx context.Context, apt hostApt) (string, error) {
	if err := os.MkdirAll(e.cacheDir(), 0o755); err != nil {
		return "", err
	}
	unlock, err := lockFile(filepath.Join(e.cacheDir(), "base.lock"), syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer unlock()
	kind := fmt.Sprintf("base-%s-%s-", apt.release, runtime.GOARCH)
	archive := filepath.Join(e.cacheDir(), kind+apt.digest()+".tar")
	if _, err := os.Stat(archive); err == nil {
		return archive, nil
	}
	defer e.timed("bootstrapped Debian " + apt.release)()
	rootfs := filepath.Join(e.Root, "debootstrap")
	if err := e.bootstrap(ctx, apt, rootfs); err != nil {
		return "", err
	}
	outdated, err := filepath.Glob(filepath.Join(e.cacheDir(), kind+"*"))
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

// pack makes the archive under another name first: an interrupted run must not leave half of one.
func (e *Env) pack(ctx context.Context, rootfs, archive string) error {
	partial := archive + ".partial"
	_, err := e.output(ctx, "tar", "--create", "--file", partial, "--directory", rootfs, "--numeric-owner", "--sort=name",
		"--exclude=./dev/*", "--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./run/*", "--exclude=./tmp/*",
		"--exclude=./var/lib/apt/lists/*", "--exclude=./var/cache/apt/*", "--exclude=./var/log/*",
		"--exclude=./etc/resolv.conf", "--exclude=./etc/hostname", ".")
	if err != nil {
		return errors.Join(err, os.RemoveAll(partial))
	}
	return os.Rename(partial, archive)
}

// pushBase pushes the archive as a one-layer image. The layer stays uncompressed: over loopback, compressing would
// take longer than everything else together.
func pushBase(ctx context.Context, ref, archive string) error {
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
	config.OS, config.Architecture = "linux", runtime.GOARCH
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
