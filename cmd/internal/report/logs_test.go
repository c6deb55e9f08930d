package report

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/frontend"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// readLogs returns the logs of a folder as one text.
func readLogs(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		dt, err := os.ReadFile(filepath.Join(dir, name))
		all.WriteString("-- " + name + " --\n" + string(dt))
		return err
	}))
	return all.String()
}

func TestLogs(t *testing.T) {
	for _, name := range []string{"first", "failed-test", "failed-build", "platforms", "layers", "failed-join"} {
		t.Run(name, func(t *testing.T) {
			recording, dir := load(t, name), filepath.Join(t.TempDir(), "made", "here")
			recorder, err := New(Options{LogDir: dir, Now: func() time.Time { return recording.now }})
			require.NoError(t, err)
			recording.play(t, recorder.Build("robot"))
			require.NoError(t, recorder.Err())
			logs := readLogs(t, dir)
			golden(t, name+".logs", logs)
			for _, s := range recorder.Report().Builds[0].Steps {
				if s.Log != "" {
					assert.Contains(t, logs, "-- "+s.Log+" --\n")
				}
			}
		})
	}
}

// progress makes up a build of one package.
type progress struct {
	*BuildRecorder
	now time.Time
}

const (
	runDigest  = digest.Digest("sha256:run")
	testDigest = digest.Digest("sha256:test")
)

// began starts a build of the package with one instruction that runs and one test.
func began(t *testing.T, pkg, test string, o Options) (*Recorder, *progress) {
	t.Helper()
	p := &progress{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	o.Now = func() time.Time { return p.now }
	r, err := New(o)
	require.NoError(t, err)
	p.BuildRecorder = r.Build(pkg)
	p.Compiled(frontend.Compiled{
		Platform: "linux/arm64",
		Plan:     &plan.Plan{Steps: []plan.Step{{Name: pkg, Tests: []plan.Test{{Name: test, Args: []string{test}, Final: true}}}}},
		Operations: map[digest.Digest]frontend.Operation{
			runDigest:  {Kind: frontend.InstructionOperation, Packages: []string{pkg}, Instruction: "RUN make", Number: "1/1"},
			testDigest: {Kind: frontend.TestOperation, Packages: []string{pkg}, Test: test, Where: []teststep.Where{teststep.OnImage}},
		},
	})
	started := p.now
	p.Write(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: runDigest, Name: "[" + pkg + " 1/1] RUN make", Started: &started}}})
	return r, p
}

func (p *progress) log(text string) {
	p.Write(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: runDigest, Data: []byte(text), Timestamp: p.now}}})
}

func TestLogIsThereAtOnce(t *testing.T) {
	dir := t.TempDir()
	_, p := began(t, "numpy", "test.py", Options{LogDir: dir})
	p.log("no line break yet")
	assert.Equal(t, "-- build/01o01_numpy-1o1.txt --\n# [numpy 1/1] RUN make\nno line break yet", readLogs(t, dir))
}

