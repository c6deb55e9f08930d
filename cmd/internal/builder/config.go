package builder

import (
	"fmt"
	"os"
	"strings"

	"jetkit/cmd/internal/machine"
)

// specDirs are where BuildKit looks for CDI specifications.
var specDirs = []string{"/etc/cdi", "/var/run/cdi", "/etc/buildkit/cdi"}

// config is the private builder's buildkitd.toml. Percentages are of the disk
// that the cache is on. A Jetson has little memory: two compilers of CUDA code at
// once need most of it.
func config(m *machine.Machine, custom string) string {
	var devices []string
	parallel := ""
	if m != nil {
		for _, dir := range specDirs {
			if info, err := os.Stat(m.Path(dir)); err == nil && info.IsDir() {
				devices = append(devices, fmt.Sprintf("%q", dir))
			}
		}
		// A release file that cannot be read is a Jetson's, too.
		if release, err := m.Release(); err != nil || release != "" {
			parallel = "\n  max-parallelism = 2"
		}
	}
	return fmt.Sprintf(`# jetkit writes this file whenever it starts its builder. A file of your own, which
# replaces it: %s
insecure-entitlements = ["network.host", "security.insecure", "device"]

[cdi]
  disabled = %t
  specDirs = [%s]

[worker.containerd]
  enabled = false

[worker.oci]
  enabled = true
  gc = true
  reservedSpace = "10%%"
  maxUsedSpace = "60%%"
  minFreeSpace = "10%%"%s
`, custom, len(devices) == 0, strings.Join(devices, ", "), parallel)
}
