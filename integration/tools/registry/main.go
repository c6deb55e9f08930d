// Command registry is distribution's own registry with the one storage that the tests use, a folder. The drivers for
// clouds, which distribution's own command has too, would take a minute to compile.
package main

import (
	"os"

	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	if err := registry.RootCmd.Execute(); err != nil {
		os.Exit(1)
	}
}
