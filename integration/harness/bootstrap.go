//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// baseAptConf makes apt's lists small and its runs quiet, as the public Debian images do.
const baseAptConf = `Acquire::Languages "none";
Acquire::GzipIndexes "true";
APT::Install-Recommends "false";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
`

// baseDpkgConf is what Debian's own images for Docker have: a build that is interrupted begins anew, so that nothing is
// gained by waiting for the disk after each file.
const baseDpkgConf = "force-unsafe-io\n"

// bootstrap makes a minimal Debian in rootfs that installs packages from where the host does.
func (e *Env) bootstrap(ctx context.Context, apt hostApt, rootfs string) error {
	if err := e.debootstrap(ctx, apt, rootfs, "--include=ca-certificates"); err != nil {
		return err
	}
	if err := writeTree(rootfs, apt.trust); err != nil {
		return err
	}
	if err := writeTree(rootfs, map[string][]byte{
		"/etc/apt/apt.conf.d/80base":  []byte(baseAptConf),
		"/etc/apt/apt.conf.d/90host":  []byte(apt.acquire),
		"/etc/dpkg/dpkg.cfg.d/80base": []byte(baseDpkgConf),
	}); err != nil {
		return err
	}
	if err := copyResolvConf(rootfs); err != nil {
		return err
	}
	return e.installSources(ctx, apt, rootfs)
}

// unpack makes a root file system of another architecture in seconds, where installing it would run every package's
// scripts under emulation for minutes: debootstrap's first stage merely unpacks. The mirror must have the architecture.
func (e *Env) unpack(ctx context.Context, apt hostApt, arch, rootfs string) error {
	if err := e.debootstrap(ctx, apt, rootfs, "--foreign", "--arch="+arch); err != nil {
		return err
	}
	// Its second stage would replace this link, onto which no container's /proc can be mounted.
	proc := filepath.Join(rootfs, "proc")
	if err := os.Remove(proc); err != nil {
		return err
	}
	if err := os.Mkdir(proc, 0o755); err != nil {
		return err
	}
	// Users and groups are what installing would have made of these files, and the one thing that builds may need.
	files := map[string][]byte{}
	for _, name := range []string{"passwd", "group"} {
		content, err := os.ReadFile(filepath.Join(rootfs, "usr/share/base-passwd", name+".master"))
		if err != nil {
			return err
		}
		files["/etc/"+name] = content
	}
	return writeTree(rootfs, files)
}

func (e *Env) debootstrap(ctx context.Context, apt hostApt, rootfs string, options ...string) error {
	argv := append([]string{"debootstrap", "--variant=minbase"}, options...)
	result := e.run(ctx, command{argv: append(argv, apt.release, rootfs, apt.mirror), env: apt.proxyEnv()})
	if err := result.Err(); err != nil {
		return fmt.Errorf("%w\n%s", err, debootstrapLog(rootfs))
	}
	return nil
}

// installSources keeps those of the host's package sources that are Debian's own and can be verified from inside. With
// none of them usable, the mirror that debootstrap used stays the only source.
func (e *Env) installSources(ctx context.Context, apt hostApt, rootfs string) error {
	fallback := filepath.Join(rootfs, "etc/apt/sources.list")
	ofBootstrap, err := os.ReadFile(fallback)
	if err != nil {
		return err
	}
	if err := os.Remove(fallback); err != nil {
		return err
	}
	kept := 0
	for path, content := range apt.sources {
		if err := writeTree(rootfs, map[string][]byte{path: content}); err != nil {
			return err
		}
		if err := e.verifySource(ctx, rootfs, path); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			e.logf("harness: base image goes without the host's %s: %v", path, err)
			if err := os.Remove(filepath.Join(rootfs, path)); err != nil {
				return err
			}
			continue
		}
		kept++
	}
	if kept > 0 {
		return nil
	}
	if err := os.WriteFile(fallback, ofBootstrap, 0o644); err != nil {
		return err
	}
	return e.verifySource(ctx, rootfs, "/etc/apt/sources.list")
}

// verifySource updates from one sources file inside rootfs and looks who signed for what came.
func (e *Env) verifySource(ctx context.Context, rootfs, path string) error {
	only := []string{"-o", "Dir::Etc::sourcelist=" + path, "-o", "Dir::Etc::sourceparts=-"}
	update := append([]string{"chroot", rootfs, "apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"}, only...)
	if _, err := e.output(ctx, update...); err != nil {
		return err
	}
	ask := append([]string{"chroot", rootfs, "apt-get", "indextargets", "--format", "$(ORIGIN)"}, only...)
	origins, err := e.output(ctx, ask...)
	if err != nil {
		return err
	}
	if strings.TrimSpace(origins) == "" {
		return errors.New("it names no package index")
	}
	for origin := range strings.Lines(origins) {
		if origin = strings.TrimSpace(origin); origin != "Debian" {
			return fmt.Errorf("its origin is %q, not Debian", origin)
		}
	}
	return nil
}

// writeTree writes files given by their absolute path inside rootfs.
func writeTree(rootfs string, files map[string][]byte) error {
	for path, content := range files {
		target := filepath.Join(rootfs, path)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// copyResolvConf gives apt inside rootfs the host's name service; the packed archive leaves the file out.
func copyResolvConf(rootfs string) error {
	content, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return err
	}
	return writeTree(rootfs, map[string][]byte{"/etc/resolv.conf": content})
}

func debootstrapLog(rootfs string) string {
	const lines = 20
	content, err := os.ReadFile(filepath.Join(rootfs, "debootstrap/debootstrap.log"))
	if err != nil {
		return ""
	}
	return lastLines(string(content), lines)
}
