package builder

import (
	"fmt"

	"jetkit/cmd/internal/machine"
)

// config is the private builder's buildkitd.toml. Percentages are of the disk
// that the cache is on. CDI is on before there is a specification, so that a build
// says which device is missing, and the daemon sees it once it is there. A Jetson has
// little memory: two compilers of CUDA code at once need most of it.
func config(m *machine.Machine, custom string) string {
	parallel := ""
	if m != nil {
		// A release file that cannot be read is a Jetson's, too.
		if release, err := m.Release(); err != nil || release != "" {
			parallel = "\n  max-parallelism = 2"
		}
	}
	return fmt.Sprintf(`# jetkit writes this file whenever it starts its builder. A file of your own, which
# replaces it: %s
insecure-entitlements = ["network.host", "security.insecure", "device"]

[cdi]
  disabled = false
  specDirs = ["/etc/cdi", "/var/run/cdi", "/etc/buildkit/cdi"]

[worker.containerd]
  enabled = false

[worker.oci]
  enabled = true
  gc = true
  reservedSpace = "10%%"
  maxUsedSpace = "60%%"
  minFreeSpace = "10%%"%s
`, custom, parallel)
}
