package doctor

import (
	"context"
	"strings"

	"jetkit/pkgspec/diag"
)

// The group of checks of Docker.
const groupDocker = "Docker"

var (
	dockerMissing = &Kind{
		ID: "docker-missing", Severity: Warning,
		Meaning: "There is no docker command. jetkit build works without where buildkitd is installed; jetkit run and jetkit autotag need an engine.",
		Remedy:  "install Docker (docs.docker.com/engine/install/ubuntu) and NVIDIA's container toolkit; with JetPack 6 up to 6.2 take Docker 27.5, see raw-table, and for builds buildkitd beside it",
		Source:  "docs/gpu.md#docker-28-on-jetpack-6",
	}
	engineDown = &Kind{
		ID: "engine-down", Severity: Error,
		Meaning: "Docker is installed and its engine does not answer.",
		Remedy:  "start it, and read what it says if it does not start",
		Source:  "docker info",
	}
)

func checkDocker() Check {
	return &about{
		name: "docker", group: groupDocker, description: "whether Docker is installed and answers",
		kinds: []*Kind{dockerMissing, engineDown},
		check: func(ctx context.Context, s *Subject) Result {
			e := s.docker(ctx)
			switch {
			case e.missing():
				return Result{}.add(dockerMissing.find("there is no docker command").saw("none of PATH's folders has it"))
			case e.err != nil && strings.Contains(e.err.Error(), "permission denied"):
				return skipped("%s: see user", diag.Clean(e.err.Error()))
			case e.err != nil:
				f := engineDown.find("Docker's engine does not answer").saw("%s", diag.Clean(e.err.Error()))
				if e.local {
					f = f.do("sudo systemctl start docker", "sudo journalctl -u docker --since -10min")
				} else {
					f = f.remedy("the engine is on another machine: check %s, or unset DOCKER_HOST, or choose another with docker context use", diag.Clean(e.host))
				}
				return Result{}.add(f)
			}
			text := "Docker " + diag.Clean(e.info.ServerVersion)
			if client := parseVersion(e.client); client.String() != e.version().String() {
				text += ", command " + client.String()
			}
			if !e.local {
				text += " at " + diag.Clean(e.host)
			}
			return passed("%s", text)
		},
	}
}

var (
	rawTable = &Kind{
		ID: "raw-table", Severity: Error,
		Meaning: "The kernel has no raw table for iptables, as up to JetPack 6.2, and Docker from 28.0 on needs one: containers with published ports, and RUN steps, fail with \"Unable to enable DIRECT ACCESS FILTERING\".",
		Remedy:  "upgrade to JetPack 6.2.1, or tell Docker to do without: other hosts of the network can then reach ports that are published to this machine alone",
		Source:  "moby/moby#49557, #49621; docs/gpu.md#docker-28-on-jetpack-6",
	}
	iptablesMissing = &Kind{
		ID: "iptables-missing", Severity: Error,
		Meaning: "Docker sets up its networks with iptables, which is not installed.",
		Remedy:  "install it",
		Source:  "docs.docker.com/engine/network/packet-filtering-firewalls",
	}
	iptablesNft = &Kind{
		ID: "iptables-nft", Severity: Error,
		Meaning: "The iptables command is the one for nftables, which the kernel does not have: Docker's engine does not start, with \"Failed to initialize nft: Protocol not supported\".",
		Remedy:  "use the other iptables, and start Docker",
		Source:  "the message: moby issues and qxhome/rk3568-kernel5.10-alldrivers#2; kernels are built without CONFIG_NF_TABLES",
	}
)

// noRaw is the variable that lets dockerd do without the raw table.
const noRaw = "DOCKER_INSECURE_NO_IPTABLES_RAW"

func checkNetwork() Check {
	return &about{
		name: "network", group: groupDocker, description: "what Docker's networks need of kernel and iptables",
		kinds: []*Kind{rawTable, iptablesMissing, iptablesNft},
		check: func(ctx context.Context, s *Subject) Result {
			e := s.docker(ctx)
			switch {
			case e.missing():
				return skipped("%s", e.why())
			case !e.local:
				return skipped("%s", e.whyLocal())
			case e.info.FirewallBackend.Driver == "nftables":
				return passed("Docker uses nftables itself")
			}
			return s.iptables(ctx, s.raw(e, Result{}))
		},
	}
}

