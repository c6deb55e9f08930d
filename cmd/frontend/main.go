// Command frontend is the program of jetkit's frontend image, which BuildKit's
// gateway runs for a file that begins with "# syntax=".
package main

import (
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/gateway/grpcclient"
	"github.com/moby/buildkit/util/appcontext"
	_ "github.com/moby/buildkit/util/grpcutil/encoding/proto" // the codec that BuildKit's daemon speaks

	"jetkit/frontend"
	"jetkit/frontend/pack"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "jetkit frontend:", err)
		os.Exit(1)
	}
}

// run answers the gateway, or is a step of a build.
func run(args []string) error {
	if len(args) == 3 && args[0] == frontend.PackCommand {
		return pack.Write(args[1], args[2])
	}
	path, err := os.Executable()
	if err != nil {
		return err
	}
	return grpcclient.RunFromEnvironment(appcontext.Context(), frontend.BuildAs(path))
}
