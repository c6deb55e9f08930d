//go:build integration

package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/integration/progress"
	"jetkit/llb/teststep"
)

// sleeperTree has a package whose RUN takes the given seconds, between two others.
func sleeperTree(seconds string) files {
	return files{
		"jetson.yaml":                 "packages: [first, sleeper, last]\n",
		"packages/first/Dockerfile":   dockerfile("name: first\ntest: test.sh", "RUN echo @ID@ > /first\n"),
		"packages/first/test.sh":      script("grep @ID@ /first"),
		"packages/sleeper/Dockerfile": dockerfile("name: sleeper\ndepends: first", "RUN echo asleep; sleep "+seconds+"; echo @ID@ > /sleeper\n"),
		"packages/last/Dockerfile":    dockerfile("name: last\ndepends: sleeper\ntest: test.sh", "RUN cat /first /sleeper > /last\n"),
		"packages/last/test.sh":       script("test $(wc -l < /last) = 2"),
	}
}

// running is a build that goes on beside the test.
type running struct {
	cancel context.CancelFunc
	ended  <-chan harness.Result
}

// begin starts a build and returns once its sleeper sleeps.
func (p *project) begin(t *testing.T, daemon *harness.Daemon) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	args := []string{"-f", "jetson.yaml", "--build-arg", "BASE_IMAGE=" + base(t), "."}
	return &running{cancel: cancel, ended: untilItSays(t, " asleep\n", func(live io.Writer) harness.Result {
		return shared.Buildx(ctx, harness.BuildxRun{Daemon: daemon, Dir: p.dir, Args: args, Abandon: true, Live: live})
	})}
}

// untilItSays runs a command beside the test and returns once it has written a text.
func untilItSays(t *testing.T, text string, run func(live io.Writer) harness.Result) (ended <-chan harness.Result) {
	t.Helper()
	said, end := make(chan struct{}), make(chan harness.Result, 1)
	go func() { end <- run(&watcher{what: text, seen: said}) }()
	select {
	case <-said:
	case res := <-end:
		require.Fail(t, "it ended early", "it did not write %q: %v", text, res.Err())
	}
	return end
}

// watcher closes a channel when it is written a text.
type watcher struct {
	what string
	seen chan struct{}
	text bytes.Buffer
	done bool
}

func (w *watcher) Write(p []byte) (int, error) {
	if !w.done {
		w.text.Write(p)
		if strings.Contains(w.text.String(), w.what) {
			w.done = true
			close(w.seen)
		}
	}
	return len(p), nil
}

// A daemon that is killed in the middle of a step goes on, once it is started again, after the last step that it
// finished, and what comes of it is what would have come of it anyway.
func TestDaemonIsKilled(t *testing.T) {
	t.Parallel()
	daemon := startDaemon(t, "killed", harness.DaemonOptions{})
	p := newProject(t, sleeperTree("2"))
	interrupted := p.begin(t, daemon)
	daemon.Kill()
	res := <-interrupted.ended
	assert.Positive(t, res.ExitCode, "buildx should notice that the daemon died; its exit code is %d:\n%s", res.ExitCode, res.Stderr)
	require.NoError(t, daemon.Restart(t.Context()))
	resumed := p.build(t, on(daemon), pushTimeless("resumed"))
	s := resumed.step(t, "[first 1/1]")
	assert.True(t, s.Cached, "a step that was finished ran again: %+v", s)
	s = resumed.step(t, "[sleeper 1/1]")
	if assert.True(t, s.Ran, "the step that was interrupted should run again: %+v", s) {
		assert.False(t, s.Cached, "the step that was interrupted should run again: %+v", s)
	}
	undisturbed := p.build(t, pushTimeless("undisturbed"))
	assert.Equal(t, undisturbed.digest(t), resumed.digest(t), "image")
}

