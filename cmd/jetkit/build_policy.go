package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"jetkit/cmd/internal/build"
)

// sourcePolicy is the variable that names a source policy for docker buildx build too.
const sourcePolicy = "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"

// policyFile is what docker buildx build appends to a file's name to find its policy.
const policyFile = ".rego"

// noPolicy is the value of --policy that builds without the policy beside the file.
const noPolicy = "disabled=true"

// registerPolicy adds the flag that builds without a policy.
func registerPolicy(flags *pflag.FlagSet, policy *[]string) {
	flags.StringArrayVar(policy, "policy", nil, "`disabled=true` goes on although there is a jetson.yaml.rego, which docker buildx build evaluates and jetkit does not")
}

// policies gives the builder the source policy of the environment, and refuses a build with a
// policy that only buildx evaluates: to build without it must be somebody's wish.
func (b *builds) policies(req *build.Request, r *request) error {
	for _, value := range b.flags.policy {
		if value != noPolicy {
			return &flagError{fmt.Errorf("--policy %s: jetkit evaluates no policies in Rego, so it can only be %s", value, noPolicy)}
		}
	}
	if r.policy != "" && len(b.flags.policy) == 0 {
		return fmt.Errorf("%s is a policy that docker buildx build evaluates and jetkit does not; build with that, or without the policy: --policy %s", r.policy, noPolicy)
	}
	file, _ := b.env(sourcePolicy)
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err == nil {
		req.Policy, err = build.ParsePolicy(text)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", sourcePolicy, err)
	}
	return nil
}

// policyBeside returns the name of the policy of a file; empty if it has none.
func policyBeside(file string) (string, error) {
	_, err := os.Stat(file + policyFile)
	switch {
	case err == nil:
		return file + policyFile, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	}
	return "", err
}
