package frontend

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// denied matches what BuildKit says of a source that a source policy does not let a build have.
// Source: moby/buildkit v0.34, sourcepolicy and solver/llbsolver; tried.
var denied = regexp.MustCompile(`source ("(?:[^"\\]|\\.)+") (?:denied by policy|not allowed by policy)`)

// withAsking adds to an error about a source that a policy refuses who asks for it, and
// where. BuildKit checks all sources before the first step, so its error has no step.
func (c *compiled) withAsking(err error) error {
	m := denied.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	id, unquoteErr := strconv.Unquote(m[1])
	if unquoteErr != nil {
		return err
	}
	var asking []string
	for _, source := range c.matching(func(op *pb.Op) bool { return op.GetSource() != nil && op.GetSource().GetIdentifier() == id }) {
		err = c.withSource(err, source)
		if ref, ok := baseOf(c.nameOf(source), c.platform); ok {
			asking = append(asking, "the base image "+ref)
		}
		uses := func(op *pb.Op) bool {
			return slices.ContainsFunc(op.GetInputs(), func(in *pb.Input) bool { return in.GetDigest() == string(source) })
		}
		for _, user := range c.matching(uses) {
			for _, name := range c.instructions[user].Packages {
				asking = append(asking, "package "+name)
			}
		}
	}
	slices.Sort(asking)
	if asking = slices.Compact(asking); len(asking) > 0 {
		err = fmt.Errorf("%w\nit is asked for by %s%s", err, strings.Join(asking, ", "), firstPlace(err))
	}
	return err
}

// matching returns the digests of the definition's operations that match, in their order.
func (c *compiled) matching(matches func(*pb.Op) bool) []digest.Digest {
	var found []digest.Digest
	for _, dt := range c.definition.Def {
		op := &pb.Op{}
		if op.UnmarshalVT(dt) == nil && matches(op) {
			found = append(found, digest.FromBytes(dt))
		}
	}
	return found
}
