package report

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"jetkit/frontend"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// logDir is a folder with a file for each step. As in jetson-containers, build/ has the
// steps that build, and test/ the tests, each with the package's number in front.
type logDir struct {
	dir  string
	root *os.Root

	mu   sync.Mutex
	used map[string]bool
	err  error
}

func openLogDir(dir string) (*logDir, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("folder of logs: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of logs: %w", err)
	}
	return &logDir{dir: dir, root: root, used: map[string]bool{}}, nil
}

func (d *logDir) firstErr() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

func (d *logDir) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = cmp.Or(d.err, err)
}

// create makes a log. What an earlier build left under its name is lost.
func (d *logDir) create(name string) *logFile {
	d.mu.Lock()
	free := name
	for n := 2; d.used[free]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	d.used[free] = true
	d.mu.Unlock()
	l := &logFile{name: free + ".txt", dir: d}
	err := d.root.MkdirAll(path.Dir(free), 0o755)
	if err == nil {
		l.file, err = d.root.Create(l.name)
	}
	if err != nil {
		d.fail(fmt.Errorf("log %s: %w", l.name, err))
	}
	return l
}

// logFile is the log of one step. Everything is written at once, so that it is all there
// whatever becomes of this program.
type logFile struct {
	name string
	dir  *logDir
	file *os.File // nil if it cannot be written
	// atStart says that nothing stands in the last line.
	atStart bool
	began   bool
	closed  bool
}

func (l *logFile) write(data []byte) {
	if l.file == nil || len(data) == 0 {
		return
	}
	if _, err := l.file.Write(data); err != nil {
		l.dir.fail(fmt.Errorf("log %s: %w", l.name, err))
		l.close()
		return
	}
	l.atStart = data[len(data)-1] == '\n'
}

// note writes a line of jetkit's own.
func (l *logFile) note(format string, args ...any) {
	text := "# " + diag.Clean(fmt.Sprintf(format, args...)) + "\n"
	if l.began && !l.atStart {
		text = "\n" + text
	}
	l.began = true
	l.write([]byte(text))
}

func (l *logFile) close() {
	if l.file != nil {
		if err := l.file.Close(); err != nil {
			l.dir.fail(fmt.Errorf("log %s: %w", l.name, err))
		}
	}
	l.file = nil
}

// logVertex writes to a step's log that it begins or ends.
func (b *BuildRecorder) logVertex(t *track) {
	if b.recorder.logs == nil || len(t.spans) == 0 {
		return
	}
	if op, ok := b.operations[t.digest]; t.log == nil && (!ok || op.Kind != frontend.InstructionOperation && op.Kind != frontend.TestOperation) {
		return // it has a log once it writes something
	}
	b.openLog(t)
	if t.ended {
		b.endLog(t)
	}
}

func (b *BuildRecorder) logOutput(t *track, data []byte) {
	if b.recorder.logs == nil {
		return
	}
	b.openLog(t)
	t.log.write(data)
	if limit := t.output.clipped; limit != "" && clippedAt.Match(data) {
		for line := range strings.Lines(clipAdvice(limit)) {
			t.log.note("%s", strings.TrimSpace(line))
		}
	}
}

func (b *BuildRecorder) openLog(t *track) {
	if t.log != nil {
		return
	}
	t.log = b.recorder.logs.create(b.logName(t))
	t.log.note("%s", t.name)
}

// endLog writes how the step ended. A step that is cached or only looked at may be told to end
// several times.
func (b *BuildRecorder) endLog(t *track) {
	if t.log.closed {
		return
	}
	took := length(union(t.spans, b.recorder.now()))
	switch result := t.result(false); {
	case result == Failure:
		t.log.note("ERROR after %s: %s", formatDuration(took), t.err)
	case result == Interrupted:
		t.log.note("CANCELED after %s", formatDuration(took))
	case result == Cached:
		t.log.note("CACHED")
	case took > 0:
		t.log.note("DONE %s", formatDuration(took))
	default:
		return
	}
	t.log.closed = true
}

func (b *BuildRecorder) closeLog(t *track) {
	if t.log == nil {
		return
	}
	if !t.log.closed {
		t.log.note("the build ended before this step did")
	}
	t.log.close()
}

// logName returns a log's name without its extension: "build/03o12_numpy-1o2",
// "build/03o12_numpy-layer", "test/03-1_numpy_test.py".
func (b *BuildRecorder) logName(t *track) string {
	op, ok := b.operations[t.digest]
	if !ok || len(op.Packages) == 0 {
		name := strings.TrimLeft(t.name, "[")
		if ok && op.compiled.Several {
			name = strings.TrimPrefix(name, op.compiled.Platform+" ") // the folder has it
		}
		return path.Join(b.folder(op.compiled), "build", "00_"+fileName(name))
	}
	steps := op.compiled.Plan.Steps
	n := slices.IndexFunc(steps, func(s plan.Step) bool { return s.Name == op.Packages[0] })
	pkg := fileName(op.Packages[0])
	if of, ok := map[frontend.OperationKind]string{frontend.LayerOperation: "layer", frontend.CheckOperation: "constraints"}[op.Kind]; ok {
		return path.Join(b.folder(op.compiled), "build", fmt.Sprintf("%02do%02d_%s-%s", n+1, len(steps), pkg, of))
	}
	if op.Kind != frontend.TestOperation {
		number, all, _ := strings.Cut(op.Number, "/")
		step := strings.Repeat("0", max(0, len(all)-len(number))) + number + "o" + all
		if op.Stage != "" {
			step = fileName(op.Stage) + "-" + step
		}
		return path.Join(b.folder(op.compiled), "build", fmt.Sprintf("%02do%02d_%s-%s", n+1, len(steps), pkg, step))
	}
	i, script := 0, op.Test
	if n >= 0 {
		if i = slices.IndexFunc(steps[n].Tests, func(t plan.Test) bool { return t.Name == op.Test }); i >= 0 && len(steps[n].Tests[i].Args) > 0 {
			script = steps[n].Tests[i].Args[0]
		}
	}
	if op.Where[0] == "image" {
		pkg += "-image"
	}
	return path.Join(b.folder(op.compiled), "test", fmt.Sprintf("%02d-%d_%s_%s", n+1, i+1, pkg, fileName(script)))
}

// folder is where a build's logs are: a folder for each build and platform, of several.
func (b *BuildRecorder) folder(c *frontend.Compiled) string {
	folder := ""
	if b.recorder.several {
		folder = fileName(b.name)
	}
	if c != nil && c.Several {
		folder = path.Join(folder, fileName(c.Platform))
	}
	return folder
}

// maxFileName bounds what a name of others adds to the name of a file.
const maxFileName = 80

// fileName makes a part of a file's name of any text.
func fileName(text string) string {
	text = strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c) {
			return c
		}
		return '_'
	}, text[:min(len(text), maxFileName)])
	return cmp.Or(strings.Trim(text, "."), "_")
}
