package build

import (
	"fmt"
	"regexp"
)

// ungranted matches a builder's refusal of an entitlement that a build was allowed to
// use, which comes before the frontend runs. Source: moby/buildkit v0.34,
// util/entitlements.
var ungranted = regexp.MustCompile(`granting entitlement (network\.host|security\.insecure|device) is not allowed by build daemon configuration$`)

// engineKeys are the entitlements' names in the daemon.json of Docker's engine.
var engineKeys = map[string]string{"network.host": "network-host", "security.insecure": "security-insecure", "device": "device"}

// withConfiguration adds to such a refusal where the builder's owner allows it.
func withConfiguration(err error) error {
	m := ungranted.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	return fmt.Errorf("%w\nno build on this builder may use %s, whatever --allow says. Whoever owns the builder allows it in buildkitd.toml: "+
		"add %[2]q to insecure-entitlements, and start it again\n"+
		"  Docker's engine: \"builder\": {\"entitlements\": {%[3]q: true}} in daemon.json; jetkit's own builder has it: --builder jetkit",
		err, m[1], engineKeys[m[1]])
}
