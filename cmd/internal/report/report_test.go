package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/frontend"
)

var recordings = []string{"first", "again", "failed-test", "failed-build", "platforms", "layers", "failed-join"}

// golden compares a text with a file; JETKIT_UPDATE=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("JETKIT_UPDATE") != "" {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestTable(t *testing.T) {
	for _, name := range recordings {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, replay(t, name).Table(&out))
			golden(t, name+".table", out.String())
		})
	}
}

func TestWrite(t *testing.T) {
	for _, file := range []string{"first.json", "failed-build.json", "platforms.json", "layers.json", "first.xml", "again.xml", "failed-test.xml", "failed-build.xml", "platforms.xml", "failed-join.xml"} {
		t.Run(file, func(t *testing.T) {
			format, err := FormatOf(file)
			require.NoError(t, err)
			var out bytes.Buffer
			require.NoError(t, replay(t, strings.TrimSuffix(file, filepath.Ext(file))).Write(&out, format))
			golden(t, file, out.String())
		})
	}
}

func TestWriteFile(t *testing.T) {
	r := replay(t, "again")
	dir := t.TempDir()
	file := filepath.Join(dir, "report.json")
	require.NoError(t, os.WriteFile(file, []byte("before"), 0o600))
	require.NoError(t, r.WriteFile(file, JSON))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode(), "what was private stays so")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no temporary file is left")

	folder := filepath.Join(dir, "folder")
	require.NoError(t, os.Mkdir(folder, 0o755))
	require.ErrorContains(t, r.WriteFile(folder, JSON), "report "+folder)
	missing := filepath.Join(dir, "missing", "report.json")
	require.ErrorContains(t, r.WriteFile(missing, JSON), "report "+missing)
	entries, err = os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "no temporary file is left")
}

