//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"jetkit/integration/harness"
)

// builder is one way to set up BuildKit.
type builder struct {
	name string
	// options starts it. The error says why this machine cannot.
	options func(context.Context, *matrix) (harness.DaemonOptions, error)
}

// builders lists all, the plain one first, with which the others are compared.
func (m *matrix) builders(own string, others []string) []builder {
	list := []builder{{"BuildKit " + own + ", as root", plain(harness.DaemonOptions{})}}
	for _, version := range others {
		list = append(list, builder{"BuildKit " + version, func(ctx context.Context, _ *matrix) (harness.DaemonOptions, error) {
			path, err := buildkitd(ctx, version)
			return harness.DaemonOptions{Program: path}, err
		}})
	}
	list = append(list, workers()...)
	list = append(list, locked()...)
	list = append(list, networks()...)
	return append(list, builder{"snapshotter `native`", func(context.Context, *matrix) (harness.DaemonOptions, error) {
		if !m.slow {
			return harness.DaemonOptions{}, errors.New("it copies all files for each step, which takes many minutes (`-slow`)")
		}
		return harness.DaemonOptions{WorkerConfig: `snapshotter = "native"`}, nil
	}})
}

func plain(opts harness.DaemonOptions) func(context.Context, *matrix) (harness.DaemonOptions, error) {
	return func(context.Context, *matrix) (harness.DaemonOptions, error) { return opts, nil }
}

// workers are what runs the steps.
func workers() []builder {
	return []builder{
		{"rootless", rootless("--net=host")},
		{"rootless, a network of its own (slirp4netns)", rootless("--net=slirp4netns", "--disable-host-loopback")},
		{"rootless, `noProcessSandbox`", func(ctx context.Context, m *matrix) (harness.DaemonOptions, error) {
			opts, err := rootless("--net=host")(ctx, m)
			opts.Flags = []string{"--oci-worker-no-process-sandbox"}
			return opts, err
		}},
		{"steps in user namespaces (`userRemapUnsupported`), network `bridge`", remapped},
		{"crun", func(context.Context, *matrix) (harness.DaemonOptions, error) {
			return harness.DaemonOptions{RuntimeBinary: "crun"}, needs("crun")
		}},
		{"containerd of Debian", func(ctx context.Context, m *matrix) (harness.DaemonOptions, error) {
			if err := needs("containerd", "containerd-shim-runc-v2", "ctr"); err != nil {
				return harness.DaemonOptions{}, err
			}
			address, err := m.env.StartContainerd(ctx, "containerd", "containerd")
			return harness.DaemonOptions{Containerd: address}, err
		}},
	}
}

// locked are builders that allow less.
func locked() []builder {
	return []builder{
		{"no `insecure-entitlements`", plain(harness.DaemonOptions{NoEntitlements: true})},
		{"no CDI", plain(harness.DaemonOptions{DisableCDI: true})},
		{"`allowedRepositories` with jetkit's", func(_ context.Context, m *matrix) (harness.DaemonOptions, error) {
			return allowed(m.env.Ref("jetkit")), nil
		}},
		{"`allowedRepositories` without jetkit's", func(_ context.Context, m *matrix) (harness.DaemonOptions, error) {
			return allowed(m.env.Ref("other")), nil
		}},
		{"no frontends: `gateway.v0` and `dockerfile.v0` off", plain(harness.DaemonOptions{
			ExtraConfig: "[frontend.\"gateway.v0\"]\nenabled = false\n[frontend.\"dockerfile.v0\"]\nenabled = false\n",
		})},
		{"root file system read-only", readOnly},
		{"AppArmor", func(context.Context, *matrix) (harness.DaemonOptions, error) {
			if _, err := os.Stat("/sys/module/apparmor/parameters/enabled"); err != nil {
				return harness.DaemonOptions{}, errors.New("the kernel of this machine has no AppArmor")
			}
			return harness.DaemonOptions{WorkerConfig: `apparmor-profile = "docker-default"`}, nil
		}},
		{"SELinux", func(context.Context, *matrix) (harness.DaemonOptions, error) {
			if _, err := os.Stat("/sys/fs/selinux/enforce"); err != nil {
				return harness.DaemonOptions{}, errors.New("SELinux is off on this machine")
			}
			return harness.DaemonOptions{WorkerConfig: "selinux = true"}, nil
		}},
	}
}

