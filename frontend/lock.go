package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/frontend/reffs"
	"jetkit/pkgspec/lock"
)

// readLock reads the lock beside jetson.yaml, which came with it; nil if there is none.
func (b *build) readLock(ctx context.Context) ([]byte, error) {
	res, err := b.client.Solve(ctx, client.SolveRequest{Definition: b.spec.Definition.ToPB()})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", lock.Name(b.spec.Filename), err)
	}
	ref, err := res.SingleRef()
	if err != nil {
		return nil, err
	}
	text, err := reffs.ReadAll(ctx, ref, lock.Name(b.spec.Filename), lock.MaxSize+1)
	if errors.Is(err, fs.ErrNotExist) {
		if target, err := reffs.New(ctx, ref).ReadLink(lock.Name(b.spec.Filename)); err == nil {
			return nil, lock.LinkError(lock.Name(b.spec.Filename), target) // not to be taken for no lock
		}
		return nil, nil
	}
	if err == nil && text == nil {
		text = []byte{} // a file with nothing in it is one
	}
	return text, err
}

// callLock prints the lock of what the build would be now.
func (b *build) callLock(ctx context.Context) (*client.Result, error) {
	text, err := b.makeLock(ctx)
	if err != nil {
		return nil, err
	}
	return answer(text, text), nil
}

// makeLock returns the text of the lock of what the build would be now. What the lock that is
// there has, stays.
func (b *build) makeLock(ctx context.Context) ([]byte, error) {
	targets := b.ui.TargetPlatforms
	if len(targets) == 0 {
		targets = []ocispecs.Platform{b.targetPlatform(nil)}
	}
	made := b.pins.used
	for _, platform := range targets {
		p, _, err := b.plan(ctx, platform)
		if err != nil {
			return nil, err
		}
		for _, s := range b.loaded.Load().Fetched() { // also those that no package of the chain is from
			if s.Pinned() {
				continue
			}
			if s.Revision == "" {
				return nil, untold(s.String())
			}
			b.pins.note(lock.Source, s.String(), s.Revision)
		}
		if _, problems, err := b.convert(ctx, p, platform, nil); err != nil {
			return nil, err
		} else if err := problems.Err(); err != nil {
			return nil, err
		}
		made.Platforms[formatPlatform(platform)] = lock.ChoiceOf(p)
	}
	made.Facts = b.loaded.Load().FactsDigest()
	b.keepOthers(made)
	return made.Encode()
}

// keepOthers adds what the lock that is there has for other platforms. Nobody knows which of
// its pins they need, so all stay.
func (b *build) keepOthers(made *lock.Lock) {
	old := b.loaded.Load().Lock()
	if old == nil {
		return
	}
	others := false
	for _, platform := range slices.Sorted(maps.Keys(old.Platforms)) {
		if _, is := made.Platforms[platform]; !is {
			made.Platforms[platform] = old.Platforms[platform]
			others = true
		}
	}
	if !others {
		return
	}
	for kind, pins := range old.Pins {
		for name, value := range pins {
			if _, is := made.Pin(kind, name); !is {
				made.Set(kind, name, value)
			}
		}
	}
}
