package teststep

import (
	"github.com/moby/buildkit/client/llb"

	"jetkit/pkgspec/plan"
)

// secrets mounts what a step's tests get of the client's secrets and SSH agents. They run
// as the image's user, whoever that is, and nobody else is in their container.
func secrets(step plan.Step) []llb.RunOption {
	var opts []llb.RunOption
	for _, s := range step.TestSecrets {
		secret := []llb.SecretOption{llb.SecretID(s.ID), llb.SecretFileOpt(0, 0, 0o444)}
		if s.Optional {
			secret = append(secret, llb.SecretOptional)
		}
		var target *string
		if s.Target != "" {
			target = &s.Target
		}
		if s.Env != "" {
			secret = append(secret, llb.SecretAsEnvName(s.Env))
		}
		opts = append(opts, llb.AddSecretWithDest(s.ID, target, secret...))
	}
	for _, a := range step.TestSSH {
		agent := []llb.SSHOption{llb.SSHID(a.ID), llb.SSHSocketOpt("", 0, 0, 0o666)}
		if a.Optional {
			agent = append(agent, llb.SSHOptional)
		}
		opts = append(opts, llb.AddSSHSocket(agent...))
	}
	return opts
}
