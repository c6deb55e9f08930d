package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
)

// Docker is a Docker engine.
type Docker struct {
	client *client.Client
	// config has the user's credentials for registries.
	config *configfile.ConfigFile
	// oci reports that the engine keeps images as containerd does.
	oci bool
}

// NewDocker returns the engine that a client talks to. An error means that none
// answers.
func NewDocker(ctx context.Context, c *client.Client, config *configfile.ConfigFile) (*Docker, error) {
	info, err := c.Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil, err
	}
	d := DockerOf(c, config)
	for _, pair := range info.Info.DriverStatus {
		d.oci = d.oci || pair[0] == "driver-type" && pair[1] == "io.containerd.snapshotter.v1"
	}
	return d, nil
}

// DockerOf returns the engine that is itself the builder.
func DockerOf(c *client.Client, config *configfile.ConfigFile) *Docker {
	return &Docker{client: c, config: config}
}

func (d *Docker) String() string { return "Docker" }

// OCI reports whether the engine loads OCI archives, also those for several platforms.
func (d *Docker) OCI() bool { return d.oci }

// Has reports whether the engine has an image.
func (d *Docker) Has(ctx context.Context, about ImageInfo) bool {
	id := d.id(about)
	if id == "" {
		return false
	}
	_, err := d.client.ImageInspect(ctx, id)
	return err == nil
}

// id is what the engine knows an image by. Its own builder tells the configuration's
// digest only where that is it.
func (d *Docker) id(about ImageInfo) string {
	if d.oci || about.Config == "" {
		return about.Digest
	}
	return about.Config
}

// Tag gives an image its names.
func (d *Docker) Tag(ctx context.Context, about ImageInfo) error {
	for _, name := range about.Names {
		if _, err := d.client.ImageTag(ctx, client.ImageTagOptions{Source: d.id(about), Target: name}); err != nil {
			return err
		}
	}
	return nil
}

// Load imports an archive.
func (d *Docker) Load(ctx context.Context, archive io.Reader) error {
	res, err := d.client.ImageLoad(ctx, archive)
	if err != nil {
		return err
	}
	defer res.Close()
	return answered(res)
}

// answered reads the messages that an engine answers with, until an error or their end.
func answered(r io.Reader) error {
	answers := json.NewDecoder(r)
	for {
		var answer struct {
			Error string `json:"error"`
		}
		switch err := answers.Decode(&answer); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading Docker's answer: %w", err)
		case answer.Error != "":
			return errors.New("docker: " + answer.Error)
		}
	}
}

// push pushes an image by its names, with the user's credentials for their registries.
func (d *Docker) push(ctx context.Context, names []string) error {
	for _, name := range names {
		auth, err := d.credentials(name)
		if err != nil {
			return err
		}
		res, err := d.client.ImagePush(ctx, name, client.ImagePushOptions{RegistryAuth: auth})
		if err != nil {
			return fmt.Errorf("pushing %s: %w", name, err)
		}
		err = answered(res)
		_ = res.Close() // it was read
		if err != nil {
			return fmt.Errorf("pushing %s: %w", name, err)
		}
	}
	return nil
}

// hub is how Docker's configuration calls Docker Hub.
const hub = "https://index.docker.io/v1/"

// credentials returns the user's credentials for the registry of an image, as the
// engine takes them.
func (d *Docker) credentials(name string) (string, error) {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", err
	}
	host := reference.Domain(ref)
	if host == "docker.io" {
		host = hub
	}
	auth, err := d.config.GetAuthConfig(host)
	if err != nil {
		return "", err
	}
	return authconfig.Encode(registry.AuthConfig{
		Username: auth.Username, Password: auth.Password, Auth: auth.Auth,
		ServerAddress: auth.ServerAddress, IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken,
	})
}

// Program is an engine that is a program with docker's commands: podman or nerdctl.
type Program struct {
	// Path is the program.
	Path string
	Name string
}

func (p *Program) String() string { return p.Name }

// Has reports whether the engine has an image.
func (p *Program) Has(ctx context.Context, about ImageInfo) bool {
	if about.Config == "" {
		return false
	}
	return exec.CommandContext(ctx, p.Path, "image", "inspect", strings.TrimPrefix(about.Config, "sha256:")).Run() == nil
}

// Tag gives an image its names.
func (p *Program) Tag(ctx context.Context, about ImageInfo) error {
	for _, name := range about.Names {
		if err := p.run(ctx, nil, "tag", strings.TrimPrefix(about.Config, "sha256:"), name); err != nil {
			return err
		}
	}
	return nil
}

// Load imports an archive.
func (p *Program) Load(ctx context.Context, archive io.Reader) error {
	return p.run(ctx, archive, "load")
}

func (p *Program) run(ctx context.Context, in io.Reader, args ...string) error {
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, p.Path, args...)
	cmd.Stdin, cmd.Stderr = in, &errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", p.Name, args[0], err, strings.TrimSpace(errs.String()))
	}
	return nil
}
