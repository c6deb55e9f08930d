package main

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"jetkit/cmd/internal/build"
	"jetkit/frontend"
	"jetkit/pkgspec/diag"
)

// allow asks the user for what a builder refused. Without a terminal to ask on, and
// with nothing that was not allowed before, it returns nothing: the refusal stands.
func (b *builds) allow(r *build.Request, refused *frontend.RefusedError) ([]string, error) {
	var missing []string
	for _, e := range refused.Needed {
		if slices.ContainsFunc(r.Allow, func(allowed string) bool { return allowed == e.Name || strings.HasPrefix(allowed, e.Name+"=") }) {
			continue
		}
		missing = append(missing, e.Name)
		fmt.Fprintf(b.err, "%s want %s: %s\n", diag.Clean(strings.Join(e.Uses, " and ")), e.Name, meaning[e.Name])
	}
	if len(missing) == 0 {
		return nil, nil
	}
	if b.flags.yes {
		fmt.Fprintf(b.err, "allowed by --yes: %s\n", strings.Join(missing, ", "))
		return missing, nil
	}
	if !b.asks() {
		return nil, nil
	}
	fmt.Fprintf(b.err, "Allow it for this build? [y/N] ")
	answer, _ := bufio.NewReader(b.in).ReadString('\n') // an end of the input is a no
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return nil, fmt.Errorf("not allowed: %s", strings.Join(missing, ", "))
	}
	return missing, nil
}

// meaning says what a build can do with an entitlement.
var meaning = map[string]string{
	"device":            "they use devices of the builder's machine",
	"network.host":      "they use the network of the builder's machine, with what listens there",
	"security.insecure": "they run as root of the builder's machine, with all its devices",
}
