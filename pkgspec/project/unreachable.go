package project

import (
	"fmt"
	"strings"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// Unreachable is why a tree that jetson.yaml names cannot be searched: err is what fetching
// it said.
func Unreachable(r plan.Remote, err error) *Refusal {
	text := strings.TrimSpace(err.Error())
	return &Refusal{Rule: rules.UnreachableSource, Message: fmt.Sprintf("%s cannot be fetched: %s", r, text), Hint: hintOf(r, text)}
}

// hints are what helps against what git says, and BuildKit of git.
var hints = []struct {
	said []string
	hint string
}{
	{
		[]string{"could not read Username", "Authentication failed", "terminal prompts disabled", "HTTP 401", "HTTP 403", "error: 401", "error: 403"},
		"a repository that not everybody may read needs a token: --secret id=GIT_AUTH_TOKEN,env=NAME",
	},
}

func hintOf(r plan.Remote, text string) string {
	if r.Image != "" {
		return ""
	}
	for _, h := range hints {
		for _, said := range h.said {
			if strings.Contains(text, said) {
				return h.hint
			}
		}
	}
	return ""
}