// networks are what steps can reach.
func networks() []builder {
	return []builder{
		{"network of steps: `bridge`", bridge()},
		{"network of steps: `cni`, a bridge without a way out", cni},
		{"`proxyNetwork`, network of steps: `bridge`", bridge("--proxy-network")},
		{"`proxyNetwork`, network of steps: `host`", plain(harness.DaemonOptions{Flags: []string{"--proxy-network"}})},
	}
}

func allowed(repository string) harness.DaemonOptions {
	return harness.DaemonOptions{ExtraConfig: fmt.Sprintf("[frontend.\"gateway.v0\"]\nallowedRepositories = [%q]\n", repository)}
}

// needs says which programs are missing.
func needs(programs ...string) error {
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%s is not installed", name)
		}
	}
	return nil
}

// shell is a wrapper that runs a script and then, in its place, what follows. The script's variables come first.
func shell(script string, variables ...string) []string {
	return append(append([]string{"env"}, variables...), "unshare", "--mount", "--propagation", "private", "sh", "-euc", script, "matrix")
}

// readOnly has a daemon whose root nobody can write to, apart from what Kubernetes would mount: its own folder, /run and /tmp.
func readOnly(_ context.Context, m *matrix) (harness.DaemonOptions, error) {
	return harness.DaemonOptions{Wrapper: shell(`
mount --bind "$OWN" "$OWN"
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
mount -o remount,bind,ro /
if touch /etc/jetkit-matrix 2>/dev/null; then echo "the root is not read-only"; exit 1; fi
exec "$@"`, "OWN="+m.env.Root)}, nil
}

// cniPlugins is where Debian's containernetworking-plugins are.
const cniPlugins = "/usr/lib/cni"

// bridge has a daemon in a network of its own, so that its bridge and rules of the firewall are not the machine's.
func bridge(flags ...string) func(context.Context, *matrix) (harness.DaemonOptions, error) {
	return func(_ context.Context, m *matrix) (harness.DaemonOptions, error) {
		if _, err := os.Stat(cniPlugins); err != nil {
			return harness.DaemonOptions{}, errors.New("containernetworking-plugins is not installed")
		}
		return harness.DaemonOptions{
			Wrapper: m.ownNetwork(), Flags: append([]string{"--oci-worker-net=bridge", "--oci-cni-binary-dir=" + cniPlugins}, flags...),
		}, needs("ip", "iptables")
	}
}

// cni has steps in a network that leads nowhere.
func cni(ctx context.Context, m *matrix) (harness.DaemonOptions, error) {
	opts, err := bridge()(ctx, m)
	if err != nil {
		return opts, err
	}
	config := filepath.Join(m.env.Root, "cni.json")
	// The flag for the path, --oci-cni-config-path, is of no use: BuildKit v0.34.2 reads it by another name.
	opts.Flags = []string{"--oci-worker-net=cni", "--oci-cni-binary-dir=" + cniPlugins}
	opts.WorkerConfig = fmt.Sprintf("cniConfigPath = %q", config)
	return opts, os.WriteFile(config, []byte(`{"cniVersion": "1.0.0", "name": "jetkit", "type": "bridge", "bridge": "jetkit0",
"isGateway": false, "ipMasq": false, "ipam": {"type": "host-local", "subnet": "10.89.0.0/24"}}`), 0o644)
}

// ownNetwork wraps a daemon in a network in which nothing but the registry can be reached.
func (m *matrix) ownNetwork() []string {
	return shell(`
exec unshare --net sh -euc '
ip link set lo up
mount -t tmpfs cni /var/lib
"$SELF" forward "$REGISTRY" "$SOCKET" &
exec "$@"' matrix "$@"`, "SELF="+m.self, "REGISTRY="+m.env.Registry, "SOCKET="+m.socket)
}
