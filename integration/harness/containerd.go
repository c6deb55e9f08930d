//go:build linux

package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// StartContainerd starts a containerd of the harness's own, for [DaemonOptions.Containerd], and returns its address. It has
// nothing of Kubernetes'. Program is its name or path.
func (e *Env) StartContainerd(ctx context.Context, name, program string) (string, error) {
	root := filepath.Join(e.Root, name)
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	address, config := filepath.Join(root, "containerd.sock"), filepath.Join(root, "config.toml")
	text := fmt.Sprintf(`version = 2
root = %q
state = %q
disabled_plugins = ["io.containerd.grpc.v1.cri"]

[grpc]
  address = %q

[plugins."io.containerd.internal.v1.opt"]
  path = %q
`, filepath.Join(root, "root"), filepath.Join(root, "state"), address, filepath.Join(root, "opt"))
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return "", err
	}
	p, err := e.startProcess(name, []string{program, "--config", config}, nil)
	if err != nil {
		return "", err
	}
	return address, p.waitReady(ctx, func(ctx context.Context) error {
		_, err := e.output(ctx, "ctr", "--address", address, "version")
		return err
	})
}
