package builder

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/containerd/platforms"
	controlapi "github.com/moby/buildkit/api/services/control"
	apitypes "github.com/moby/buildkit/api/types"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
)

// proxyVariable makes this program docker buildx dial-stdio to a socket.
const proxyVariable = "JETKIT_TEST_PROXY"

func TestMain(m *testing.M) {
	if socket := os.Getenv(proxyVariable); socket != "" {
		proxy(socket)
		return
	}
	os.Exit(m.Run())
}

func proxy(socket string) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ERROR: "+err.Error())
		os.Exit(1)
	}
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.(*net.UnixConn).CloseWrite()
	}()
	_, _ = io.Copy(os.Stdout, conn)
}

// control is BuildKit's API, of a version that no daemon here has.
type control struct {
	controlapi.UnimplementedControlServer
	version string
	// engine tells its version only as Docker's engine does.
	engine string
}

func (c *control) Info(ctx context.Context, r *controlapi.InfoRequest) (*controlapi.InfoResponse, error) {
	if c.engine == "" {
		return c.UnimplementedControlServer.Info(ctx, r)
	}
	return &controlapi.InfoResponse{BuildkitVersion: &apitypes.BuildkitVersion{Version: c.engine}}, nil
}

func (c *control) ListWorkers(context.Context, *controlapi.ListWorkersRequest) (*controlapi.ListWorkersResponse, error) {
	w := &apitypes.WorkerRecord{
		Platforms:  pb.PlatformsFromSpec([]platforms.Platform{platforms.MustParse("linux/arm64")}),
		Labels:     map[string]string{snapshotterLabel: "overlayfs"},
		CDIDevices: []*apitypes.CDIDevice{{Name: "nvidia.com/gpu=all"}},
	}
	if c.version != "" {
		w.BuildkitVersion = &apitypes.BuildkitVersion{Version: c.version}
	}
	return &controlapi.ListWorkersResponse{Record: []*apitypes.WorkerRecord{w}}, nil
}

func (c *control) serve(t *testing.T, l net.Listener) {
	t.Helper()
	server := grpc.NewServer()
	controlapi.RegisterControlServer(server, c)
	go func() { _ = server.Serve(l) }() // it ends by Stop
	t.Cleanup(server.Stop)
}

// daemonOf is a BuildKit of a version, on a socket.
func daemonOf(t *testing.T, version string) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "buildkitd.sock")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	(&control{version: version}).serve(t, l)
	return socket
}

func TestFacts(t *testing.T) {
	_, opts := home(t, "BUILDKIT_HOST=unix://"+daemonOf(t, "v0.34.2"))
	b, err := Find(t.Context(), opts)
	require.NoError(t, err)
	assert.Equal(t, Address, b.Kind)
	assert.Equal(t, "v0.34.2", b.Facts.BuildKit)
	assert.Equal(t, []string{"linux/arm64"}, b.Facts.PlatformNames())
	assert.Equal(t, "nvidia.com/gpu=all", b.Facts.Devices[0].Name)
	assert.False(t, b.Facts.ContainerdStore, "it is no Docker")
	assert.Equal(t, client.ExporterDocker, b.LoadExporter())
	one, err := b.Client(t.Context(), nil)
	require.NoError(t, err)
	two, err := b.Client(t.Context(), &b.Facts.Platforms[0])
	require.NoError(t, err)
	assert.Same(t, one, two, "a builder with one node has one connection")
	require.NoError(t, b.Close())
}

// TestTooOld: one that was named is an error; one that was found is skipped, and the
// reason told.
func TestTooOld(t *testing.T) {
	for version, want := range map[string]string{
		"v0.20.2": "BuildKit v0.20.2, jetkit needs v0.31.1 or later: upgrade it, or name another builder with --builder",
		"":        "its BuildKit is older than v0.11, jetkit needs v0.31.1 or later: upgrade it, or name another builder with --builder",
	} {
		old := daemonOf(t, version)
		_, opts := home(t, "BUILDKIT_HOST=unix://"+old)
		_, err := Find(t.Context(), opts)
		var tooOld *TooOldError
		require.ErrorAs(t, err, &tooOld)
		assert.EqualError(t, err, "BuildKit at unix://"+old+": "+want)

		dir, opts := home(t, "BUILDKIT_HOST=unix://"+daemonOf(t, "v0.34.2"))
		write(t, `{"Driver":"remote","Nodes":[{"Endpoint":"unix://`+old+`"}]}`, dir, ".docker/buildx/instances/old")
		write(t, `{"Name":"old","Global":true}`, dir, ".docker/buildx/current")
		b, err := Find(t.Context(), opts)
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(b.Why, " v0.34.2 (BUILDKIT_HOST, not buildx builder old: "+want+")"), b.Why)
		require.NoError(t, b.Close())
	}
}