// A client that vanishes takes its steps with it. The daemon has room for one step at a time: were the sleeper still
// there, nobody else could build.
func TestClientVanishes(t *testing.T) {
	t.Parallel()
	daemon := startDaemon(t, "alone", harness.DaemonOptions{MaxParallelism: 1})
	p := newProject(t, sleeperTree("1000"))
	abandoned := p.begin(t, daemon)
	abandoned.cancel()
	<-abandoned.ended

	other := newProject(t, chainTree())
	const patience = 5 * time.Minute // a busy machine needs seconds
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	res := shared.Buildx(ctx, harness.BuildxRun{Daemon: daemon, Dir: other.dir, Args: []string{"-f", "jetson.yaml", "--build-arg", "BASE_IMAGE=" + base(t), "."}})
	require.NoError(t, res.Err())
	assert.Len(t, progress.Executed(progress.Parse(res.Stderr)), 11, "steps")
}

// dyingRegistry stands in front of the Env's registry until a first blob is sent to it; then it is gone.
func dyingRegistry(t *testing.T) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: shared.Registry})
	var server *httptest.Server
	var dead atomic.Bool
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut || r.Method == http.MethodPatch {
			dead.Store(true)
			_ = server.Listener.Close() // the second time it fails, and that is well
		}
		if dead.Load() {
			panic(http.ErrAbortHandler) // cuts the connection
		}
		proxy.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// A cache that cannot be written costs the cache and nothing else.
func TestRegistryDiesWhileCacheIsExported(t *testing.T) {
	t.Parallel()
	for name, ignore := range map[string]bool{"ignore-error": true, "by default": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, chainTree())
			cache := "type=registry,mode=max,ref=" + dyingRegistry(t) + "/" + p.id + ":cache"
			if ignore {
				cache += ",ignore-error=true"
			}
			b := p.try(t, push(), with("--cache-to", cache))
			s := b.step(t, "exporting cache to registry")
			assert.True(t, s.Failed, "the progress does not tell that the cache was lost: %+v", s)
			ok := b.ExitCode == 0
			assert.Equal(t, ignore, ok, "the exit code is %d:\n%s", b.ExitCode, b.Stderr)
			if ignore {
				assert.Equal(t, "three of "+p.id+"\n"+p.id+"\n", b.file(t, "/three"), "/three")
			}
			// Nothing that was built is lost in either case.
			again := p.build(t, push())
			again.assertExecuted(t)
			assert.Equal(t, "three of "+p.id+"\n"+p.id+"\n", again.file(t, "/three"), "/three")
		})
	}
}

// Builds that run at once and need the same steps share them.
func TestBuildsAtOnceShareSteps(t *testing.T) {
	t.Parallel()
	tree := files{"jetson.yaml": "packages: [a]\n"}
	for _, name := range []string{"a", "b", "c", "d"} {
		tree["packages/"+name+"/Dockerfile"] = dockerfile("name: "+name+"\ntest: test.sh", "RUN "+random+" > /"+name+" && echo @ID@\n")
		tree["packages/"+name+"/test.sh"] = script("test -s /" + name + "; " + random + " > /out/run")
	}
	p := newProject(t, tree)
	chains := []string{"a", "a,b", "a,b,c", "a,b,d", "a,b,c,d", "a,c", "a,c,d", "a,b,c"}
	builds := make([]*built, len(chains))
	var all sync.WaitGroup
	for i, packages := range chains {
		all.Go(func() {
			image := shared.Ref(fmt.Sprintf("%s:%d", p.id, i))
			builds[i] = p.try(t, arg("PACKAGES="+packages), with("--push", "--tag", image))
			builds[i].image = image
		})
	}
	all.Wait()
	made := map[string]string{} // what a package's step and test made, by the chain up to the package
	for i, packages := range chains {
		if !assert.NoError(t, builds[i].Err(), "packages %s", packages) {
			continue
		}
		names := strings.Split(packages, ",")
		tests := builds[i].manifest(t).Tests // first those on the packages' own stages
		for k, name := range names {
			record := fmt.Sprintf("%03d-%s-test.sh-%s/run", k+1, tests[k].Package, tests[k].Where)
			got := builds[i].file(t, "/"+name) + builds[i].file(t, path.Join(teststep.ShareDir, "tests", record))
			chain := strings.Join(names[:k+1], ",")
			first, ok := made[chain]
			assert.False(t, ok && first != got, "the steps of %s ran more than once: %q and %q", chain, first, got)
			made[chain] = got
		}
	}
}
