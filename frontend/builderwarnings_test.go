package frontend

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// oldBuilder is a builder without some capabilities.
type oldBuilder struct {
	client.Client
	lacks []apicaps.CapID
}

func (o *oldBuilder) BuildOpts() client.BuildOpts {
	opts := o.Client.BuildOpts()
	var caps []*apicaps.PBCap
	for _, c := range pb.Caps.All() {
		c.Enabled = true
		for _, l := range o.lacks {
			if c.ID == string(l) {
				c.Enabled = false
			}
		}
		if c.Enabled {
			caps = append(caps, c)
		}
	}
	opts.LLBCaps = pb.Caps.CapSet(caps)
	return opts
}

func messages(l diag.List) []string {
	var texts []string
	for _, d := range l {
		texts = append(texts, d.String())
	}
	return texts
}

// The version of the Dockerfile frontend follows from BuildKit's.
func TestDockerfileVersion(t *testing.T) {
	dt, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	m := regexp.MustCompile(`github\.com/moby/buildkit v0\.(\d+)`).FindSubmatch(dt)
	require.NotNil(t, m)
	minor, err := strconv.Atoi(string(m[1]))
	require.NoError(t, err)
	require.Equal(t, dockerfileMinor, minor-6, "set dockerfileMinor to go with go.mod's BuildKit")
}

// A limit that a builder cannot set is not dropped without a word.
func TestDroppedLimits(t *testing.T) {
	all := []apicaps.CapID{pb.CapExecMetaUlimit, pb.CapExecMountTmpfsSize, pb.CapExecMetaCgroupParent, pb.CapExecMetaLinuxResources}
	limited := &plan.Plan{
		Build: plan.Build{Sandbox: plan.Sandbox{Ulimits: []plan.Ulimit{{Name: "nofile"}}}},
		Tests: plan.Tests{Sandbox: plan.Sandbox{ShmSize: 1 << 30}},
	}
	dropped := func(p *plan.Plan, opts map[string]string, lacks ...apicaps.CapID) []string {
		c := &oldBuilder{&llbtest.Client{Opts: opts}, lacks}
		ui, err := dockerui.NewClient(c)
		require.NoError(t, err)
		return messages((&build{client: c, ui: ui}).dropped(p))
	}
	const upgrade = "\n    hint: upgrade the builder"
	require.Equal(t, []string{
		"warning: the builder is too old for ulimits: steps run without [limit-dropped]" + upgrade,
		"warning: the builder is too old for the size of /dev/shm (shm_size): steps run without [limit-dropped]" + upgrade,
		"warning: the builder is too old for --cgroup-parent: steps run without [limit-dropped]" + upgrade,
		"warning: the builder is too old for limits of memory and processors: steps run without [limit-dropped]" + upgrade,
	}, dropped(limited, map[string]string{"cgroup-parent": "/ci", "memory": "1000000"}, all...))
	require.Empty(t, dropped(&plan.Plan{}, nil, all...))
	require.Empty(t, dropped(limited, map[string]string{"cgroup-parent": "/ci"}))
}

// A date that is asked for and is not to be had is not dropped without a word.
func TestUndated(t *testing.T) {
	undated := func(value string, epoch *time.Time) []string {
		c := &llbtest.Client{Opts: map[string]string{"build-arg:SOURCE_DATE_EPOCH": value}}
		ui, err := dockerui.NewClient(c)
		require.NoError(t, err)
		return messages((&build{client: c, ui: ui}).undated(epoch))
	}
	require.Equal(t, []string{
		"warning: --build-arg SOURCE_DATE_EPOCH=context has no effect: a folder on the client has no date [no-effect]\n" +
			"    hint: give a number of seconds, as git log -1 --format=%ct prints it",
	}, undated("context", nil))
	require.Empty(t, undated("", nil))
	require.Empty(t, undated("7", new(time.Unix(7, 0))))
}

// A syntax line that names Docker's own frontend is as good as none.
func TestOtherSyntax(t *testing.T) {
	stage := func(text string) chain.Stage {
		return chain.Stage{
			Step:      plan.Step{Name: "a", Dockerfile: "Dockerfile", Origin: plan.Origin{Kind: plan.Context, Path: "packages/a"}},
			SourceMap: llb.NewSourceMap(nil, "packages/a/Dockerfile", "Dockerfile", []byte(text+"\nARG BASE_IMAGE\n")),
		}
	}
	for _, ref := range []string{
		"docker/dockerfile", "docker/dockerfile:1", "docker/dockerfile:1-labs", "docker/dockerfile:labs", "docker/dockerfile:latest", "docker/dockerfile:1.7",
		"docker.io/docker/dockerfile:1.28.0", "docker/dockerfile-upstream:1.20-labs", "docker/dockerfile:1.4@sha256:9ba7531bd80fb0a858632727cf7a112fbfd19b17e94c4e84ced81e24ef1a0dbc",
	} {
		require.Empty(t, otherSyntax([]chain.Stage{stage("# syntax=" + ref)}), ref)
	}
	for _, ref := range []string{"docker/dockerfile:1.99", "docker/dockerfile:2", "docker/dockerfile:master", "ghcr.io/acme/dockerfile:1", "NotAReference"} {
		require.Equal(t, []string{
			"packages/a/Dockerfile:2: warning: syntax=" + ref + " has no effect: packages' Dockerfiles are read as docker/dockerfile:1.28 reads them [ignored-syntax]" +
				"\n    hint: leave the line out, or write # syntax=docker/dockerfile:1",
		}, messages(otherSyntax([]chain.Stage{stage("# check=skip=all\n# syntax=" + ref), {}})), ref)
	}
}
