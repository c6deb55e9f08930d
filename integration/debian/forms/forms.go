//go:build linux

// Package forms builds one chain of packages in both forms, `layers: chain` and `layers: packages`, and compares what
// came of it: files, configuration, and what Debian's own tools say inside.
package forms

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"jetkit/integration/debian/imagetree"
	"jetkit/integration/harness"
)

// Project is a folder with a jetson.yaml, and where it is built.
type Project struct {
	Env  *harness.Env
	Dir  string
	File string // the name of the jetson.yaml
	Live io.Writer
}

// Image is what a form of a project came to.
type Image struct {
	Name   string
	Config *v1.ConfigFile
	Layers int
	Tree   imagetree.Tree
	Probe  Probe
	Build  time.Duration
}

// Build builds a form, "chain" or "packages", and reads the image. Packages, when given, are in place of the file's
// list: another order.
func (p *Project) Build(ctx context.Context, name, form string, packages ...string) (*Image, error) {
	ref, spent, err := p.push(ctx, name, form, packages)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", name, err)
	}
	built, err := p.Env.Image(ctx, ref, "")
	if err != nil {
		return nil, err
	}
	image := &Image{Name: name, Build: spent}
	layers, err := built.Layers()
	if err != nil {
		return nil, err
	}
	image.Layers = len(layers)
	if image.Config, err = built.ConfigFile(); err != nil {
		return nil, err
	}
	if image.Tree, err = imagetree.Read(built); err != nil {
		return nil, fmt.Errorf("read the files of %s: %w", name, err)
	}
	if image.Probe, err = p.probe(ctx, ref); err != nil {
		return nil, fmt.Errorf("look into %s: %w", name, err)
	}
	return image, nil
}

func (p *Project) push(ctx context.Context, name, form string, packages []string) (ref string, spent time.Duration, err error) {
	base, err := p.Env.Base(ctx)
	if err != nil {
		return "", 0, err
	}
	python, err := p.Env.BasePython()
	if err != nil {
		return "", 0, err
	}
	ref = p.Env.Ref("debian/" + name)
	args := []string{
		"build", "-f", p.File, "--base", base, "--tag", ref, "--progress", "plain", "--provenance=false",
		// The registry is on this machine: compressing would take longer than all else.
		"--output", "type=image,push=true,compression=uncompressed,force-compression=true",
		"--arg", "PYTHON_VERSION=" + python, "--arg", "LAYERS=" + form,
	}
	if runtime.GOARCH == "amd64" {
		args = append(args, "--arg", "CUDA_ARCH=x86_64")
	}
	if len(packages) > 0 {
		args = append(args, "--arg", "PACKAGES="+strings.Join(packages, ","))
	}
	result := p.Env.Jetkit(ctx, harness.JetkitRun{
		Dir: p.Dir, Args: args, Env: []string{"BUILDKIT_HOST=" + p.Env.Daemon.Addr}, Live: p.Live,
	})
	return ref, result.Duration, result.Err()
}

//go:embed probe.sh
var probeScript []byte

// probe has the builder ask the image's own tools, in steps on the image.
func (p *Project) probe(ctx context.Context, ref string) (Probe, error) {
	dir, err := os.MkdirTemp(p.Env.Root, "probe-")
	if err != nil {
		return nil, err
	}
	dockerfile := "FROM " + ref + "\nUSER root\nWORKDIR /\nCOPY probe.sh /\nRUN [\"/bin/sh\", \"/probe.sh\"]\nFROM scratch\nCOPY --from=0 /probe /\n"
	out := filepath.Join(dir, "out")
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o600),
		os.WriteFile(filepath.Join(dir, "probe.sh"), probeScript, 0o600))
	if err != nil {
		return nil, err
	}
	asked := p.Env.Buildx(ctx, harness.BuildxRun{Dir: dir, Args: []string{"--output", "type=local,dest=" + out, "."}})
	if err := asked.Err(); err != nil {
		return nil, err
	}
	return readProbe(out)
}

// Naming says who the image's users and groups are.
func (i *Image) Naming() *imagetree.Naming {
	return &imagetree.Naming{Users: i.Probe.numbers("passwd"), Groups: i.Probe.numbers("group")}
}

// Packages are those that the project's file lists.
func (p *Project) Packages() ([]string, error) {
	content, err := os.ReadFile(filepath.Join(p.Dir, p.File))
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, " #")
		if name, listed := strings.CutPrefix(strings.TrimSpace(line), "- "); listed {
			names = append(names, name)
		}
	}
	return names, nil
}
