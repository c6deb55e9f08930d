package builder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"jetkit/cmd/internal/userdir"
)

// ownNamespaces starts a program as the first process of a PID namespace, with
// mounts of its own. However it ends, the kernel then ends the steps that it runs
// and takes its mounts away. Mounts that the machine gets later appear in it.
const ownNamespaces = `mount --make-rslave / && mount -t proc jetkit /proc && exec "$@"`

// command is the daemon's command line. The error says what is missing for it.
func (d *daemon) command(ctx context.Context) ([]string, error) {
	program, err := exec.LookPath("buildkitd")
	if err != nil {
		return nil, noSuch("no buildkitd", "buildkitd is not on the PATH")
	}
	version, err := programVersion(ctx, program)
	if err != nil {
		return nil, err
	}
	if older(version) {
		return nil, &TooOldError{Have: program + " is " + version, Remedy: "upgrade it (https://github.com/moby/buildkit/releases)"}
	}
	file := d.paths.Config
	if custom := d.customConfig(); exists(custom) {
		file = custom
	}
	args := []string{
		program, "--config=" + file, "--root=" + d.paths.Root, d.address(),
		"--otel-socket-path=" + d.traces(),
	}
	if d.group != "" {
		args = append(args, "--group="+d.group)
	}
	if d.uid == 0 {
		return append([]string{"/bin/sh", "-c", ownNamespaces, "jetkit-builder"}, args...), nil
	}
	return rootless(d.paths, args)
}

// rootless runs a command in a user namespace. RootlessKit's PID namespace ends
// the steps with the daemon.
func rootless(paths Paths, args []string) ([]string, error) {
	kit, err := exec.LookPath("rootlesskit")
	if err != nil {
		return nil, errors.New("rootlesskit is not on the PATH, which a builder without root needs: " +
			"install rootlesskit, uidmap and slirp4netns, or start root's: sudo jetkit builder start --group docker")
	}
	if _, err := exec.LookPath("newuidmap"); err != nil {
		return nil, errors.New("newuidmap is not on the PATH, which rootlesskit needs: install uidmap")
	}
	argv := []string{
		kit, "--state-dir=" + paths.rootlessKit(),
		"--pidns", "--copy-up=/etc", "--propagation=rslave",
	}
	if _, err := exec.LookPath("slirp4netns"); err == nil {
		argv = append(argv, "--net=slirp4netns", "--disable-host-loopback")
	}
	return append(argv, args...), nil
}

// rootlessKit is the folder of RootlessKit's own files.
func (p Paths) rootlessKit() string { return filepath.Join(filepath.Dir(p.Socket), "rootlesskit") }

// customConfig is where a configuration of the user's own would be.
func (d *daemon) customConfig() string {
	if d.uid == 0 {
		return "/etc/jetkit/buildkitd.toml"
	}
	dir := userdir.Config(d.opts.Env)
	if dir == "" { // not one of the folder that this is run in
		return ""
	}
	return filepath.Join(dir, "jetkit", "buildkitd.toml")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// programVersion asks buildkitd for its version:
// "buildkitd github.com/moby/buildkit v0.34.2 COMMIT".
func programVersion(ctx context.Context, program string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, versionLimit, fmt.Errorf("no answer within %s", versionLimit))
	defer cancel()
	var out answer
	cmd := exec.CommandContext(ctx, program, "--version")
	cmd.Stdout, cmd.WaitDelay = &out, endGrace
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s --version: %w", program, cmp.Or(out.err, context.Cause(ctx), err))
	}
	fields := strings.Fields(string(out.text))
	const position = 2
	if len(fields) <= position || fields[0] != "buildkitd" {
		return "", fmt.Errorf("%s is not BuildKit's: its --version says %q", program, lastLines(string(out.text)))
	}
	return fields[position], nil
}

// versionLimit is for a program to tell its version.
const versionLimit = 10 * time.Second

// answer takes a program's short answer. What goes on writing is told to stop.
type answer struct {
	text []byte
	err  error
}

func (a *answer) Write(p []byte) (int, error) {
	if len(a.text)+len(p) > tailSize {
		a.err = fmt.Errorf("it answers with more than %d bytes", tailSize)
		return 0, a.err
	}
	a.text = append(a.text, p...)
	return len(p), nil
}

// startError explains why the kernel refused to start the daemon.
func startError(err error) error {
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%w: buildkitd needs to make namespaces and mounts, which this container or sandbox forbids: "+
			"run it with --privileged, or name a builder outside with --builder or BUILDKIT_HOST", err)
	}
	return err
}
