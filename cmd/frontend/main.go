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
)

func main() {
	if err := grpcclient.RunFromEnvironment(appcontext.Context(), frontend.Build); err != nil {
		fmt.Fprintln(os.Stderr, "jetkit frontend:", err)
		os.Exit(1)
	}
}
