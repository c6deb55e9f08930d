//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// A report knows of each layer whose it is, of a step that makes or joins layers too, and
// says what does not fit together.
func TestReportsOfLayers(t *testing.T) {
	t.Parallel()
	p := newProject(t, layered())
	var stderr bytes.Buffer
	cmd := p.reportBuild(t, "--output", "type=oci,dest=image.tar")
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Run(), "%s", &stderr)
	assert.Regexp(t, `(?m)^salad +\d.*s +0/1 +2 passed, .*s +\d+B$`, stderr.String())
	assert.Regexp(t, `(?m)^layers +\d.*s +- +- +\d.*B$`, stderr.String())
	b := p.report(t).Builds[0]
	var owners []string
	for _, l := range b.Images[0].Layers {
		owners = append(owners, strings.TrimSpace(l.Owner+" "+l.Package))
	}
	assert.Equal(t, []string{"base", "package tools", "package fruit", "package oil", "package salad", "package paper", "join", "seal"}, owners)
	phases := map[string]string{}
	for _, s := range b.Steps {
		phases[s.Name] = s.Phase + " " + strings.Join(s.Packages, ",")
	}
	for _, name := range []string{"find", "record", "copy"} {
		assert.Equal(t, "layers oil", phases["[oil layer] "+name+" changes"])
	}
	assert.Equal(t, "layers ", phases["[layers] join fruit, oil"])
	assert.Contains(t, p.read(t, "logs/build/00_layers__join_fruit__oil.txt"), "gets number")

	p.write(t, files{"packages/oil/Dockerfile": dockerfile("name: oil", "RUN echo @ID@ > /opt/oil && echo > /opt/tools\n")})
	require.Error(t, p.reportBuild(t, "--output", "type=cacheonly").Run())
	failed := p.report(t).Builds[0]
	assert.Contains(t, failed.Error, "ERROR: tools and oil do not fit together:\n")
	for _, s := range failed.Steps {
		assert.Equal(t, s.Name == "[layers] join fruit, oil", s.Result == "failure", "%s: %s", s.Name, s.Result)
	}
	assertContains(t, p.read(t, "report.html"), "tools and oil do not fit together", "/opt/tools")
	assert.Contains(t, p.read(t, "junit.xml"), "tools and oil do not fit together")
}

// What --simulate --cached tells of a package that changed: it and the image are built anew,
// and no package that does not need it.
func TestSimulateLayers(t *testing.T) {
	t.Parallel()
	daemon := startDaemon(t, "layersknown", harness.DaemonOptions{}) // another test's prune would make steps unknown
	p := newProject(t, layered())
	home := t.TempDir()
	run := func(args ...string) []byte {
		cmd := jetkitCommand(t, daemon, p.dir, append([]string{"build", "-f", "jetson.yaml", "--base", base(t)}, args...)...)
		cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+home)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		require.NoError(t, err, errs.String())
		return out
	}
	notCached := func() (all int, others map[string]string) {
		var told struct {
			Steps []struct{ Name, State string }
		}
		require.NoError(t, json.Unmarshal(run("--simulate", "--cached=json"), &told))
		others = map[string]string{}
		for _, s := range told.Steps {
			if name, _, _ := strings.Cut(s.Name, " echo"); s.State != "cached" {
				others[name] = s.State
			}
		}
		return len(told.Steps), others
	}
	run("--output", "type=cacheonly")
	all, others := notCached()
	assert.Equal(t, 5*3+3+2, all, "an instruction, a record and a copy of each package, joins, tests")
	assert.Empty(t, others, "all was built")

	p.write(t, files{"packages/paper/Dockerfile": dockerfile("name: paper", "RUN echo more @ID@ > /srv/paper\n")})
	_, others = notCached()
	assert.Equal(t, map[string]string{
		"[paper 1/1] RUN": "missing", "[paper layer] record changes": "unknown", "[paper layer] copy changes": "unknown",
		"[layers] join tools, fruit, oil, salad, paper": "unknown", "[test salad on image] test.sh": "unknown",
	}, others)
}

// A shell in a package's stage, or in its step that fails, has what the package needs and
// nothing else. Where layers do not fit together it has them.
func TestShellInLayers(t *testing.T) {
	t.Parallel()
	p := newProject(t, layered())
	out, err := jetkitCommand(t, shared.Daemon, p.dir, "shell", "-f", "jetson.yaml", "--base", base(t), "salad", "--",
		"sh", "-c", "echo $PATH; ls /opt /srv /test; getent passwd picker presser | wc -l").Output()
	require.NoError(t, err)
	assert.Equal(t, "/opt/oil/bin:/opt/tools/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"+
		"/opt:\noil\nsalad\ntools\n\n/srv:\n\n/test:\nDockerfile\ntest.sh\n2\n", string(out))

	onError := func() *terminal {
		return onTerminal(t, jetkitCommand(t, shared.Daemon, p.dir, "build", "-f", "jetson.yaml", "--on-error", "shell", "--base", base(t), "--output", "type=cacheonly", "--progress", "plain"))
	}
	p.write(t, files{"packages/paper/Dockerfile": dockerfile("name: paper\ndepends: oil", "RUN echo half > /half && /opt/tools/bin/knife @ID@\n")})
	term := onError()
	term.sees(t, "failed with exit code 127.")
	term.asks(t, "cat /half; ls /opt", "half\r\noil")
	term.types(t, "exit\n")
	term.sees(t, "In a chain it would also have had: tools, fruit, salad")
	assert.Equal(t, 1, term.ends(t))

	p.write(t, files{"packages/paper/Dockerfile": dockerfile("name: paper", "RUN echo paper @ID@ > /opt/oil\n")})
	term = onError()
	term.sees(t, "[layers] join tools, fruit, oil, salad, paper failed with exit code 3.")
	term.asks(t, "cat /.jetkit/layer5/opt/oil; test -f /.jetkit/layer3/opt/oil && echo both", "paper "+p.id+"\r\nboth")
	term.types(t, "exit\n")
	term.sees(t, "oil and paper do not fit together:")
	assert.Equal(t, 1, term.ends(t))
}
