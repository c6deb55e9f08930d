package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"

	"jetkit/cmd/internal/build"
)

// inputs makes what the frontend gets.
func (b *builds) inputs(r *request) (*build.Request, error) {
	f := b.flags
	req := &build.Request{
		File: r.file, Data: r.data, Ignore: r.ignore, Lock: r.lock, Context: r.context, Contexts: r.contexts, Complete: r.completeFor, Flags: r.origins,
		Args: r.args, Labels: map[string]string{}, Attrs: map[string]string{}, Attests: map[string]string{},
		Platforms: f.platforms, Target: f.upTo, NoCache: f.noCache, NoCacheFilter: f.noCacheFilter, Pull: f.pull,
		Out: b.out, Names: b.names,
	}
	for _, label := range f.labels {
		name, value, _ := strings.Cut(label, "=")
		req.Labels[name] = value
	}
	err := firstError(
		func() error { return b.attributes(req) },
		func() error { return b.caches(req) },
		func() error { return b.attests(req) },
		func() error { return b.session(req) },
		func() error { return b.policies(req, r) },
		b.outputs,
	)
	return req, err
}

// firstError calls functions until one fails.
func firstError(calls ...func() error) error {
	for _, call := range calls {
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}

// flagError is a flag with a value that it cannot have.
type flagError struct{ error }

func (e *flagError) Unwrap() error { return e.error }

// usage makes an error of a flag one of the command line.
func (b *builds) usage(err error) error {
	if _, ok := errors.AsType[*flagError](err); ok {
		return usagef(b.cmd, "%w", err)
	}
	return err
}

// each parses the values of a flag.
func each(flag string, values []string, parse func(string) error) error {
	for _, value := range values {
		if err := parse(value); err != nil {
			return &flagError{fmt.Errorf("--%s %s: %w", flag, value, err)}
		}
	}
	return nil
}

// attributes sets what the steps may use.
func (b *builds) attributes(req *build.Request) error {
	f := b.flags
	list := func(attr string, parse func(string) (string, error)) func(string) error {
		return func(text string) error {
			value, err := parse(text)
			if old := req.Attrs[attr]; old != "" {
				value = old + "," + value
			}
			req.Attrs[attr] = value
			return err
		}
	}
	err := firstError(
		func() error { return each("add-host", f.hosts, list("add-hosts", build.ParseHost)) },
		func() error { return each("ulimit", f.ulimits, list("ulimit", build.ParseUlimit)) },
		func() error { return each("allow", f.allow, build.CheckAllowed) },
		func() error {
			if f.shmSize == "" {
				return nil
			}
			return each("shm-size", []string{f.shmSize}, list("shm-size", build.ParseSize))
		},
	)
	if f.cgroupParent != "" {
		req.Attrs["cgroup-parent"] = f.cgroupParent
	}
	switch f.network {
	case "", "default":
	case "host":
		req.Allow = append(req.Allow, "network.host")
		req.Attrs["force-network-mode"] = f.network
	case "none":
		req.Attrs["force-network-mode"] = f.network
	default:
		return &flagError{fmt.Errorf("--network %s: it can be default, host or none", f.network)}
	}
	return err
}

func (b *builds) caches(req *build.Request) error {
	return firstError(
		func() error {
			return each("cache-from", b.flags.cacheFrom, func(text string) error {
				entries, err := build.ParseCache(text)
				req.CacheFrom = append(req.CacheFrom, entries...)
				return err
			})
		},
		func() error {
			return each("cache-to", b.flags.cacheTo, func(text string) error {
				entries, err := build.ParseCache(text)
				req.CacheTo = append(req.CacheTo, entries...)
				return err
			})
		},
	)
}

// noAttestations is buildx's variable for no attestation that nobody asked for.
const noAttestations = "BUILDX_NO_DEFAULT_ATTESTATIONS"

func (b *builds) attests(req *build.Request) error {
	f := b.flags
	if value, _ := b.env(noAttestations); value == "1" || value == "true" {
		req.Attests["provenance"] = ""
	}
	asked := f.attests
	if f.provenance != "" {
		asked = append(asked, build.ShortAttest("provenance", f.provenance))
	}
	if f.sbom != "" {
		asked = append(asked, build.ShortAttest("sbom", f.sbom))
	}
	return each("attest", asked, func(text string) error {
		kind, value, err := build.ParseAttest(text)
		req.Attests[kind] = value
		return err
	})
}

// session provides credentials, secrets and SSH agents.
func (b *builds) session(req *build.Request) error {
	req.Session = []session.Attachable{authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(b.config),
	})}
	var secrets []build.Secret
	// As jetson-containers does: packages that upload find the key there.
	if key, _ := b.env("SCP_UPLOAD_KEY"); key != "" {
		if info, err := os.Stat(key); err == nil && info.Mode().IsRegular() {
			secrets = append(secrets, build.Secret{ID: "scp_upload_key", File: key})
		}
	}
	err := each("secret", b.flags.secrets, func(text string) error {
		secret, err := build.ParseSecret(text, b.env)
		secrets = append(secrets, secret)
		return err
	})
	if err != nil {
		return err
	}
	if len(secrets) > 0 {
		req.Session = append(req.Session, build.NewSecrets(secrets, b.env))
	}
	if len(b.flags.ssh) > 0 {
		agents, err := build.NewSSH(b.flags.ssh)
		if err != nil {
			return &flagError{fmt.Errorf("--ssh: %w", err)}
		}
		req.Session = append(req.Session, agents)
	}
	return nil
}

// outputs reads where the image goes, and its annotations.
func (b *builds) outputs() error {
	b.asked, b.annotations = nil, map[string]string{}
	return firstError(
		func() error {
			return each("output", b.flags.outputs, func(text string) error {
				e, err := build.ParseExport(text)
				b.asked = append(b.asked, e)
				return err
			})
		},
		func() error {
			return each("annotation", b.flags.annotations, func(text string) error { return build.ParseAnnotation(text, b.annotations) })
		},
	)
}
