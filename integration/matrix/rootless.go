//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"jetkit/integration/harness"
)

// user is somebody without rights, who has ids to give to others. This machine's own files do not know them: a daemon
// gets files of its own, in a mount namespace.
const (
	user    = "jetkit-matrix"
	userID  = 61234
	firstID = 700000
)

// asUser wraps a daemon so that there is such a user.
func (m *matrix) asUser(script string, variables ...string) ([]string, error) {
	dir := filepath.Join(m.env.Root, "user")
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return nil, err
	}
	group, err := os.ReadFile("/etc/group")
	if err != nil {
		return nil, err
	}
	files := map[string]string{
		"passwd": string(passwd) + fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", user, userID, userID, filepath.Join(dir, "home")),
		"group":  string(group) + fmt.Sprintf("%s:x:%d:\n", user, userID),
		"subuid": fmt.Sprintf("%s:%d:65536\n", user, firstID),
		"subgid": fmt.Sprintf("%s:%d:65536\n", user, firstID),
	}
	if err := writeTree(dir, files); err != nil {
		return nil, err
	}
	for _, folder := range []string{"home", "run"} {
		path := filepath.Join(dir, folder)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
		if err := os.Chown(path, userID, userID); err != nil {
			return nil, err
		}
	}
	var mounts strings.Builder
	for _, name := range []string{"passwd", "group", "subuid", "subgid"} {
		fmt.Fprintf(&mounts, "mount --bind \"$DIR/%[1]s\" /etc/%[1]s\n", name)
	}
	return shell(mounts.String()+script, append([]string{"DIR=" + dir}, variables...)...), nil
}

// rootless has a daemon without root, in namespaces that RootlessKit makes, as `jetkit builder start` has it.
func rootless(network ...string) func(context.Context, *matrix) (harness.DaemonOptions, error) {
	return func(_ context.Context, m *matrix) (harness.DaemonOptions, error) {
		if err := needs("rootlesskit", "newuidmap", "setpriv", "slirp4netns"); err != nil {
			return harness.DaemonOptions{}, err
		}
		program, err := copyProgram(filepath.Join(m.env.Tools(), "buildkitd"), filepath.Join(m.env.Root, "buildkitd"))
		if err != nil {
			return harness.DaemonOptions{}, err
		}
		script := fmt.Sprintf(`
[ -e "$DIR/tun" ] || mknod -m 666 "$DIR/tun" c 10 200
mount --bind "$DIR/tun" /dev/net/tun # as udev makes it
export HOME="$DIR/home" XDG_RUNTIME_DIR="$DIR/run" USER=%[1]s LOGNAME=%[1]s
rm -rf "$DIR/run/kit"
exec setpriv --reuid=%[2]d --regid=%[2]d --clear-groups rootlesskit --state-dir="$DIR/run/kit" --pidns --copy-up=/etc --propagation=rslave %[3]s \
  sh -euc 'case "$NETWORK" in *host) ;; *) "$SELF" forward "$REGISTRY" "$SOCKET" & esac; exec "$@"' matrix "$@"`,
			user, userID, strings.Join(network, " "))
		wrapper, err := m.asUser(script, "SELF="+m.self, "REGISTRY="+m.env.Registry, "SOCKET="+m.socket, "NETWORK="+network[0])
		return harness.DaemonOptions{Wrapper: wrapper, Program: program, Owner: userID}, err
	}
}

// remapped has steps whose root is another user outside. They need a network of their own: the kernel lets nobody else
// mount its /sys.
func remapped(ctx context.Context, m *matrix) (harness.DaemonOptions, error) {
	opts, err := bridge()(ctx, m)
	if err != nil {
		return opts, err
	}
	// Whoever root of a step is must be able to pass through the daemon's folders.
	wrapper, err := m.asUser(`
for file; do case "$file" in */buildkitd.toml) mkdir -p -m 711 "${file%/*}/state/runc-overlayfs"; chmod 711 "${file%/*}/state" ;; esac; done
exec "$@"`)
	opts.Wrapper = append(wrapper, opts.Wrapper...)
	opts.WorkerConfig = fmt.Sprintf("userRemapUnsupported = %q", user)
	return opts, err
}
