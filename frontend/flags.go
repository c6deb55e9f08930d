package frontend

import (
	"maps"
	"strings"
)

// stepFlag is an option of docker buildx build for RUN steps.
type stepFlag struct {
	name string
	// args are the build arguments that say the same of RUN steps and of tests.
	args [2]string
}

// stepFlags are by the frontend options that they come as.
var stepFlags = map[string]stepFlag{
	"force-network-mode": {"--network", [2]string{"BUILD_NETWORK", "TEST_NETWORK"}},
	"shm-size":           {"--shm-size", [2]string{"BUILD_SHM_SIZE", "TEST_SHM_SIZE"}}, // in bytes by now
	"ulimit":             {"--ulimit", [2]string{"BUILD_ULIMITS", "TEST_ULIMITS"}},     // joined by commas
}

// buildArgs returns the build arguments. The command line's own flags for RUN steps
// are among them, so that they win over the file and the plan lists what they did. An
// argument that is for RUN steps or tests alone wins over a flag.
// The second result says which arguments stand for a flag.
func (b *build) buildArgs() (args, options map[string]string) {
	args, options = map[string]string{}, map[string]string{}
	maps.Copy(args, b.ui.BuildArgs)
	opts := b.ui.BuildOpts().Opts
	for key, flag := range stepFlags {
		if opts[key] == "" {
			continue
		}
		for _, name := range flag.args {
			if strings.TrimSpace(args[name]) == "" {
				args[name], options[name] = opts[key], flag.name
			}
		}
	}
	return args, options
}
