package lock

import (
	"crypto/sha256"
	"fmt"
	"regexp"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/plan"
)

// place matches where in a file a reason is from: a line that moves is no other reason.
var place = regexp.MustCompile(`(\.\w+|Dockerfile[\w.-]*):\d+(:\d+)?`)

// reasonsOf returns the digest of why a plan has its target, its base and its packages.
func reasonsOf(p *plan.Plan) string {
	h := sha256.New()
	add := func(what string, reasons ...string) {
		fmt.Fprintf(h, "%q", what)
		for _, reason := range reasons {
			fmt.Fprintf(h, " %q", place.ReplaceAllString(reason, "$1"))
		}
		fmt.Fprintln(h)
	}
	for _, f := range p.Target.Facts() {
		add(f.Key, f.Value.Reason)
	}
	add("base", p.Base.Reason)
	for _, s := range p.Steps {
		add(catalog.Base(s.Name), s.Why...) // its version is no reason
	}
	return fmt.Sprintf("sha256:%x", h.Sum(nil))
}
