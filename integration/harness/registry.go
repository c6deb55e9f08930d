//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
)

// registryConfig lets the kernel choose the port, which the log then tells: no race for a "free" port.
const registryConfig = `version: 0.1
log:
  accesslog: {disabled: true}
  level: info
storage:
  filesystem: {rootdirectory: %q}
  delete: {enabled: true}
  maintenance:
    uploadpurging: {enabled: false}
http:
  addr: 127.0.0.1:0
`

var listeningOn = regexp.MustCompile(`listening on (127\.0\.0\.1:[0-9]+)`)

func (e *Env) startRegistry(ctx context.Context) error {
	defer e.timed("registry ready")()
	config := filepath.Join(e.Root, "registry.yml")
	content := fmt.Sprintf(registryConfig, filepath.Join(e.Root, "registry"))
	if err := os.WriteFile(config, []byte(content), 0o644); err != nil {
		return err
	}
	p, err := e.startProcess("registry", []string{e.tool("registry"), "serve", config}, nil)
	if err != nil {
		return err
	}
	return p.waitReady(ctx, func(ctx context.Context) error {
		match := listeningOn.FindStringSubmatch(p.log())
		if match == nil {
			return errors.New("it does not listen yet")
		}
		e.Registry = match[1]
		return answers(ctx, "http://"+e.Registry+"/v2/")
	})
}

func answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}
