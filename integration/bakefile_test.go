//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBakeFileOfTheCommandLine bakes what jetkit bake writes, as a file of either form: two images, whose arguments arrive as
// they were given.
func TestBakeFileOfTheCommandLine(t *testing.T) {
	t.Parallel()
	frontend, err := shared.FrontendImage(t.Context())
	require.NoError(t, err)
	cli := filepath.Join(t.TempDir(), "jetkit")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", cli, "jetkit/cmd/jetkit").CombinedOutput()
	require.NoError(t, err, "%s", out)
	const greeting = `${HOME} %{if} "q" \ <&>`
	p := newProject(t, files{
		"tree/a/Dockerfile": dockerfile("name: a", "ARG GREETING\nARG L4T_VERSION\nRUN printf '%s' \"$GREETING for $L4T_VERSION\" > /greeting # @ID@\n"),
	})
	for _, format := range []string{"json", "hcl"} {
		cmd := exec.CommandContext(t.Context(), cli, "bake", "a", "--source", "mine=tree", "--l4t", "36.4.3,36.4.4", "--name", shared.Ref("bakefile-"+format),
			"--platform", "linux/"+runtime.GOARCH, "--arg", "GREETING="+greeting, "--base", base(t), "--frontend", frontend, "--format", format)
		if runtime.GOARCH == "amd64" {
			cmd.Args = append(cmd.Args, "--arch", "x86_64")
		}
		cmd.Dir = p.dir
		var errs bytes.Buffer
		cmd.Stderr = &errs
		text, err := cmd.Output()
		require.NoError(t, err, errs.String())
		file := "docker-bake." + format
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, file), text, 0o600))
		b := baking{dir: p.dir, args: []string{"-f", file}}
		b.with("--push").bake(t)
		var printed struct {
			Target map[string]struct{ Tags []string }
		}
		require.NoError(t, json.Unmarshal([]byte(b.with("--print").bake(t).Stdout), &printed))
		for target, l4t := range map[string]string{"a-r36-4-3": "36.4.3", "a-r36-4-4": "36.4.4"} {
			require.Len(t, printed.Target[target].Tags, 1, target)
			dt, err := shared.ImageFile(t.Context(), printed.Target[target].Tags[0], "/greeting")
			require.NoError(t, err)
			assert.Equal(t, greeting+" for "+l4t, string(dt))
		}
	}
}