func TestFormatOf(t *testing.T) {
	for file, want := range map[string]Format{"a.html": HTML, "a.HTM": HTML, "dir.d/a.json": JSON, "junit.xml": JUnit} {
		got, err := FormatOf(file)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, file := range []string{"", "report", "report.txt", "-"} {
		_, err := FormatOf(file)
		assert.ErrorContains(t, err, "end it with .html, .json or .xml (JUnit)")
	}
}

// Equal streams make equal reports, however maps are ordered.
func TestReportsRepeat(t *testing.T) {
	for _, name := range recordings {
		for _, format := range []Format{HTML, JSON, JUnit} {
			var first bytes.Buffer
			require.NoError(t, replay(t, name).Write(&first, format))
			for range 3 {
				var again bytes.Buffer
				require.NoError(t, replay(t, name).Write(&again, format))
				require.Equal(t, first.String(), again.String())
			}
		}
	}
}

// A build whose CLI is told to end has a report too.
func TestReportOfUnfinishedBuild(t *testing.T) {
	r, p := began(t, "numpy", "test.py", Options{})
	p.log("compiling\n")
	p.now = p.now.Add(3 * time.Second)
	report := r.Report()
	assert.Equal(t, Interrupted, report.Result)
	assert.Equal(t, Running, report.Builds[0].Steps[0].Result)
	assert.InDelta(t, 3, report.Builds[0].Steps[0].Seconds, 0.001)
	p.Done(Outcome{Interrupted: true})
	report = r.Report()
	assert.Equal(t, Interrupted, report.Builds[0].Steps[0].Result)
	for _, format := range []Format{HTML, JSON, JUnit} {
		var out bytes.Buffer
		require.NoError(t, report.Write(&out, format))
		assert.Contains(t, out.String(), "interrupted", format)
	}
}

// The clock of a builder on another machine may be wrong.
func TestBuilderWithAnotherClock(t *testing.T) {
	p := &progress{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	r, err := New(Options{Now: func() time.Time { return p.now }})
	require.NoError(t, err)
	p.BuildRecorder = r.Build("numpy")
	started := p.now.Add(-2 * time.Hour)
	v := &client.Vertex{Digest: runDigest, Name: "x", Started: &started}
	p.Write(&client.SolveStatus{Vertexes: []*client.Vertex{v}})
	p.now = p.now.Add(4 * time.Second)
	p.Done(Outcome{})
	step := r.Report().Builds[0].Steps[0]
	assert.InDelta(t, 0, step.Start, 0.001)
	assert.InDelta(t, 4, step.Seconds, 0.001)
}

func TestSeveralBuilds(t *testing.T) {
	first, second := load(t, "first"), load(t, "failed-test")
	now := first.lines[0].At
	recorder, err := New(Options{Now: func() time.Time { return now }, Several: true, LogDir: t.TempDir()})
	require.NoError(t, err)
	first.playTo(t, recorder.Build("a"), &now)
	second.playTo(t, recorder.Build("b"), &now)
	var table bytes.Buffer
	require.NoError(t, recorder.Report().Table(&table))
	golden(t, "several.table", table.String())
	var page bytes.Buffer
	require.NoError(t, recorder.Report().Write(&page, HTML))
	checkPage(t, page.String())
	assert.Contains(t, readLogs(t, recorder.logs.dir), "-- a/build/01o04_tools-1o1.txt --")
}

// A build that was refused and then allowed is one build, of one image.
func TestAgain(t *testing.T) {
	tables := map[bool]string{}
	for _, refused := range []bool{false, true} {
		recorded := load(t, "first")
		r, err := New(Options{Now: func() time.Time { return recorded.now }})
		require.NoError(t, err)
		b := r.Build("a")
		if refused {
			for _, l := range recorded.lines {
				if l.Compiled != nil {
					b.Compiled(*l.Compiled)
				}
			}
			b.Again()
		}
		recorded.play(t, b)
		var table bytes.Buffer
		require.NoError(t, r.Report().Table(&table))
		tables[refused] = table.String()
	}
	assert.Equal(t, tables[false], tables[true])
}

// A build that failed took as long as its first failure did; what else ran until it was stopped
// decided nothing.
func TestCriticalPathOfFailure(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	step := func(id int, result Result, from, to int, inputs ...int) *prepared {
		return &prepared{step: Step{ID: id, Result: result, Inputs: inputs}, spans: []interval{{at(from), at(to)}}}
	}
	steps := []*prepared{step(1, Ran, 0, 2), step(2, Failure, 2, 5, 1), step(3, Failure, 2, 6, 1), step(4, Interrupted, 2, 7, 1)}
	assert.Equal(t, []int{1, 2}, critical(steps))
	steps[1].step.Result, steps[2].step.Result, steps[3].step.Result = Ran, Ran, Ran
	assert.Equal(t, []int{1, 4}, critical(steps))
	assert.Empty(t, critical(nil))
}

func TestFirstOutcomeCounts(t *testing.T) {
	r, p := began(t, "numpy", "test.py", Options{})
	p.Done(Outcome{})
	p.Done(Outcome{Err: errors.New("late")})
	assert.Equal(t, Success, r.Report().Result)
}

// Nobody owns layers that the history does not tell of.
func TestLayersWithoutHistory(t *testing.T) {
	m := &Manifest{Layers: []ocispecs.Descriptor{{Digest: "sha256:1", Size: 1}, {Digest: "sha256:2", Size: 2}}, History: []ocispecs.History{{CreatedBy: "x"}, {EmptyLayer: true}}}
	owners := []frontend.Owner{{Kind: frontend.BaseOperation}, {Kind: frontend.InstructionOperation, Package: "a"}}
	assert.Equal(t, []Layer{{Digest: "sha256:1", Size: 1}, {Digest: "sha256:2", Size: 2}}, layers(m, owners))
	m.History[1].EmptyLayer = false
	assert.Equal(t, []Layer{{Digest: "sha256:1", Size: 1, Owner: "base", CreatedBy: "x"}, {Digest: "sha256:2", Size: 2, Owner: "package", Package: "a"}}, layers(m, owners))
}
