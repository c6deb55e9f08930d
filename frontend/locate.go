package frontend

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/status"

	"jetkit/llb/chain"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// keepText makes an error arrive at the client as it reads here. Without it,
// grpcerrors.ToGRPC (BuildKit v0.33) replaces the text of an error that wraps a
// gRPC error, from a solve say, with that error's own.
//
// An error also holds text of packages, so what could steer a terminal is cleaned.
func keepText(err error) error {
	if err == nil {
		return nil
	}
	return &textError{error: err, text: diag.CleanLines(err.Error())}
}

// textError is an error with a text of its own; without one it reads as it is.
type textError struct {
	error
	text string
}

func (e *textError) Error() string { return cmp.Or(e.text, e.error.Error()) }

func (e *textError) Unwrap() error { return e.error }

// GRPCStatus is what grpcerrors asks for first.
func (e *textError) GRPCStatus() *status.Status {
	return status.New(grpcerrors.Code(e.error), e.Error())
}

// locate attaches to an error the source ranges that it speaks of, so that
// buildx shows the lines. It is the only place that does: everything below
// carries positions, not BuildKit types.
func (b *build) locate(err error) error {
	if err == nil {
		return nil
	}
	var step *chain.StepError
	var location *parser.LocationError
	if errors.As(err, &step) && errors.As(err, &location) && step.SourceMap != nil {
		info := fileInfo(step.SourceMap.Filename, "Dockerfile", step.SourceMap.Data)
		for _, l := range location.Locations {
			err = errdefs.WithSource(err, &errdefs.Source{Info: info, Ranges: chain.Ranges(l)})
		}
	}
	places := placesOf(err)
	// WithSource puts a source outside those before it, and people read the
	// outermost first.
	for _, at := range slices.Backward(places) {
		if info := b.sourceInfo(at.File); info != nil && at.Start.Line > 0 {
			err = errdefs.WithSource(err, &errdefs.Source{Info: info, Ranges: ranges(at)})
		}
	}
	if len(errdefs.Sources(err)) == 0 {
		// BuildKit shows the line with "# syntax=" for an error that has no source, and
		// nothing for one whose source has no lines.
		err = errdefs.WithSource(err, &errdefs.Source{Info: b.sourceInfo(b.spec.Filename)})
	}
	return err
}

// placedError is an error that speaks of places in the user's files.
type placedError struct {
	error
	at []diag.Range
}

func (e *placedError) Unwrap() error { return e.error }

// maxRelated is how many related places of a problem are shown as excerpts.
const maxRelated = 2

// placesOf returns the places that an error speaks of: those of its problems and, if
// there is only one, its related places.
func placesOf(err error) []diag.Range {
	if placed, ok := errors.AsType[*placedError](err); ok {
		return placed.at
	}
	var places []diag.Range
	list := diag.FromError(err)
	for _, d := range list {
		places = append(places, d.At)
	}
	if len(list) != 1 {
		return places
	}
	for _, r := range list[0].Related {
		shown := slices.ContainsFunc(places, func(at diag.Range) bool { return at.File == r.At.File && at.Start.Line == r.At.Start.Line })
		if !shown && r.At.Start.Line > 0 && len(places) <= maxRelated {
			places = append(places, r.At)
		}
	}
	return places
}

// declared returns the source location of a test's declaration.
func (b *build) declared(_ plan.Step, t plan.Test) llb.ConstraintsOpt {
	info := b.sourceInfo(t.At.File)
	if info == nil {
		return llb.WithDescription(nil)
	}
	return llb.NewSourceMap(nil, info.Filename, info.Language, info.Data).Location(ranges(t.At))
}

// constrained returns the source location of a package's constraints on Python projects.
func (b *build) constrained(s plan.Step) llb.ConstraintsOpt {
	at := s.Constraints[0].At
	info := b.sourceInfo(at.File)
	if info == nil {
		return llb.WithDescription(nil)
	}
	for _, c := range s.Constraints {
		if c.At.File == at.File {
			at = at.To(c.At)
		}
	}
	return llb.NewSourceMap(nil, info.Filename, info.Language, info.Data).Location(ranges(at))
}

// placeOf returns the place of what belongs to no package: where jetson.yaml lists the
// packages or, if it does not, its first line.
func (b *build) placeOf(p *plan.Plan) llb.ConstraintsOpt { return b.placed(p.RequestedAt) }

// placed returns a place in jetson.yaml: its first line, for one that is not there.
func (b *build) placed(at diag.Range) llb.ConstraintsOpt {
	if at.File != b.spec.Filename {
		at = diag.Range{File: b.spec.Filename, Start: diag.Position{Line: 1}}
	}
	info := b.sourceInfo(at.File)
	return llb.NewSourceMap(nil, info.Filename, info.Language, info.Data).Location(ranges(at))
}

// sourceInfo returns a file by the name that diagnostics have for it, or nil if there is none.
func (b *build) sourceInfo(file string) *pb.SourceInfo {
	if file == "" {
		return nil
	}
	if file == b.spec.Filename {
		return &pb.SourceInfo{Filename: file, Language: b.spec.Language, Data: b.spec.Data, Definition: b.spec.Definition.ToPB()}
	}
	loaded := b.loaded.Load()
	if loaded == nil {
		return nil
	}
	dt, err := loaded.ReadFile(file)
	if err != nil {
		return nil
	}
	language := "YAML"
	if strings.Contains(strings.ToLower(file), "dockerfile") {
		language = "Dockerfile"
	}
	return fileInfo(file, language, dt)
}

func fileInfo(name, language string, dt []byte) *pb.SourceInfo {
	return printableSource(&pb.SourceInfo{Filename: name, Language: language, Data: dt})
}

// ranges returns a diagnostic's range as BuildKit counts: lines from 1, characters
// from 0. A file as a whole has none.
func ranges(r diag.Range) []*pb.Range {
	if r.Start.Line == 0 {
		return nil
	}
	position := func(p diag.Position) *pb.Position {
		return &pb.Position{Line: int32(p.Line), Character: int32(max(p.Column-1, 0))} // files are far smaller
	}
	end := r.End
	if end.Line == 0 {
		end = r.Start
	}
	return []*pb.Range{{Start: position(r.Start), End: position(end)}}
}
