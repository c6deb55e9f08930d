package frontend

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"jetkit/llb/chain"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// dockerfileMinor is the minor version of docker/dockerfile 1 that the packages'
// Dockerfiles are read by: that of the BuildKit library in go.mod (0.N has 1.(N-6)).
const dockerfileMinor = 28

// dropped warns of limits that the builder cannot set: without a warning, steps would
// run without them.
func (b *build) dropped(p *plan.Plan) diag.List {
	var l diag.List
	caps := b.ui.BuildOpts().LLBCaps
	for _, limit := range []struct {
		wanted     bool
		capability apicaps.CapID
		name       string
	}{
		{len(p.Build.Ulimits) > 0 || len(p.Tests.Ulimits) > 0, pb.CapExecMetaUlimit, "ulimits"},
		{p.Build.ShmSize > 0 || p.Tests.ShmSize > 0, pb.CapExecMountTmpfsSize, "the size of /dev/shm (shm_size)"},
		{b.ui.CgroupParent != "", pb.CapExecMetaCgroupParent, "--cgroup-parent"},
		{b.ui.LinuxResources != nil || limited(p), pb.CapExecMetaLinuxResources, "limits of memory and processors"},
	} {
		if limit.wanted && caps.Supports(limit.capability) != nil {
			l.Warnf(rules.LimitDropped, diag.Range{}, "upgrade the builder", "the builder is too old for %s: steps run without", limit.name)
		}
	}
	return l
}

// limited reports whether RUN steps of a package have limits of memory or processors.
func limited(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Resources.Memory > 0 || s.Resources.CPUs != "" })
}

// undated warns of a SOURCE_DATE_EPOCH that stands for something without a date.
func (b *build) undated(epoch *time.Time) diag.List {
	var l diag.List
	if value := b.ui.BuildArgs[sourceDateEpoch]; value != "" && epoch == nil {
		l.Warnf(rules.NoEffect, diag.Range{}, "give a number of seconds, as git log -1 --format=%ct prints it",
			"--build-arg %s=%s has no effect: a folder on the client has no date", sourceDateEpoch, value)
	}
	return l
}

// otherSyntax warns of Dockerfiles whose syntax line names another frontend than the one
// that reads them.
func otherSyntax(stages []chain.Stage) diag.List {
	var l diag.List
	for _, s := range stages {
		if s.SourceMap != nil {
			l = append(l, syntaxProblem(s.Step, s.SourceMap.Data)...)
		}
	}
	return l
}

func syntaxProblem(step plan.Step, dockerfile []byte) diag.List {
	var l diag.List
	ref, _, at, ok := parser.DetectSyntax(dockerfile)
	if !ok || isStock(ref) {
		return nil
	}
	place := diag.Range{File: step.Origin.File(step.Dockerfile)}
	if len(at) > 0 {
		place.Start.Line = at[0].Start.Line
	}
	l.Warnf(rules.IgnoredSyntax, place, "leave the line out, or write # syntax=docker/dockerfile:1",
		"syntax=%s has no effect: packages' Dockerfiles are read as docker/dockerfile:1.%d reads them", ref, dockerfileMinor)
	return l
}

// isStock reports whether a reference is Docker's own Dockerfile frontend, in a version
// that is not newer than the one in here.
func isStock(ref string) bool {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return false
	}
	if name := named.Name(); name != "docker.io/docker/dockerfile" && name != "docker.io/docker/dockerfile-upstream" {
		return false
	}
	tagged, ok := named.(reference.Tagged)
	if !ok {
		return true
	}
	tag := strings.TrimSuffix(tagged.Tag(), "-labs")
	if tag == "1" || tag == "latest" || tag == "labs" {
		return true
	}
	major, rest, _ := strings.Cut(tag, ".")
	minor, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(minor)
	return major == "1" && err == nil && n <= dockerfileMinor
}
