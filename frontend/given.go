package frontend

import (
	"fmt"
	"regexp"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// What BuildKit says where a step needs a secret or an SSH agent that the command does not
// give. It is the whole error: what a package prints or runs is not taken for it.
// Source: moby/buildkit v0.34, session/secrets and session/sshforward; tried.
var (
	missingSecret = regexp.MustCompile(`^secret (\S+): not found$`)
	missingAgent  = regexp.MustCompile(`^(?:unset ssh forward key |no SSH key ")([^\s"]+)(?:" forwarded from the client)?$`)
)

// missingHint says which option gives a step the secret or SSH agent that it lacks; it is
// empty for other errors. Of a test, it says where jetson.yaml asks for it.
func missingHint(err error, tested plan.Step) string {
	text := err.Error()
	if m := missingSecret.FindStringSubmatch(text); m != nil {
		hint := fmt.Sprintf("\nadd --secret id=%s,src=FILE or --secret id=%[1]s,env=VARIABLE to the command", m[1])
		for _, s := range tested.TestSecrets {
			if s.ID == m[1] && !s.Optional {
				return hint + requiredAt(s.At)
			}
		}
		return hint
	}
	if m := missingAgent.FindStringSubmatch(text); m != nil {
		hint := "\nadd --ssh " + m[1] + " to the command"
		for _, a := range tested.TestSSH {
			if a.ID == m[1] && !a.Optional {
				return hint + requiredAt(a.At)
			}
		}
		return hint
	}
	return ""
}

func requiredAt(at diag.Range) string {
	return "; " + at.String() + " asks for it: with required: false there, the tests run without it"
}
