package report

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"

	"jetkit/frontend"
)

// line is one line of a recording that integration.TestRecordProgress made.
type line struct {
	At       time.Time
	Compiled *frontend.Compiled
	Status   *client.SolveStatus
	Error    string
	Response map[string]string
	Blobs    blobs
}

// recording is a real build's progress, which tests play at their own speed.
type recording struct {
	lines []line
	now   time.Time
}

func load(t *testing.T, name string) *recording {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "progress", name+".jsonl"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	r := &recording{}
	in := bufio.NewScanner(file)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var l line
		require.NoError(t, json.Unmarshal(in.Bytes(), &l))
		r.lines = append(r.lines, l)
	}
	require.NoError(t, in.Err())
	r.now = r.lines[0].At
	return r
}

// play replays the recording into a build of a recorder whose clock is the recording's.
func (r *recording) play(t *testing.T, b *BuildRecorder) {
	t.Helper()
	r.playTo(t, b, &r.now)
}

// playTo is play for a clock.
func (r *recording) playTo(t *testing.T, b *BuildRecorder, now *time.Time) {
	t.Helper()
	for _, l := range r.lines {
		*now = l.At
		switch {
		case l.Compiled != nil:
			b.Compiled(*l.Compiled)
		case l.Status != nil:
			b.Write(l.Status)
		case l.Error != "":
			b.Done(Outcome{Err: errors.New(l.Error)})
		case l.Response != nil:
			dt, err := base64.StdEncoding.DecodeString(l.Response[descriptorKey])
			require.NoError(t, err)
			var desc ocispecs.Descriptor
			require.NoError(t, json.Unmarshal(dt, &desc))
			manifests, err := readManifests(t.Context(), l.Blobs, desc)
			require.NoError(t, err)
			b.Done(Outcome{Manifests: manifests, Digest: l.Response["containerimage.digest"], Tags: []string{l.Response["image.name"]}})
		}
	}
}

// replay returns the report of a recorded build.
func replay(t *testing.T, name string) *Report {
	t.Helper()
	recording := load(t, name)
	recorder, err := New(Options{Now: func() time.Time { return recording.now }})
	require.NoError(t, err)
	recording.play(t, recorder.Build("robot"))
	return recorder.Report()
}

// blobs is a store of manifests.
type blobs map[digest.Digest]json.RawMessage

func (b blobs) ReaderAt(_ context.Context, desc ocispecs.Descriptor) (content.ReaderAt, error) {
	dt, ok := b[desc.Digest]
	if !ok {
		return nil, errors.New("no such blob")
	}
	return &blob{dt}, nil
}

type blob struct{ data []byte }

func (b *blob) Close() error { return nil }
func (b *blob) Size() int64  { return int64(len(b.data)) }

func (b *blob) ReadAt(p []byte, off int64) (int, error) { return copy(p, b.data[off:]), nil }
