package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/pb"
	"github.com/spf13/cobra"

	"jetkit/frontend"
)

// checkOn checks a request on a builder, as docker buildx build --check does, and prints what
// is found. Like that, it fails if there is anything.
func checkOn(cmd *cobra.Command, sys *system, flags *requestFlags, on askedFlags, r *request, asJSON bool) error {
	b := builderFor(cmd, sys, flags, on)
	defer b.close()
	var results *lint.LintResults
	err := b.look(r, func(ctx context.Context, c gateway.Client, o frontend.Options) (err error) {
		results, err = o.Check(ctx, c)
		return err
	})
	if err != nil {
		return err
	}
	if asJSON {
		dt, err := json.MarshalIndent(results, "", "  ")
		if err != nil {
			return fmt.Errorf("encoding what was found: %w", err)
		}
		fmt.Fprintf(sys.out, "%s\n", dt)
	} else {
		fmt.Fprint(sys.out, findingsText(results))
	}
	if len(results.Warnings) > 0 || results.Error != nil {
		return &exitError{exitFailure}
	}
	return nil
}

// findingsText prints findings as other warnings are printed.
func findingsText(results *lint.LintResults) string {
	var b strings.Builder
	inOrder := slices.SortedStableFunc(slices.Values(results.Warnings), func(v, w lint.Warning) int {
		return cmp.Or(cmp.Compare(fileOf(results.Sources, v.Location), fileOf(results.Sources, w.Location)), cmp.Compare(firstLineOf(v.Location), firstLineOf(w.Location)))
	})
	for _, w := range inOrder {
		place, message := placeIn(results.Sources, w.Location), w.Detail
		if own := placeAtStart.FindString(message); own != "" {
			place, message = strings.TrimSuffix(own, ": "), message[len(own):]
		}
		if place != "" {
			place += ": "
		}
		fmt.Fprintf(&b, "%swarning: %s [%s]\n", place, message, w.RuleName)
		if w.Description != "" {
			fmt.Fprintf(&b, "    hint: %s\n", strings.ReplaceAll(w.Description, "\n", "\n          "))
		}
	}
	if results.Error != nil {
		fmt.Fprintf(&b, "ERROR: %s\n", results.Error.Message)
	}
	if len(results.Warnings) == 0 && results.Error == nil {
		fmt.Fprintln(&b, "no warnings")
	}
	return b.String()
}

// placeAtStart is the place that a finding in a file of a package has in its text, because
// docker buildx build shows each under the name of the file that -f names.
var placeAtStart = regexp.MustCompile(`^\S+:\d+(:\d+)?: `)

// placeIn returns file and line of a finding, as far as it has them.
func placeIn(sources []*pb.SourceInfo, at *pb.Location) string {
	if line := firstLineOf(at); line > 0 {
		return fmt.Sprintf("%s:%d", fileOf(sources, at), line)
	}
	return fileOf(sources, at)
}

func fileOf(sources []*pb.SourceInfo, at *pb.Location) string {
	if i := int(at.GetSourceIndex()); i >= 0 && i < len(sources) {
		return sources[i].GetFilename()
	}
	return ""
}

func firstLineOf(at *pb.Location) int32 {
	if len(at.GetRanges()) == 0 {
		return 0
	}
	return at.GetRanges()[0].GetStart().GetLine()
}
