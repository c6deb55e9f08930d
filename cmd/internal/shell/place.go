package shell

import (
	"fmt"
	"slices"
	"strings"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/cmd/internal/shellword"
	"jetkit/llb/chain"
	"jetkit/llb/testinit"
	"jetkit/llb/turn"
	"jetkit/pkgspec/diag"
)

// place is a container that can be made: where a step runs.
type place struct {
	container gateway.NewContainerRequest
	// process is how programs run there; it lacks the program and the streams.
	process gateway.StartRequest
	// title says what place it is.
	title string
	// command is what the step ran there; empty for one that only holds a place.
	command []string
	// devices are the CDI devices that the step had, and programs here have not.
	devices []string
	// init reports that there is a first process for commands: testinit's.
	init bool
}

// mounted returns the result that is mounted at the step's mount i.
type mounted func(i int) (gateway.Mount, error)

// placeOf returns the place of a step.
func placeOf(exec *pb.ExecOp, platform *pb.Platform, results mounted) (*place, error) {
	meta := exec.GetMeta()
	p := &place{
		container: gateway.NewContainerRequest{
			NetMode: exec.GetNetwork(), Platform: platform, Hostname: meta.GetHostname(), ExtraHosts: meta.GetExtraHosts(),
		},
		process: gateway.StartRequest{
			Env:       slices.Concat(meta.GetEnv(), proxies(meta.GetProxyEnv())),
			SecretEnv: exec.GetSecretenv(), User: meta.GetUser(), Cwd: meta.GetCwd(), SecurityMode: exec.GetSecurity(),
			RemoveMountStubsRecursive: meta.GetRemoveMountStubsRecursive(),
		},
		command: chain.PlainArgs(meta.GetArgs()),
	}
	for _, d := range exec.GetCdiDevices() {
		p.devices = append(p.devices, d.GetName())
	}
	for i, m := range exec.GetMounts() {
		mount, err := results(i)
		if err != nil {
			return nil, err
		}
		if m.GetDest() == turn.Dir {
			continue // others wait for it, and people take their time
		}
		mount.Dest, mount.Selector, mount.Readonly, mount.MountType = m.GetDest(), m.GetSelector(), m.GetReadonly(), m.GetMountType()
		mount.CacheOpt, mount.SecretOpt, mount.SSHOpt = m.GetCacheOpt(), m.GetSecretOpt(), m.GetSSHOpt()
		p.container.Mounts = append(p.container.Mounts, mount)
		p.init = p.init || mount.Dest == testinit.Program
	}
	return p, nil
}

// proxies returns the variables of a step's proxy. Source: BuildKit, which adds them to
// steps itself and to containers of the gateway not.
func proxies(p *pb.ProxyEnv) []string {
	var env []string
	for _, v := range []struct{ name, value string }{
		{"HTTP_PROXY", p.GetHttpProxy()},
		{"HTTPS_PROXY", p.GetHttpsProxy()},
		{"FTP_PROXY", p.GetFtpProxy()},
		{"NO_PROXY", p.GetNoProxy()},
		{"ALL_PROXY", p.GetAllProxy()},
	} {
		if v.value != "" {
			env = append(env, v.name+"="+v.value, strings.ToLower(v.name)+"="+v.value)
		}
	}
	return env
}

// introduction says where a shell is.
func (p *place) introduction(shell string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", diag.CleanLines(p.title))
	user, dir := p.process.User, p.process.Cwd
	if user == "" {
		user = "root"
	}
	if dir == "" {
		dir = "/"
	}
	fmt.Fprintf(&b, "You are in its container, in %s, as user %s in %s.", shell, diag.Clean(user), diag.Clean(dir))
	if len(p.command) > 0 {
		fmt.Fprintf(&b, " The step's command was:\n  %s", diag.CleanLines(quote(p.command)))
	}
	if len(p.devices) > 0 {
		fmt.Fprintf(&b, "\nThe step had the device %s. BuildKit gives a shell no devices.", diag.Clean(strings.Join(p.devices, ", ")))
	}
	b.WriteString("\nexit ends it; nothing that it changes is kept.\n")
	return b.String()
}

// quote writes a command as a shell reads it. Scripts keep their lines.
func quote(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = shellword.QuoteLines(w)
	}
	return strings.Join(out, " ")
}
