package plan

import (
	"slices"

	"jetkit/pkgspec/diag"
)

// Secret is what a package's tests get of a secret that whoever starts the build holds.
// A plan has its name alone.
type Secret struct {
	// ID is the name that --secret gives it.
	ID string `json:"id"`
	// Env is the variable that holds it, and Target the file; at least one is set.
	Env    string `json:"env,omitempty"`
	Target string `json:"target,omitempty"`
	// Optional tells that the tests run without it where the command does not give it.
	Optional bool `json:"optional,omitempty"`
	// At is where jetson.yaml asks for it.
	At diag.Range `json:"at"`
}

// SSHAgent is an SSH agent that a package's tests can ask, at SSH_AUTH_SOCK.
type SSHAgent struct {
	// ID is the name that --ssh gives it.
	ID string `json:"id"`
	// Optional tells that the tests run without it where the command does not give it.
	Optional bool `json:"optional,omitempty"`
	// At is where jetson.yaml asks for it.
	At diag.Range `json:"at"`
}

// DefaultSSHAgent is the agent of --ssh default.
const DefaultSSHAgent = "default"

// DefaultSecretDir is the folder of secrets of which nobody says where they go, as in
// Dockerfiles.
const DefaultSecretDir = "/run/secrets/"

// String says what it is and where: "secret hf in HF_TOKEN".
func (s Secret) String() string {
	text := "secret " + s.ID
	if s.Env != "" && s.Target != "" {
		text += " in " + s.Env + " and " + s.Target
	} else {
		text += " in " + s.Env + s.Target
	}
	return text + optional(s.Optional)
}

func (a SSHAgent) String() string { return "SSH agent " + a.ID + optional(a.Optional) }

// TestsGet lists in words what the package's tests get of whoever starts the build.
func (s *Step) TestsGet() []string {
	var all []string
	for _, secret := range s.TestSecrets {
		all = append(all, secret.String())
	}
	for _, agent := range s.TestSSH {
		all = append(all, agent.String())
	}
	return all
}

func optional(is bool) string {
	if is {
		return ", if it is given"
	}
	return ""
}

// withoutPlaces returns the secrets and agents of tests without where they were asked for.
func withoutPlaces(secrets []Secret, agents []SSHAgent) ([]Secret, []SSHAgent) {
	secrets, agents = slices.Clone(secrets), slices.Clone(agents)
	for i := range secrets {
		secrets[i].At = diag.Range{}
	}
	for i := range agents {
		agents[i].At = diag.Range{}
	}
	return secrets, agents
}
