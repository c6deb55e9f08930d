package chain_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/plan"
)

// Every operation has a place: docker buildx dap crashes where the last one has none,
// and BuildKit shows errors of the others without their source.
func TestLocate(t *testing.T) {
	files := fstest.MapFS{
		"packages/a/Dockerfile": {Data: []byte("ARG BASE_IMAGE\nFROM golang:1 AS build\nRUN make\nFROM ${BASE_IMAGE}\nADD https://example.com/a.txt /\n" +
			"ADD https://github.com/o/r.git /r\nCOPY --from=build /x /x\nCOPY --from=busybox /bin/sh /y\nCOPY f /f\n")},
		"packages/b/Dockerfile": {Data: []byte("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY f /f\nRUN true\n")},
	}
	base := llb.Image("docker.io/library/debian:12@sha256:"+strings.Repeat("0", 64), llb.Platform(llbtest.Platform))
	stages, err := stagesOf(chain.Compile(t.Context(), chain.Options{
		Plan: &plan.Plan{Steps: []plan.Step{step("a", nil), step("b", nil)}}, Base: chain.Base{State: base, Image: llbtest.Debian()},
		Sources: llbtest.Sources(files), Client: &llbtest.Client{Config: *llbtest.Debian()}, Platform: llbtest.Platform,
	}))
	require.NoError(t, err)
	whole := llb.NewSourceMap(nil, "jetson.yaml", "YAML", []byte("base: x\npackages: [a, b]\n"))
	line := func(n int32) []*pb.Range {
		return []*pb.Range{{Start: &pb.Position{Line: n}, End: &pb.Position{Line: n}}}
	}
	seal := stages[1].State.File(llb.Mkdir("/sealed", 0o755), whole.Location(line(2)))
	def, err := seal.Marshal(t.Context(), llb.Platform(llbtest.Platform))
	require.NoError(t, err)
	require.NoError(t, chain.Locate(def, line(1)))

	places := map[string][]string{}
	for _, dt := range def.Def[:len(def.Def)-1] { // the last only names the result
		op := &pb.Op{}
		require.NoError(t, op.UnmarshalVT(dt))
		at := def.Source.Locations[digest.FromBytes(dt).String()]
		require.NotEmpty(t, at.GetLocations(), "%s has no place", op)
		first := at.Locations[0]
		assert.NotEmpty(t, first.Ranges)
		if src := op.GetSource(); src != nil {
			file := def.Source.Infos[first.SourceIndex]
			places[src.Identifier] = append(places[src.Identifier], file.Filename, strconv.Itoa(int(first.Ranges[0].Start.Line)))
		}
	}
	delete(places, "local://context")
	assert.Equal(t, map[string][]string{
		"docker-image://docker.io/library/debian:12@sha256:0000000000000000000000000000000000000000000000000000000000000000": {"jetson.yaml", "1"},
		"docker-image://docker.io/library/golang:1@" + digest.FromString("docker.io/library/golang:1").String():              {"packages/a/Dockerfile", "2"},
		"docker-image://docker.io/library/busybox:latest@" + digest.FromString("docker.io/library/busybox:latest").String():  {"packages/a/Dockerfile", "8"},
		"https://example.com/a.txt": {"packages/a/Dockerfile", "5"},
		"git://github.com/o/r.git":  {"packages/a/Dockerfile", "6"},
	}, places)
}

// noImages is a builder that finds none of the images whose name begins with "missing".
type noImages struct{ *llbtest.Client }

func (c noImages) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (resolved string, dgst digest.Digest, config []byte, err error) {
	if strings.Contains(ref, "missing") {
		return "", "", nil, errors.New("not found")
	}
	return c.Client.ResolveImageConfig(ctx, ref, opt)
}

// BuildKit's own errors about images of mounts and of inherited instructions have no place.
func TestPlacesOfMissingImages(t *testing.T) {
	for name, test := range map[string]struct {
		first, second string
		line          int
		want          string
	}{
		"FROM":               {second: header + "FROM missing:1\n", line: 3, want: "package b: missing:1: not found"},
		"COPY":               {second: header + "COPY --from=missing:1 /x /x\n", line: 3, want: "package b: missing:1: not found"},
		"a mount":            {second: header + "RUN true\nRUN --mount=type=bind,from=missing:1,target=/x \\\n  true\n", line: 4, want: "package b: missing:1: not found"},
		"the second mount":   {second: header + "RUN --mount=from=debian,target=/y --mount=target=/x,from=\"missing\" true\n", line: 3, want: "package b: missing: not found"},
		"an inherited COPY":  {first: "ONBUILD COPY --from=missing /x /x\n", second: header + "RUN true\n", line: 2, want: "package b: missing: not found\nCOPY --from=missing /x /x is an ONBUILD instruction of package a: it runs in the next package that builds on it, with the files of that package's folder"},
		"an inherited mount": {first: "ONBUILD RUN --mount=from=missing,target=/x true\n", second: header, line: 2, want: "package b: missing: not found\nRUN --mount=from=missing,target=/x true is an ONBUILD instruction of package a: it runs in the next package that builds on it, with the files of that package's folder"},
	} {
		t.Run(name, func(t *testing.T) {
			files := llbtest.Sources{"packages/a/Dockerfile": {Data: []byte(header + test.first)}, "packages/b/Dockerfile": {Data: []byte(test.second)}}
			_, err := chain.Compile(t.Context(), chain.Options{
				Plan: &plan.Plan{Steps: []plan.Step{step("a", nil), step("b", nil)}}, Base: chain.Base{State: llb.Image("base"), Image: llbtest.Debian()},
				Sources: files, Client: noImages{&llbtest.Client{Config: *llbtest.Debian()}}, Platform: llbtest.Platform,
			})
			require.EqualError(t, err, test.want)
			location, ok := errors.AsType[*parser.LocationError](err)
			require.True(t, ok, "the error has no place")
			assert.Equal(t, test.line, location.Locations[0][0].Start.Line)
		})
	}
}
