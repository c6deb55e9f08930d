package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// build asks whether to build the packages, and does, with jetkit build and the same
// target. Without a terminal, and with --quiet, it builds nothing, as jetson-containers.
// It returns the image's name, "" if none was built.
func (f *finder) build(ctx context.Context) (string, error) {
	if f.quiet {
		return "", nil
	}
	question := fmt.Sprintf("No image holds %s and runs on this machine (%s). Build one?", strings.Join(f.names, " and "), f.request.Target.String())
	yes, err := f.sys.ask(ctx, question, false)
	if err != nil || !yes {
		return "", err
	}
	var out bytes.Buffer
	sub := *f.sys
	sub.out = &out
	cmd := newBuild(&sub)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(f.buildArguments(cmd.Flags()))
	if err := cmd.ExecuteContext(ctx); err != nil {
		return "", err
	}
	names := strings.Fields(out.String())
	if len(names) == 0 {
		return "", fmt.Errorf("jetkit build gave the image no name")
	}
	return names[0], nil
}

// buildArguments is the command line of jetkit build: the flags of this command that are
// that one's too, and mean the same, and the packages. It reads
// the same variables.
func (f *finder) buildArguments(known *pflag.FlagSet) []string {
	own := []string{"prefer", "disable", "user", "output", "quiet", "verbose", "explain", "format"}
	var args []string
	f.flags.Visit(func(flag *pflag.Flag) {
		if slices.Contains(own, flag.Name) || known.Lookup(flag.Name) == nil {
			return
		}
		values := []string{flag.Value.String()}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			args = append(args, "--"+flag.Name+"="+value)
		}
	})
	if f.file != "" {
		args = append(args, "--arg=PACKAGES="+strings.Join(f.names, ","))
		return args
	}
	return append(append(args, "--"), f.names...)
}
