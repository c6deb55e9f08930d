package main

import (
	"fmt"
	"slices"
	"strings"

	"jetkit/frontend"
	"jetkit/pkgspec/diag"
)

// allow asks the user for what a builder refused. It reports whether to try again. No
// answer is possible without a terminal: then the refusal stands, which says which
// flags would help.
func (b *builds) allow(refused *frontend.RefusedError) (again bool, no error) {
	var missing []string
	for _, e := range refused.Needed {
		if slices.ContainsFunc(b.allowed, func(allowed string) bool { return allowed == e.Name || strings.HasPrefix(allowed, e.Name+"=") }) {
			continue
		}
		missing = append(missing, e.Name)
	}
	if len(missing) == 0 || !b.flags.yes && !b.asks() {
		return false, nil
	}
	for _, e := range refused.Needed {
		if slices.Contains(missing, e.Name) {
			fmt.Fprintf(b.err, "%s for %s: %s\n", e.Name, diag.Clean(strings.Join(e.Uses, " and ")), meaning[e.Name])
		}
	}
	if b.flags.yes {
		fmt.Fprintf(b.err, "allowed, as --yes says\n")
	} else {
		yes, err := b.ask(b.ctx, "Allow it for this build?", false)
		if err != nil {
			return false, err
		}
		if !yes {
			return false, fmt.Errorf("not allowed: %s", strings.Join(missing, ", "))
		}
	}
	b.allowed = append(b.allowed, missing...)
	return true, nil
}

// meaning says what a build can do with an entitlement.
var meaning = map[string]string{
	"device":            "use devices of the builder's machine",
	"network.host":      "use the network of the builder's machine, and what listens there",
	"security.insecure": "run as root of the builder's machine, with all its devices",
}
