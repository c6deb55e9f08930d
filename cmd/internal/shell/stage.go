package shell

import (
	"context"
	"errors"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"jetkit/frontend"
)

// StageFunc builds a stage and returns its container: frontend.Stage.
type StageFunc func(context.Context, gateway.Client) (*frontend.Container, error)

// InStage returns a build that builds a stage and runs a program in its container, a shell
// if args are none. The title says what stage it is. The build fails with an [*ExitError]
// if the program ends with another exit code than 0.
func (s *Shell) InStage(stage StageFunc, title string, args []string) gateway.BuildFunc {
	return func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		made, err := stage(ctx, c)
		if err != nil {
			return nil, err
		}
		p, err := placeOf(made.Exec, made.Platform, func(i int) (gateway.Mount, error) {
			if i >= len(made.Mounts) {
				return gateway.Mount{}, errors.New("internal error of jetkit: a mount has no result")
			}
			return gateway.Mount{Ref: made.Mounts[i]}, nil
		})
		if err != nil {
			return nil, err
		}
		p.title, p.command = title, nil
		if err := s.open(ctx, c, p, args); err != nil {
			return nil, err
		}
		return gateway.NewResult(), nil
	}
}
