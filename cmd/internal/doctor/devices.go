package doctor

import (
	"context"
	"strings"

	"jetkit/pkgspec/diag"
)

var (
	cdiOff = &Kind{
		ID: "docker-cdi", Severity: Warning,
		Meaning: "The machine has a CDI specification of the GPU, and Docker takes no notice of it: docker run --device nvidia.com/gpu=all fails, and steps with a GPU in Docker's own builder too.",
		Remedy:  "upgrade Docker to 28.2 or later, where CDI is on; from 25.0 on daemon.json can turn it on: {\"features\": {\"cdi\": true}}. The NVIDIA runtime and another builder work without",
		Source:  "moby/moby#49963; docs.docker.com/build/building/cdi; docker info: CDI spec directories",
	}
	entitlementOff = &Kind{
		ID: "docker-entitlements", Severity: Warning,
		Meaning: "daemon.json takes an entitlement from Docker's own builder: builds that need it are refused there, whatever --allow says.",
		Remedy:  "take the line out of daemon.json, or build with another builder",
		Source:  "docs.docker.com/reference/cli/dockerd: builder.entitlements; moby/moby#50386",
	}
)

// entitlements are those of Docker's builder that daemon.json can take away, and
// what a build lacks without.
var entitlements = []struct{ key, use string }{
	{"device", "steps with a GPU"},
	{"network-host", "steps with the host's network"},
	{"security-insecure", "privileged steps"},
}

func checkDevices() Check {
	return &about{
		name: "devices", group: groupDocker, description: "whether Docker lets containers and builds have CDI devices and entitlements",
		kinds: []*Kind{cdiOff, entitlementOff},
		check: func(ctx context.Context, s *Subject) Result {
			e := s.docker(ctx)
			if why := e.whyLocal(); why != "" {
				return skipped("%s", why)
			}
			r := passed("no CDI")
			if dirs := e.info.CDISpecDirs; len(dirs) > 0 {
				r = passed("CDI specifications of %s", diag.Clean(strings.Join(dirs, ", ")))
			} else if cdi := s.cdi(); strings.Contains(cdi.Summary, "nvidia.com/gpu=") {
				r = r.add(cdiOff.find("Docker %s takes no notice of CDI", diag.Clean(e.info.ServerVersion)).
					saw("docker info names no CDI spec directories, and the machine has %s", cdi.Summary))
			}
			c := s.config()
			if c.err != nil || s.otherConfig(e) != "" {
				return r // the check runtime says so
			}
			for _, entitlement := range entitlements {
				if v, found := c.file.Lookup("builder", "entitlements", entitlement.key); found && v.Text == "false" {
					r = r.add(entitlementOff.find("Docker's own builder has no entitlement %s, for %s", entitlement.key, entitlement.use).
						saw("%s", c.line(v.Line)).at(c.name, v.Line))
				}
			}
			return r
		},
	}
}
