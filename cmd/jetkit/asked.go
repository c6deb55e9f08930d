package main

import "github.com/spf13/cobra"

// askedFlags are the options of commands that ask a builder something, and build nothing.
type askedFlags struct {
	builder              string
	secrets, ssh, policy []string
}

// registerAsked adds the flags to a command. about is the help of --builder.
func (f *askedFlags) registerAsked(cmd *cobra.Command, about string) {
	flags := cmd.Flags()
	flags.StringVar(&f.builder, "builder", "", about)
	flags.StringArrayVar(&f.secrets, "secret", nil, "secret for the builder, such as GIT_AUTH_TOKEN for repositories: `id=ID[,src=FILE|,env=NAME]`; repeatable")
	flags.StringArrayVar(&f.ssh, "ssh", nil, "SSH agent or keys for the builder to fetch repositories with: `default|ID[=SOCKET|KEY[,KEY]]`; repeatable")
	registerPolicy(flags, &f.policy)
}

// builderFor is what looks at a request on a builder, by its name or if that is empty on
// the one that builds would use. The caller closes it.
func builderFor(cmd *cobra.Command, sys *system, flags *requestFlags, on askedFlags) *builds {
	f := &buildFlags{requestFlags: *flags, builder: on.builder, secrets: on.secrets, ssh: on.ssh, policy: on.policy}
	if flags.platform != "" {
		f.platforms = []string{flags.platform}
	}
	return &builds{system: sys, flags: f, ctx: cmd.Context(), cmd: cmd}
}