// iptables looks at the command that Docker calls.
func (s *Subject) iptables(ctx context.Context, r Result) Result {
	said, err := s.run(ctx, "iptables", "--version")
	if err != nil && s.find("iptables") == "" {
		return r.add(iptablesMissing.find("there is no iptables command").saw("none of PATH's folders has it").do("sudo apt install iptables", "sudo systemctl restart docker"))
	}
	if err != nil {
		r.Skipped = diag.Clean(err.Error())
		return r
	}
	said = firstLine(said)
	r.Summary = strings.TrimPrefix(said+r.Summary, ", ")
	k := s.kernelConfig()
	if strings.Contains(said, "nf_tables") && k.lacks("NF_TABLES") {
		r = r.add(iptablesNft.find("iptables needs nftables, which the kernel does not have").saw("%s", said).saw("%s: # CONFIG_NF_TABLES is not set", k.file).
			do("sudo update-alternatives --set iptables /usr/sbin/iptables-legacy", "sudo update-alternatives --set ip6tables /usr/sbin/ip6tables-legacy", "sudo systemctl restart docker"))
	}
	return r
}

// raw looks for the raw table where Docker needs one.
func (s *Subject) raw(e *engine, r Result) Result {
	v := e.version()
	if len(v) == 0 {
		v = parseVersion(e.client) // the engine may be down for this very reason
	}
	if v.older(28) {
		return r
	}
	has, evidence := s.hasRaw()
	if has || evidence == "" {
		return r
	}
	if file := s.dockerEnv(noRaw + "=1"); file != "" {
		r.Summary = ", no raw table, and Docker does without by " + file
		return r
	}
	return r.add(rawTable.find("Docker %s needs a raw table of iptables, which this kernel does not have", v).saw("%s", evidence).
		do("sudo mkdir -p /etc/systemd/system/docker.service.d",
			`printf '[Service]\nEnvironment=`+noRaw+`=1\n' | sudo tee /etc/systemd/system/docker.service.d/no-iptables-raw.conf`,
			"sudo systemctl daemon-reload", "sudo systemctl restart docker"))
}

// dockerEnv returns the file of systemd's that sets a variable for dockerd; empty
// if none does.
func (s *Subject) dockerEnv(setting string) string {
	for _, pattern := range []string{"/etc/systemd/system/docker.service", "/etc/systemd/system/docker.service.d/*.conf", "/lib/systemd/system/docker.service", "/etc/default/docker"} {
		for _, name := range s.Machine.Glob(pattern) {
			dt, err := s.Machine.ReadFile(name)
			if err != nil {
				continue
			}
			for line := range strings.Lines(string(dt)) {
				if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") && strings.Contains(line, setting) {
					return name
				}
			}
		}
	}
	return ""
}

var classicStore = &Kind{
	ID: "image-store", Severity: Note,
	Meaning: "Docker keeps images in its older store. Its own builder then exports no cache to a registry and no image for several platforms.",
	Remedy:  "turn the containerd image store on: {\"features\": {\"containerd-snapshotter\": true}} in daemon.json; images that are there now have to be pulled or built again. Or build with another builder",
	Source:  "docs.docker.com/build/cache/backends; default for new installs since Docker 29",
}

func checkStore() Check {
	return &about{
		name: "store", group: groupDocker, description: "where Docker keeps images",
		kinds: []*Kind{classicStore},
		check: func(ctx context.Context, s *Subject) Result {
			e := s.docker(ctx)
			if why := e.why(); why != "" {
				return skipped("%s", why)
			}
			if e.containerdStore() {
				return passed("containerd image store, %s", diag.Clean(e.info.Driver))
			}
			return passed("Docker's own store, %s", diag.Clean(e.info.Driver)).
				add(classicStore.find("Docker does not use the containerd image store").saw("docker info: Storage Driver: %s", diag.Clean(e.info.Driver)))
		},
	}
}