// TestNodes: each platform has a connection to its node, through buildx.
func TestNodes(t *testing.T) {
	dir, opts := home(t)
	opts.Name = "pair"
	write(t, `{"Driver":"docker-container","Nodes":[{"Name":"a"},{"Name":"b"}]}`, dir, ".docker/buildx/instances/pair")
	self, err := os.Executable()
	require.NoError(t, err)
	program(t, filepath.Join(dir, ".docker/cli-plugins"), "docker-buildx", fmt.Sprintf(`echo "$@" >> %s/calls
if [ "$1" = inspect ]; then printf 'Name:   %%s\nNodes:\nName:     a\nStatus:   running\n\nName:     b\nStatus:   stopped\n' "$2"; exit; fi
%s=%s exec %s`, dir, proxyVariable, daemonOf(t, "v0.34.2"), self))
	b, err := Find(t.Context(), opts)
	require.NoError(t, err)
	arm := platforms.MustParse("linux/arm64")
	first, err := b.Client(t.Context(), &arm)
	require.NoError(t, err)
	again, err := b.Client(t.Context(), &arm)
	require.NoError(t, err)
	assert.Same(t, first, again)
	_, err = first.ListWorkers(t.Context())
	require.NoError(t, err)
	children := b.children.conns
	require.Len(t, children, 2)
	require.NoError(t, b.Close())
	for _, c := range children {
		assert.NotNil(t, c.(*processConn).cmd.ProcessState, "a connection's process that is left")
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	require.NoError(t, err)
	assert.Equal(t, "dial-stdio --progress quiet --builder pair\ndial-stdio --progress quiet --builder pair --platform linux/arm64\n", string(calls))

	// To look at it starts no container.
	attempts, err := Describe(t.Context(), opts)
	require.NoError(t, err)
	require.Len(t, attempts, 1)
	assert.EqualError(t, attempts[0].Reason, "a node of it is stopped; a build starts it")
}

// TestHangs: interrupting a connection that is not made leaves no process.
func TestHangs(t *testing.T) {
	dir, opts := home(t)
	opts.Name = "far"
	write(t, `{"Driver":"kubernetes","Nodes":[{"Name":"a"}]}`, dir, ".docker/buildx/instances/far")
	program(t, filepath.Join(dir, ".docker/cli-plugins"), "docker-buildx", "echo $$ > "+dir+"/pid\ntrap '' TERM\nsleep 600 & wait; wait")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := Find(ctx, opts)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	require.NoError(t, err)
	pid := 0
	_, err = fmt.Sscan(string(text), &pid)
	require.NoError(t, err)
	assert.True(t, ended(pid))
}

func TestConnection(t *testing.T) {
	echo, err := startConn([]string{"cat"})
	require.NoError(t, err)
	_, err = echo.Write([]byte("hello"))
	require.NoError(t, err)
	answer := make([]byte, 5)
	_, err = io.ReadFull(echo, answer)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(answer))
	require.NoError(t, echo.Close())
	require.NoError(t, echo.Close())
	<-echo.(*processConn).exited

	failing, err := startConn([]string{"sh", "-c", "echo 'ERROR: no node' >&2; exit 1"})
	require.NoError(t, err)
	_, err = failing.Read(answer)
	assert.EqualError(t, err, "no node")
	require.NoError(t, failing.Close())

	stubborn, err := startConn([]string{"sh", "-c", "trap '' TERM; sleep 600 & wait; sleep 600"})
	require.NoError(t, err)
	start := time.Now()
	require.NoError(t, stubborn.Close())
	assert.Less(t, time.Since(start), 4*endGrace)
	<-stubborn.(*processConn).exited
}

// TestEngine speaks to BuildKit through a Docker engine's API. It is not Docker's: a
// recent engine is a lot to start.
func TestEngine(t *testing.T) {
	for _, engineOf := range []struct{ version, buildkit, fails string }{
		{version: "29.8.2", buildkit: "v0.33.1"},
		{version: "28.5.2", buildkit: "v0.25.1", fails: "Docker 28.5.2: BuildKit v0.25.1, jetkit needs v0.31.1 or later: " +
			"upgrade Docker to 29.8.2 or later, or name another builder with --builder"},
	} {
		socket := filepath.Dir(daemonOf(t, "")) + "/docker.sock"
		l, err := net.Listen("unix", socket)
		require.NoError(t, err)
		upgraded := &oneByOne{conns: make(chan net.Conn), done: make(chan struct{})}
		(&control{engine: engineOf.buildkit}).serve(t, upgraded)
		server := &http.Server{Handler: engineAPI(engineOf.version, upgraded)}
		go func() { _ = server.Serve(l) }() // it ends by Close
		t.Cleanup(func() { _ = server.Close() })

		_, opts := home(t, "DOCKER_HOST=unix://"+socket)
		opts.Name = "default"
		b, err := Find(t.Context(), opts)
		if engineOf.fails != "" {
			require.EqualError(t, err, "Docker context default: "+engineOf.fails)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, "Docker context default 29.8.2 with BuildKit v0.33.1 (--builder)", b.Why)
		assert.Equal(t, "moby", b.LoadExporter())
		assert.True(t, b.Facts.ContainerdStore)
		assert.NotNil(t, b.Engine)
		require.NoError(t, b.Close())
	}
}

// engineAPI answers as an engine does, as far as a builder asks.
func engineAPI(version string, upgraded *oneByOne) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.52") })
	mux.HandleFunc("/grpc", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, err = fmt.Fprint(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
		}
		if err == nil {
			upgraded.conns <- conn
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/version") {
			fmt.Fprintf(w, `{"Version":%q,"ApiVersion":"1.52"}`, version)
			return
		}
		http.NotFound(w, r)
	})
	return mux
}

// oneByOne is a listener that is given its connections.
type oneByOne struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *oneByOne) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *oneByOne) Close() error {
	close(l.done)
	return nil
}

func (l *oneByOne) Addr() net.Addr { return &net.UnixAddr{} }
