//go:build linux

package harness

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
)

// MakeBases makes the root file systems that [Env.Base] and [Env.BaseFor] push, all at once, unless the checkout has them
// already. It starts no daemon and no registry, so it can run while those are still being compiled.
func MakeBases(ctx context.Context, opts Options) error {
	if os.Geteuid() != 0 {
		return errors.New("debootstrap needs root: run it as root or with sudo -E")
	}
	env, err := newEnv(opts)
	if err != nil {
		return err
	}
	if err := env.own(); err != nil {
		return errors.Join(err, env.Close())
	}
	apt, err := env.readHostApt(ctx)
	if err != nil {
		return errors.Join(err, env.Close())
	}
	arches := slices.Compact([]string{runtime.GOARCH, "arm64"})
	failures := make([]error, len(arches))
	var wg sync.WaitGroup
	for i, arch := range arches {
		wg.Go(func() { _, failures[i] = env.baseArchive(ctx, env.recipe(apt, arch)) })
	}
	wg.Wait()
	return errors.Join(errors.Join(failures...), env.Close())
}