// What makes a package's layer, or checks its constraints, is the package's, and what joins
// layers nobody's, of which each platform has its own. None of it is a step of its Dockerfile.
func TestLogsOfLayers(t *testing.T) {
	dir := t.TempDir()
	r, err := New(Options{LogDir: dir})
	require.NoError(t, err)
	b := r.Build("numpy")
	const joins, records, checks, other = digest.Digest("sha256:join"), digest.Digest("sha256:record"), digest.Digest("sha256:check"), digest.Digest("sha256:other")
	b.Compiled(frontend.Compiled{
		Platform: "linux/arm64", Several: true,
		Plan: &plan.Plan{Steps: []plan.Step{{Name: "python"}, {Name: "numpy"}}},
		Operations: map[digest.Digest]frontend.Operation{
			joins:   {Kind: frontend.JoinOperation},
			records: {Kind: frontend.LayerOperation, Packages: []string{"numpy"}},
			checks:  {Kind: frontend.CheckOperation, Packages: []string{"numpy"}},
		},
	})
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for dgst, name := range map[digest.Digest]string{
		joins: "[linux/arm64 layers] join python", records: "[linux/arm64 numpy layer] record changes",
		checks: "[linux/arm64 constraints of numpy] check", other: "[internal] something",
	} {
		b.Write(&client.SolveStatus{
			Vertexes: []*client.Vertex{{Digest: dgst, Name: name, Started: &started}},
			Logs:     []*client.VertexLog{{Vertex: dgst, Data: []byte("says\n"), Timestamp: started}},
		})
	}
	assert.Equal(t, "-- build/00_internal__something.txt --\n# [internal] something\nsays\n"+
		"-- linux_arm64/build/00_layers__join_python.txt --\n# [linux/arm64 layers] join python\nsays\n"+
		"-- linux_arm64/build/02o02_numpy-constraints.txt --\n# [linux/arm64 constraints of numpy] check\nsays\n"+
		"-- linux_arm64/build/02o02_numpy-layer.txt --\n# [linux/arm64 numpy layer] record changes\nsays\n", readLogs(t, dir))
	build := r.Report().Builds[0]
	for _, s := range build.Steps {
		want := map[string]Phase{string(joins): PhaseLayers, string(records): PhaseLayers, string(checks): PhaseSeal, string(other): PhaseFiles}[s.Digest]
		assert.Equal(t, want, s.Phase, s.Name)
	}
	for _, p := range build.Images[0].Packages {
		assert.Zero(t, p.Steps, p.Name)
	}
}

func TestHostileNamesStayInTheFolder(t *testing.T) {
	dir := t.TempDir()
	for _, pkg := range []string{"../../etc/passwd", "..", "/", "a\x00b", strings.Repeat("ü", 300), ""} {
		r, p := began(t, pkg, "../../x", Options{LogDir: filepath.Join(dir, "logs")})
		p.log("x\n")
		p.Done(Outcome{})
		require.NoError(t, r.Err(), pkg)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestLongOutput(t *testing.T) {
	dir := t.TempDir()
	r, p := began(t, "numpy", "test.py", Options{LogDir: dir})
	for range 5000 {
		p.log(strings.Repeat("x", 999) + "\n")
	}
	p.log("the end\n[output clipped, log limit 2MiB reached]\n")
	step := r.Report().Builds[0].Steps[0]
	assert.EqualValues(t, 5_000_049, step.Output.Bytes)
	assert.Less(t, len(step.Output.Text), keepHead+keepTail+100)
	assert.Equal(t, step.Output.Bytes, step.Output.Missing+keepHead+keepTail)
	assert.True(t, strings.HasSuffix(step.Output.Text, "the end\n[output clipped, log limit 2MiB reached]\n"))
	assert.Equal(t, "2MiB", step.Output.Clipped)
	logs := readLogs(t, dir)
	assert.Greater(t, len(logs), 5_000_000, "the log has all of it")
	assert.Contains(t, logs, "# the builder drops output above 2MiB\n# BUILDKIT_STEP_LOG_MAX_SIZE=-1 and")
	var table strings.Builder
	require.NoError(t, r.Report().Table(&table))
	assert.Contains(t, table.String(), "The output of 1 step is not complete: the builder drops output above 2MiB\n  BUILDKIT_STEP_LOG_MAX_SIZE=-1 and")
}

func TestLogDirIsAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := New(Options{LogDir: file})
	require.ErrorContains(t, err, "folder of logs")
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"a\r\nb\n":                          "a\nb\n",
		"10%\r100%\n":                       "100%\n",
		"10%\r100%\r\n":                     "100%\n",
		"\x1b[1;31mred\x1b[0m":              "red",
		"\x1b]8;;http://evil\x07link\x1b(B": "link\\x1b(B",
		"\x1b]0;title\x1b\\text":            "text",
		"\u202egnp.exe":                     `\u202egnp.exe`,
		"bell\a null\x00 bad\xff":           `bell\a null\x00 bad\xff`,
	} {
		assert.Equal(t, want, plain(text), "%q", text)
	}
}
