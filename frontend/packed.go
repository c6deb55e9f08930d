package frontend

import (
	"context"
	"fmt"
	"path"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"jetkit/frontend/pack"
	"jetkit/frontend/reffs"
)

// PackCommand is the first argument of a program that is given to BuildAs, where
// it is to pack the folder that the second one names into the file of the third.
const PackCommand = "pack"

const (
	// minPacked is from how many files on they are packed. To read one by one costs
	// about 0.25 ms of processor time for each. A pack costs a container, a few
	// tenths of a second, when files have changed, and next to nothing when not.
	minPacked = 500

	packedDir = "/in"
	packFile  = "/out/pack"
)

// program is a program in an image, which a step can run.
type program struct {
	image llb.State
	path  string
}

// ownProgram returns the running program, nil if it is not known to run in an
// image: BuildKit tells a frontend that it started from one.
func ownProgram(c client.Client, file string) (*program, error) {
	inImage, ok := c.(interface {
		CurrentFrontend() (*llb.State, error)
	})
	if !ok || file == "" {
		return nil, nil
	}
	image, err := inImage.CurrentFrontend()
	if image == nil || err != nil {
		return nil, err
	}
	return &program{*image, file}, nil
}

// step returns the state that holds the pack of a folder.
func (p program) step(folder llb.State) llb.State {
	return p.image.Run(
		llb.Args([]string{p.path, PackCommand, packedDir, packFile}),
		llb.Dir("/"),
		llb.Network(pb.NetMode_NONE),
		llb.ReadonlyRootFS(),
		llb.AddMount(packedDir, folder, llb.Readonly),
		dockerui.WithInternalName("read package metadata"),
	).AddMount(path.Dir(packFile), llb.Scratch())
}

// packed reads the small files of a folder at once. The builder keeps the pack by
// the folder's content.
func (c contextsFor) packed(ctx context.Context, folder llb.State) (map[string][]byte, error) {
	def, err := c.own.step(folder).Marshal(ctx, llb.WithCaps(c.ui.BuildOpts().LLBCaps), llb.Platform(c.ui.BuildPlatforms[0]))
	if err != nil {
		return nil, err
	}
	res, err := c.client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), Evaluate: true})
	if err != nil {
		return nil, fmt.Errorf("packing files: %w", err)
	}
	ref, err := res.SingleRef()
	if err != nil {
		return nil, err
	}
	dt, err := reffs.ReadAll(ctx, ref, path.Base(packFile), pack.MaxSize)
	if err != nil {
		return nil, err
	}
	return pack.Read(dt)
}
