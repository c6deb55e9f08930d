package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	apicapspb "github.com/moby/buildkit/util/apicaps/pb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	fstypes "github.com/tonistiigi/fsutil/types"

	"jetkit/llb/testinit"
)

// fakeBuilder makes containers that hold some files and whose programs end at once.
type fakeBuilder struct {
	gateway.Client
	files []string
	// old is a builder that cannot list files of containers.
	old bool
	// exit is how programs end.
	exit error

	released bool
	started  gateway.StartRequest
}

func (f *fakeBuilder) BuildOpts() gateway.BuildOpts {
	var caps apicaps.CapList
	list := []*apicapspb.APICap{{ID: string(gwpb.CapGatewayExecFilesystem), Enabled: !f.old}}
	caps.Init(apicaps.Cap{ID: gwpb.CapGatewayExecFilesystem, Enabled: true})
	return gateway.BuildOpts{Caps: caps.CapSet(list)}
}

func (f *fakeBuilder) NewContainer(context.Context, gateway.NewContainerRequest) (gateway.Container, error) {
	return &fakeContainer{fake: f}, nil
}

type fakeContainer struct {
	gateway.Container
	fake *fakeBuilder
}

func (c *fakeContainer) Release(context.Context) error { c.fake.released = true; return nil }

func (c *fakeContainer) StatFile(_ context.Context, req gateway.StatContainerRequest) (*fstypes.Stat, error) {
	if req.MountIndex != 1 || !slices.Contains(c.fake.files, req.Path) {
		return nil, fs.ErrNotExist
	}
	return &fstypes.Stat{}, nil
}

func (c *fakeContainer) Start(_ context.Context, req gateway.StartRequest) (gateway.ContainerProcess, error) {
	c.fake.started = req
	return &fakeProcess{fake: c.fake}, nil
}

type fakeProcess struct {
	gateway.ContainerProcess
	fake *fakeBuilder
}

func (p *fakeProcess) Wait() error {
	_, _ = io.Copy(p.fake.started.Stdout, p.fake.started.Stdin)
	return p.fake.exit
}

func TestWhichProgramStarts(t *testing.T) {
	for name, c := range map[string]struct {
		files, args []string
		old         bool
		terminal    bool
		want        []string
	}{
		"the better shell":            {files: []string{"/bin/sh", "/bin/bash"}, want: []string{"/bin/bash"}},
		"the other shell":             {files: []string{"/usr/bin/sh"}, want: []string{"/usr/bin/sh"}},
		"an old builder":              {old: true, want: []string{"/bin/sh"}},
		"a command":                   {files: []string{"/bin/sh"}, args: []string{"a", "b c"}, want: []string{testinit.Program, "a", "b c"}},
		"a command on a terminal":     {files: []string{"/bin/bash", "/bin/sh"}, args: []string{"a", "b c"}, terminal: true, want: []string{"/bin/sh", "-c", `"$@"; exit $?`, "sh", "a", "b c"}},
		"a command without any shell": {args: []string{"a"}, terminal: true, want: []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &place{init: true, container: gateway.NewContainerRequest{Mounts: []gateway.Mount{{Dest: "/x"}, {Dest: "/"}}}}
			r, err := enter(t.Context(), &fakeBuilder{files: c.files, old: c.old}, p)
			require.NoError(t, err)
			start, err := r.process(c.args, c.terminal)
			require.NoError(t, err)
			assert.Equal(t, c.want, start.Args)
			assert.Equal(t, c.terminal, start.Tty)
		})
	}
}

func TestOnError(t *testing.T) {
	root := &pb.Op{Op: &pb.Op_Exec{Exec: &pb.ExecOp{Meta: &pb.Meta{Args: []string{"x"}}, Mounts: []*pb.Mount{{Dest: "/y"}, {Dest: "/"}}}}}
	for name, c := range map[string]struct {
		builder   fakeBuilder
		fails     error
		out, says string
	}{
		"a step":           {fakeBuilder{files: []string{"/bin/sh"}, exit: &gwpb.ExitError{ExitCode: 3}}, failure(root, "", "root"), "typed", ""},
		"no shell":         {fakeBuilder{}, failure(root, "", "root"), "", "no shell: the container has neither"},
		"no step":          {fakeBuilder{}, errors.New("x"), "", "no shell for this error: no step of the builder failed"},
		"nothing fails":    {fakeBuilder{}, nil, "", ""},
		"the builder died": {fakeBuilder{files: []string{"/bin/sh"}, exit: io.ErrUnexpectedEOF}, failure(root, "", "root"), "typed", "the connection to the container ended: unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, text bytes.Buffer
			s := &Shell{In: strings.NewReader("typed"), Out: &out, Err: &text}
			_, err := s.OnError(func(context.Context, gateway.Client) (*gateway.Result, error) { return nil, c.fails })(t.Context(), &c.builder)
			assert.Equal(t, c.fails, err, "the build's own error")
			assert.Equal(t, c.out, out.String())
			assert.Contains(t, text.String(), c.says)
			assert.Equal(t, c.says == "", text.Len() == 0, "%s", &text)
			assert.Equal(t, c.out != "" || name == "no shell", c.builder.released)
		})
	}
}

func TestInputThatNobodyWaitsForIsLeft(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	in := interruptible(r)
	ended := make(chan error)
	go func() {
		_, err := in.Read(make([]byte, 9))
		ended <- err
	}()
	require.NoError(t, in.Close())
	require.NoError(t, in.Close())
	require.ErrorIs(t, <-ended, io.EOF)
	_, err = w.WriteString("later")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	left, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "later", string(left))
}
