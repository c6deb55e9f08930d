package chain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan"
)

func TestLint(t *testing.T) {
	for name, test := range map[string]struct {
		dockerfile, ignore, options string
		// want has rule and line of each finding, and failed the rules of the error.
		want, failed string
	}{
		"nothing":                    {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"},
		"the base, quoted":           {dockerfile: "ARG BASE_IMAGE\nFROM \"$BASE_IMAGE\" AS a\nFROM a\n"},
		"another argument":           {dockerfile: "ARG BASE_IMAGE\nARG OTHER\nFROM ${OTHER} AS x\nFROM $BASE_IMAGE\n", want: "InvalidDefaultArgInFrom 3"},
		"both":                       {dockerfile: "ARG BASE_IMAGE\nARG TAG\nFROM ${BASE_IMAGE}${TAG}\n", want: "InvalidDefaultArgInFrom 3"},
		"a finding":                  {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCMD x\n", want: "JSONArgsRecommended 3"},
		"skipped by the build":       {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCMD x\n", options: "skip=JSONArgsRecommended"},
		"skipped by the file":        {dockerfile: "# check=skip=JSONArgsRecommended\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCMD x\n"},
		"skipped above it":           {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n# check=skip=JSONArgsRecommended\nCMD x\n"},
		"another skipped above it":   {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n# check=skip=apt-lists\nCMD x\n", want: "JSONArgsRecommended 4"},
		"the build wins":             {dockerfile: "# check=skip=all\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCMD x\n", options: "skip=MaintainerDeprecated", want: "JSONArgsRecommended 4"},
		"an error, none found":       {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n", options: "error=true"},
		"an error":                   {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCMD x\n", options: "error=true", want: "JSONArgsRecommended 3", failed: "JSONArgsRecommended"},
		"an error as the file wants": {dockerfile: "# check=error=true\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCMD x\n", want: "JSONArgsRecommended 4", failed: "JSONArgsRecommended"},
		"an ignored file":            {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY out/a b /\nADD https://x/out .\nCOPY --from=x out /\nARG out=y\nCOPY $out /\n", ignore: "out\n", want: "CopyIgnoredFile 3"},
		"an ignored file, skipped":   {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nADD out /\n", ignore: "out\n", options: "skip=CopyIgnoredFile"},
		"an ignored file, an error":  {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nADD out /\n", ignore: "out\n", options: "error=true", want: "CopyIgnoredFile 3", failed: "CopyIgnoredFile"},
		"ignored with exceptions":    {dockerfile: "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nADD out /\n", ignore: "out\n!out/a\n"},
	} {
		t.Run(name, func(t *testing.T) {
			step := plan.Step{Name: "p", BuildArgs: map[string]string{"OTHER": "busybox"}, Origin: plan.Origin{Kind: plan.Context, Path: "p"}, Dockerfile: "Dockerfile"}
			files := llbtest.Sources{"p/Dockerfile": {Data: []byte(test.dockerfile)}}
			if test.ignore != "" {
				files["p/.dockerignore"] = &fstest.MapFile{Data: []byte(test.ignore)}
			}
			opts := map[string]string{}
			if test.options != "" {
				opts["build-arg:BUILDKIT_DOCKERFILE_CHECK"] = test.options
			}
			var got []string
			opt := chain.Options{
				Plan: &plan.Plan{Steps: []plan.Step{step}}, Base: chain.Base{State: llb.Image("base"), Image: llbtest.Debian()}, Sources: files,
				Client: &llbtest.Client{Opts: opts, Config: *llbtest.Debian()}, Platform: llbtest.Platform,
				Warn: func(plan.Step, *llb.SourceMap) linter.LintWarnFunc {
					return func(rule, _, _, _ string, at []parser.Range) {
						got = append(got, fmt.Sprintf("%s %d", rule, at[0].Start.Line))
					}
				},
			}
			_, err := chain.Compile(t.Context(), opt)
			assert.Equal(t, test.want, strings.Join(got, ", "), "build")
			if test.failed == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "lint violation found for rules: "+test.failed)
				location, ok := errors.AsType[*parser.LocationError](err)
				require.True(t, ok)
				assert.NotEmpty(t, location.Locations)
			}

			results, err := chain.Lint(t.Context(), opt, step)
			require.NoError(t, err)
			got = nil
			for _, w := range results.Warnings {
				got = append(got, fmt.Sprintf("%s %d", w.RuleName, w.Location.Ranges[0].Start.Line))
			}
			assert.Equal(t, test.want, strings.Join(got, ", "), "check")
			assert.Equal(t, test.failed != "", results.Error != nil)
			require.Len(t, results.Sources, 1)
			assert.Equal(t, "p/Dockerfile", results.Sources[0].Filename)
		})
	}
}
