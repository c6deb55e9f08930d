//go:build integration

package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// message is one of the Debug Adapter Protocol:
// https://microsoft.github.io/debug-adapter-protocol/specification
type message struct {
	Seq     int             `json:"seq"`
	Type    string          `json:"type"`
	Command string          `json:"command,omitempty"`
	Event   string          `json:"event,omitempty"`
	Args    any             `json:"arguments,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
	Success bool            `json:"success,omitempty"`
}

// debugger is a client of docker buildx dap.
type debugger struct {
	t    *testing.T
	to   io.Writer
	from *bufio.Reader
	seq  int
	// output is what the build printed.
	output strings.Builder
}

func (d *debugger) send(command string, args any) {
	d.seq++
	dt, err := json.Marshal(message{Seq: d.seq, Type: "request", Command: command, Args: args})
	require.NoError(d.t, err)
	_, err = fmt.Fprintf(d.to, "Content-Length: %d\r\n\r\n%s", len(dt), dt)
	require.NoError(d.t, err)
}

// until reads messages up to a response to a command or an event of one of these names.
func (d *debugger) until(names ...string) message {
	for {
		head, err := textproto.NewReader(d.from).ReadMIMEHeader()
		require.NoError(d.t, err, "waiting for %s\n%s", names, d.output.String())
		size, err := strconv.Atoi(head.Get("Content-Length"))
		require.NoError(d.t, err)
		dt := make([]byte, size)
		_, err = io.ReadFull(d.from, dt)
		require.NoError(d.t, err)
		var m message
		require.NoError(d.t, json.Unmarshal(dt, &m))
		if m.Event == "output" {
			var body struct{ Output string }
			require.NoError(d.t, json.Unmarshal(m.Body, &body))
			d.output.WriteString(body.Output)
		}
		require.False(d.t, m.Event == "terminated" && !slices.Contains(names, m.Event), "it ended before %s\n%s", names, d.output.String())
		if slices.Contains(names, m.Event) || m.Type == "response" && slices.Contains(names, m.Command) {
			return m
		}
	}
}

// resume lets the build go on.
func (d *debugger) resume(stopped message) {
	var at struct{ ThreadID int }
	require.NoError(d.t, json.Unmarshal(stopped.Body, &at))
	d.send("continue", map[string]int{"threadId": at.ThreadID})
}

// stack returns where the build has stopped.
func (d *debugger) stack(stopped message) string {
	var at struct{ ThreadID int }
	require.NoError(d.t, json.Unmarshal(stopped.Body, &at))
	d.send("stackTrace", map[string]int{"threadId": at.ThreadID})
	var body struct {
		StackFrames []struct {
			Name   string
			Line   int
			Source struct{ Path string }
		}
	}
	require.NoError(d.t, json.Unmarshal(d.until("stackTrace").Body, &body))
	require.NotEmpty(d.t, body.StackFrames)
	f := body.StackFrames[0]
	return fmt.Sprintf("%s:%d %s", f.Source.Path, f.Line, f.Name)
}

// TestDebugger drives docker buildx dap build: it stops at a line of a package's
// Dockerfile, with the steps before it done and those after it not begun.
func TestDebugger(t *testing.T) {
	t.Parallel()
	tree := one("name: a\ntest: test.sh", "RUN echo @ID@ > /one\nRUN echo @ID@ > /two\n").and(files{"packages/a/test.sh": script("true")})
	for name, debug := range map[string]bool{"before the build": true, "after the build": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, tree)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			fromTest, toBuildx := io.Pipe()
			fromBuildx, toTest := io.Pipe()
			args := []string{"dap", "build", "--build-arg", "BASE_IMAGE=" + base(t), "-f", "jetson.yaml", "."}
			if debug {
				args = slices.Insert(args, 2, "--build-arg", "JETKIT_DEBUG=1")
			}
			done := make(chan harness.Result, 1)
			go func() {
				done <- shared.BuildxCommand(ctx, harness.BuildxRun{Dir: p.dir, Args: args, Stdin: fromTest, Out: toTest, Env: []string{"BUILDX_EXPERIMENTAL=1"}})
				_ = toTest.Close()
			}()
			d := &debugger{t: t, to: toBuildx, from: bufio.NewReader(fromBuildx)}
			d.send("initialize", map[string]any{"adapterID": "test", "linesStartAt1": true})
			d.until("initialize")
			d.send("launch", map[string]any{"stopOnEntry": false})
			d.until("initialized")
			dockerfile := filepath.Join(p.dir, "packages/a/Dockerfile")
			d.send("setBreakpoints", map[string]any{"source": map[string]string{"path": dockerfile}, "breakpoints": []map[string]int{{"line": 8}}})
			d.until("setBreakpoints")
			d.send("configurationDone", map[string]any{})
			stopped := d.until("stopped")
			assert.Contains(t, d.stack(stopped), dockerfile+":8 ")
			ran := d.output.String()
			assert.Contains(t, ran, "[a 1/2] RUN echo")
			assert.Equal(t, !debug, strings.Contains(ran, "[a 2/2] RUN echo"), ran)
			for stops := 0; stopped.Event == "stopped"; stops++ { // the line has several operations
				require.Less(t, stops, 10)
				d.resume(stopped)
				stopped = d.until("stopped", "terminated")
			}
			d.send("disconnect", map[string]any{})
			_ = toBuildx.Close()
			go func() { _, _ = io.Copy(io.Discard, fromBuildx) }()
			res := <-done
			assert.Zero(t, res.ExitCode, res.Stderr)
		})
	}
}
