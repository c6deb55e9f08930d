package project

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// Unreachable is why a tree that jetson.yaml names cannot be searched: err is what fetching
// it said.
func Unreachable(r plan.Remote, err error) *Refusal {
	said := whatGitSaid(err)
	if r.Git != "" {
		said = strings.ReplaceAll(said, r.Git, plan.WithoutCredentials(r.Git))
	}
	refusal := &Refusal{Rule: rules.UnreachableSource, Message: fmt.Sprintf("%s cannot be fetched: %s", r, said)}
	if r.Git != "" && refused.MatchString(said) {
		refusal.Hint = "if not everybody may read it, give a token: --secret id=GIT_AUTH_TOKEN" + ofHost(r.Git) + ",env=NAME; commands without a builder use git's own credentials"
		if !strings.Contains(r.Git, "://") || strings.HasPrefix(r.Git, "ssh://") {
			refusal.Hint = "give an SSH agent that has a key for it: --ssh default"
		}
	}
	return refusal
}

// ofHost ends the name of a secret that only one host gets.
func ofHost(git string) string {
	u, err := url.Parse(git)
	if err != nil || u.Host == "" {
		return ""
	}
	return "." + u.Host
}

// refused matches what git says if a server wants to know who asks, and what servers say in
// its place about what not everybody may know of.
var refused = regexp.MustCompile(`could not read Username|Authentication failed|terminal prompts disabled|The requested URL returned error: (401|403|404)|[Rr]epository .*not found|Permission denied \(publickey`)

// gitError matches an error of BuildKit's about git: what git wrote is in it, and how it ended.
var gitError = regexp.MustCompile(`(?s)^(.*?)git stderr:\n(.*?)(: exit status \d+)?$`)

// whatGitSaid returns an error in one line.
func whatGitSaid(err error) string {
	text := err.Error()
	if m := gitError.FindStringSubmatch(text); m != nil {
		text = m[2]
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.Trim(line, " \r\n\x00"); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
