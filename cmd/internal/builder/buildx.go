package builder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"jetkit/cmd/internal/engine"
)

// nodeGroup is one builder in buildx's store, of which we read what we need.
type nodeGroup struct {
	Name   string
	Driver string
	Nodes  []struct {
		Name, Endpoint string
		DriverOpts     map[string]string
	}
}

// boots tells that the builder's daemon is a container that buildx starts.
func (g *nodeGroup) boots() bool { return g.Driver != "remote" && g.Driver != "docker" }

// store is the folder in which buildx keeps its builders. jetkit only reads it.
type store struct {
	dir string
	env engine.Env
}

func storeOf(env engine.Env) store {
	dir := env.Get("BUILDX_CONFIG")
	if dir == "" {
		dir = filepath.Join(engine.ConfigDir(env), "buildx")
	}
	return store{dir: dir, env: env}
}

// validName is what buildx accepts as a builder's name.
var validName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9._+-]*$`)

// group returns the builder of a name, nil when there is none.
func (s store) group(name string) (*nodeGroup, error) {
	if !validName.MatchString(name) {
		return nil, nil
	}
	path := filepath.Join(s.dir, "instances", name)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g := &nodeGroup{}
	if err := json.Unmarshal(text, g); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	g.Name = name
	return g, nil
}

// Names lists the builders that can be asked for by name: buildx's, and the private one.
func Names(env engine.Env) []string { return append(storeOf(env).names(), PrivateName) }

// names lists all builders of the store.
func (s store) names() []string {
	entries, _ := os.ReadDir(filepath.Join(s.dir, "instances")) // without a folder there are none
	var names []string
	for _, e := range entries {
		if validName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

// current returns the builder chosen by docker buildx use, nil when there is none.
// A choice is for one Docker context or host, unless it is global.
func (s store) current() (*nodeGroup, error) {
	key, err := s.key()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "current"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		var chosen struct {
			Key, Name string
			Global    bool
		}
		if err := json.Unmarshal(text, &chosen); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(s.dir, "current"), err)
		}
		if chosen.Name != "" && (chosen.Global || chosen.Key == key) {
			if g, err := s.group(chosen.Name); g != nil || err != nil {
				return g, err
			}
		}
	}
	sum := sha256.Sum256([]byte(key))
	name, err := os.ReadFile(filepath.Join(s.dir, "defaults", hex.EncodeToString(sum[:])))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.group(string(name))
}

// key is what buildx files the current choice under: the Docker context, or the
// host of the default context.
func (s store) key() (string, error) {
	name, err := engine.CurrentContext(s.env)
	if err != nil || name != engine.DefaultContext {
		return name, err
	}
	return engine.Host(s.env, name)
}

// buildxCandidate is a builder of buildx's store.
func buildxCandidate(g *nodeGroup) candidate {
	if g.Driver == "docker" && len(g.Nodes) > 0 {
		return dockerCandidate(g.Nodes[0].Endpoint)
	}
	if g.Driver == "remote" && len(g.Nodes) == 1 {
		return remoteCandidate(g)
	}
	limit := answerLimit
	if g.boots() {
		limit = bootLimit
	}
	return candidate{source: "buildx builder " + g.Name, limit: limit, open: func(ctx context.Context, opts Options) (*Builder, error) {
		program, err := buildxProgram(ctx, opts.Env)
		if err != nil {
			return nil, err
		}
		if opts.Passive && g.boots() {
			if err := running(ctx, program, g.Name); err != nil {
				return nil, err
			}
		}
		b := &Builder{Name: g.Name, Kind: Buildx, nodes: len(g.Nodes)}
		b.dial = func(ctx context.Context, platform string) (*client.Client, error) {
			argv := append(slices.Clone(program), "dial-stdio", "--progress", "quiet", "--builder", g.Name)
			if platform != "" {
				argv = append(argv, "--platform", platform)
			}
			return b.children.dial(ctx, argv, limit)
		}
		return b, nil
	}}
}

// remoteCandidate is a daemon that buildx knows the address of: buildx does no more
// than connect, and does not tell why that fails.
func remoteCandidate(g *nodeGroup) candidate {
	return candidate{source: "buildx builder " + g.Name, limit: answerLimit, open: func(context.Context, Options) (*Builder, error) {
		node := g.Nodes[0]
		var options []client.ClientOpt
		tls := node.DriverOpts
		if tls["cacert"] != "" {
			name := tls["servername"]
			if u, err := url.Parse(node.Endpoint); err == nil && name == "" {
				name = u.Hostname()
			}
			options = append(options, client.WithServerConfig(name, tls["cacert"]))
		}
		if tls["cert"] != "" {
			options = append(options, client.WithCredentials(tls["cert"], tls["key"]))
		}
		return &Builder{Name: g.Name, Kind: Buildx, dial: func(ctx context.Context, _ string) (*client.Client, error) {
			return client.New(ctx, node.Endpoint, options...)
		}}, nil
	}}
}

// children are the processes that a builder's connections are.
type children struct {
	mu    sync.Mutex
	conns []net.Conn
	over  bool // no more are started
}

// dial is a client whose connections are processes.
func (c *children) dial(ctx context.Context, argv []string, limit time.Duration) (*client.Client, error) {
	return client.New(ctx, "",
		client.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.over {
				return nil, net.ErrClosed
			}
			conn, err := startConn(argv)
			if err != nil {
				return nil, err
			}
			c.conns = append(c.conns, conn)
			return conn, nil
		}),
		// The daemon may have to be started first: gRPC would give up after 20 s and
		// start over.
		client.WithGRPCDialOption(grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: limit})))
}

// close ends all processes: gRPC closes its connections some time after its client.
func (c *children) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all sync.WaitGroup
	for _, conn := range c.conns {
		all.Go(func() { _ = conn.Close() }) // it is closed already
	}
	all.Wait()
	c.conns, c.over = nil, true
}

// running fails unless all nodes of a builder run, and starts none.
func running(ctx context.Context, program []string, name string) error {
	argv := append(slices.Clone(program), "inspect", name)
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, lastLines(string(out)))
	}
	if m := nodeError.FindStringSubmatch(string(out)); m != nil {
		return errors.New(m[1])
	}
	for _, m := range nodeStatus.FindAllStringSubmatch(string(out), -1) {
		if m[1] != "running" {
			return fmt.Errorf("a node of it is %s; a build starts it", m[1])
		}
	}
	return nil
}

// What docker buildx inspect tells of a node.
var (
	nodeStatus = regexp.MustCompile(`(?m)^Status: +(\S+)`)
	nodeError  = regexp.MustCompile(`(?m)^Error: +(.*)`)
)

// pluginDirs are where docker looks for plugins, after its own configuration.
var pluginDirs = []string{
	"/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
	"/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins",
}

// buildxProgram returns the command line that begins a call of buildx: the plugin
// itself, which needs no docker command, else buildx on the PATH, else docker
// with a plugin in a place of its own.
func buildxProgram(ctx context.Context, env engine.Env) ([]string, error) {
	dirs := []string{filepath.Join(engine.ConfigDir(env), "cli-plugins")}
	if file, err := engine.Config(env); err == nil {
		dirs = append(dirs, file.CLIPluginsExtraDirs...)
	}
	for _, dir := range append(dirs, pluginDirs...) {
		path := filepath.Join(dir, "docker-buildx")
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
			return []string{path}, nil
		}
	}
	if path, err := exec.LookPath("buildx"); err == nil {
		return []string{path}, nil
	}
	if path, err := exec.LookPath("docker"); err == nil {
		if exec.CommandContext(ctx, path, "buildx", "version").Run() == nil {
			return []string{path, "buildx"}, nil
		}
	}
	return nil, errNoBuildx
}
