package resolve

import (
	"fmt"

	"jetkit/pkgspec"
	"jetkit/pkgspec/plan"
)

// withoutDefault returns a hint for a missing package where the listed sources leave
// out the default folder. Whether that folder exists is not looked up: a context's
// folders are transferred only if they are sources.
func (r *resolver) withoutDefault() string {
	by, entry := "", pkgspec.DefaultDir
	for _, s := range r.spec.Sources {
		switch {
		case s.Kind == plan.Context && (s.Dir == "." || s.Dir == pkgspec.DefaultDir):
			return ""
		case s.At.File != "":
			by, entry = "sources", fmt.Sprintf("{dir: %s}", pkgspec.DefaultDir)
		case s.Kind == plan.Context && by == "":
			by = "--build-arg PACKAGE_DIRS"
		}
	}
	if by == "" { // the command line's own --source
		return ""
	}
	return fmt.Sprintf("%s replaces the default: add %s to it if the package is in the folder %s of the context", by, entry, pkgspec.DefaultDir)
}
