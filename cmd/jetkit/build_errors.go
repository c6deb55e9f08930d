package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"

	"jetkit/pkgspec/diag"
)

// buildError is a build that failed: BuildKit knows the lines of files that it is
// about.
type buildError struct{ error }

func (e *buildError) Unwrap() error { return e.error }

// print shows the error below its lines, as docker buildx build does.
func (e *buildError) print(w io.Writer) {
	for _, source := range errdefs.Sources(e.error) {
		if source.Info.GetFilename() != commandLine {
			_ = source.Print(w) // there is no place to say so
		}
	}
	fmt.Fprintf(w, "ERROR: %s\n", diag.CleanLines(e.Error()))
}

// asBuildError returns the error of a build as its user reads it: problems of the
// user's files as the plan shows them.
func asBuildError(err error) error {
	list := diag.FromError(err)
	if len(list) == 0 {
		if grpcerrors.Code(err) == codes.Unavailable { // of gRPC's own: the builder's errors have other codes
			err = fmt.Errorf("the connection to the builder ended, and the build with it; what it finished is in the builder's cache: %w", err)
		}
		return &buildError{err}
	}
	texts := map[string][]byte{}
	for _, source := range errdefs.Sources(err) {
		texts[source.Info.GetFilename()] = source.Info.GetData()
	}
	return &problemError{list: withoutCommandLine(list), texts: texts}
}

// printBuildWarnings lists the warnings of a build as those of a plan are listed.
func printBuildWarnings(w io.Writer, warnings []client.VertexWarning) {
	if len(warnings) > 0 {
		fmt.Fprintln(w)
	}
	for _, warning := range warnings {
		place, text := "", string(warning.Short)
		if rule, message, ok := strings.Cut(text, ": "); ok && !strings.Contains(rule, " ") {
			if warning.SourceInfo != nil { // the frontend puts the place behind the message
				if at := strings.LastIndex(message, " ("+warning.SourceInfo.GetFilename()+":"); at >= 0 && strings.HasSuffix(message, ")") {
					message, place = message[:at], message[at+2:len(message)-1]+": "
				}
			}
			text = message + " [" + rule + "]"
		}
		fmt.Fprintf(w, "%swarning: %s\n", diag.Clean(place), diag.Clean(text))
		for _, detail := range warning.Detail {
			fmt.Fprintf(w, "    hint: %s\n", diag.Clean(string(detail)))
		}
	}
}
