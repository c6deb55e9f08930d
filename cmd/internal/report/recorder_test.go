package report

import (
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/frontend"
	"jetkit/pkgspec/plan"
)

// A step that runs for several builds is told to all by the digest of one of them. A build
// that has another for it, and waits for it or gave it up for that one, has it all the same.
func TestStepOfAnotherBuild(t *testing.T) {
	t.Parallel()
	const own, other, name = digest.Digest("sha256:own"), digest.Digest("sha256:other"), "[a 1/1] RUN make"
	begun := time.Unix(1000, 0)
	ended := begun.Add(3 * time.Second)
	canceled := &client.Vertex{Digest: own, Name: name, Started: &begun, Completed: &begun, Error: "context canceled"}
	for _, first := range []*client.Vertex{{Digest: own, Name: name}, canceled} {
		r, err := New(Options{Now: func() time.Time { return ended }})
		require.NoError(t, err)
		b := r.Build("a")
		b.Compiled(frontend.Compiled{
			Plan:       &plan.Plan{Steps: []plan.Step{{Name: "a"}}},
			Operations: map[digest.Digest]frontend.Operation{own: {Kind: frontend.InstructionOperation, Packages: []string{"a"}}},
		})
		b.Write(&client.SolveStatus{Vertexes: []*client.Vertex{first}})
		b.Write(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: other, Name: name}}})
		b.Write(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: other, Name: name, Started: &begun, Completed: &ended, Inputs: []digest.Digest{"sha256:x"}}}})
		b.Write(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: other, Data: []byte("made\n")}}})
		b.Done(Outcome{})
		build := r.Report().Builds[0]
		require.Len(t, build.Steps, 1)
		assert.Equal(t, string(own), build.Steps[0].Digest)
		assert.Equal(t, "made\n", build.Steps[0].Output.Text)
		assert.Equal(t, Ran, build.Images[0].Packages[0].Result)
	}
}
