package frontend

import (
	"maps"
	"strings"
)

// stepFlags are options that docker buildx build has for RUN steps, by the build
// arguments that say the same of RUN steps and of tests.
var stepFlags = map[string][2]string{
	"force-network-mode": {"BUILD_NETWORK", "TEST_NETWORK"},   // --network
	"shm-size":           {"BUILD_SHM_SIZE", "TEST_SHM_SIZE"}, // --shm-size, in bytes by now
	"ulimit":             {"BUILD_ULIMITS", "TEST_ULIMITS"},   // --ulimit, joined by commas
}

// buildArgs gives the build arguments. The command line's own flags for RUN steps
// are among them, so that they win over the file and the plan tells what they did;
// an argument that says more, being for RUN steps or tests alone, wins over a flag.
func (b *build) buildArgs() map[string]string {
	args := maps.Clone(b.ui.BuildArgs)
	if args == nil {
		args = map[string]string{}
	}
	opts := b.ui.BuildOpts().Opts
	for flag, names := range stepFlags {
		if opts[flag] == "" {
			continue
		}
		for _, name := range names {
			if strings.TrimSpace(args[name]) == "" {
				args[name] = opts[flag]
			}
		}
	}
	return args
}
