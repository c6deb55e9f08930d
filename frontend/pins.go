package frontend

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"

	"jetkit/pkgspec/lock"
	"jetkit/pkgspec/plan"
)

// pins are what things that move are in a build: what the lock says, or in the making of a
// lock what they are now.
type pins struct {
	// making is set to make a lock.
	making bool

	mu sync.Mutex
	// lock is the one that counts; nil if there is none.
	lock *lock.Lock
	// used is what was asked for.
	used *lock.Lock
}

// use makes a lock count from now on.
func (p *pins) use(l *lock.Lock) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lock = l
}

// count reports whether anything is pinned, or to be.
func (p *pins) count() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.making || p.lock != nil
}

// of returns what a thing is pinned to; empty if no lock counts. resolve says what it is now,
// which is asked only to make a lock.
func (p *pins) of(kind lock.Kind, name string, resolve func() (string, error)) (string, error) {
	p.mu.Lock()
	locked, making := p.lock, p.making
	p.mu.Unlock()
	value, ok := locked.Pin(kind, name)
	switch {
	case ok:
	case !making && locked != nil:
		return "", &lock.NotLocked{File: locked.File(), Kind: kind, Name: name}
	case !making:
		return "", nil
	default:
		var err error
		if value, err = resolve(); err != nil {
			return "", err
		}
		if value == "" {
			return "", untold(name)
		}
	}
	p.note(kind, name, value)
	return value, nil
}

// untold is the error of something that no lock can pin.
func untold(name string) error { return fmt.Errorf("the builder does not tell what %s is", name) }

// has reports whether the lock pins something.
func (p *pins) has(kind lock.Kind, name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.lock.Pin(kind, name)
	return ok
}

// note keeps what a lock in the making has to have.
func (p *pins) note(kind lock.Kind, name, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.making {
		p.used.Set(kind, name, value)
	}
}

// pinnedImages is a gateway client that resolves images as the lock says. What the command
// itself names is no matter of the lock's, unless jetson.yaml or a Dockerfile names it too.
type pinnedImages struct {
	client.Client
	pins  *pins
	given map[string]bool
}

// ResolveImageConfig returns an image's reference, digest and configuration.
func (c *pinnedImages) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (resolved string, dgst digest.Digest, config []byte, err error) {
	if opt.OCILayoutOpt != nil || strings.Contains(ref, "@") || !c.pins.count() || c.given[normal(ref)] && !c.pins.has(lock.Image, normal(ref)) {
		return c.Client.ResolveImageConfig(ctx, ref, opt)
	}
	value, err := c.pins.of(lock.Image, normal(ref), func() (string, error) {
		_, dgst, _, err := c.Client.ResolveImageConfig(ctx, ref, opt)
		return dgst.String(), err
	})
	if err != nil {
		return "", "", nil, err
	}
	pinned := withDigest(ref, digest.Digest(value))
	resolved, dgst, config, err = c.Client.ResolveImageConfig(ctx, pinned, opt)
	if resolved == pinned {
		resolved = ref
	}
	if err == nil && dgst != "" && dgst.String() != value {
		return "", "", nil, fmt.Errorf("%s is %s by a source policy, and %s in the lock: let the policy keep the digest, or build with --build-arg LOCK=ignore", ref, dgst, value)
	}
	return resolved, dgst, config, err
}

// normal returns the full name of an image, as the lock has it.
func normal(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	return reference.TagNameOnly(named).String()
}

// givenSources returns what the command names: images, by their full names, and the
// identifiers of repositories and downloads.
func givenSources(opts map[string]string) map[string]bool {
	given := map[string]bool{}
	for key, value := range opts {
		if !strings.HasPrefix(key, "context:") && key != "context" {
			continue
		}
		if ref, ok := strings.CutPrefix(value, plan.ImageScheme); ok {
			given[normal(ref)] = true
		}
		given[value] = true // a download
		if g, is, err := dfgitutil.ParseGitRef(value); is && err == nil {
			given[gitIdentifier(g.Remote, g.Ref, g.SubDir)] = true
		}
	}
	return given
}

// addLinked adds the sources of builds that the command links to this one, as targets of bake.
func addLinked(ctx context.Context, c client.Client, given map[string]bool) error {
	linked := slices.ContainsFunc(slices.Collect(maps.Values(c.BuildOpts().Opts)), func(value string) bool { return strings.HasPrefix(value, "input:") })
	if !linked {
		return nil
	}
	inputs, err := c.Inputs(ctx)
	if err != nil {
		return err
	}
	for _, st := range inputs {
		def, err := st.Marshal(ctx)
		if err != nil {
			return err
		}
		for _, dt := range def.Def {
			var op pb.Op
			if err := op.UnmarshalVT(dt); err != nil {
				return err
			}
			if source := op.GetSource(); source != nil {
				given[source.GetIdentifier()] = true
			}
		}
	}
	return nil
}

// pin replaces a source of a Dockerfile's that moves: a repository that is not fetched by its
// commit, and a download without a checksum. The result is nil for others.
func (b *build) pin(ctx context.Context, source *pb.SourceOp) (*pb.SourceOp, error) {
	id := source.GetIdentifier()
	attr, kind := pb.AttrHTTPChecksum, lock.HTTP
	repository, isGit := strings.CutPrefix(id, "git://")
	if isGit {
		attr, kind = pb.AttrGitChecksum, lock.Git
	}
	isHTTP := strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://")
	where, fragment, _ := strings.Cut(repository, "#")
	ref, dir, _ := strings.Cut(fragment, ":")
	name := plan.WithoutCredentials(id) // everybody may read a lock
	if isGit {
		name = where + "#" + ref // of which an identifier has no user either
	}
	if !isGit && !isHTTP || source.GetAttrs()[attr] != "" || isGit && plan.IsCommit(ref) || b.given[id] && !b.pins.has(kind, name) {
		return nil, nil
	}
	value, err := b.pins.of(kind, name, func() (string, error) { return b.now(ctx, source) })
	if err != nil || value == "" {
		return nil, err
	}
	pinned := proto.Clone(source).(*pb.SourceOp)
	if pinned.Attrs == nil {
		pinned.Attrs = map[string]string{}
	}
	pinned.Attrs[attr] = value // a source policy may take it from elsewhere, where it must be the same
	if isGit {
		pinned.Identifier = "git://" + where + "#" + value
		if dir != "" {
			pinned.Identifier += ":" + dir
		}
	}
	return pinned, nil
}

// now asks the builder which commit a repository's ref is, or which digest a download has.
func (b *build) now(ctx context.Context, source *pb.SourceOp) (string, error) {
	answer, err := b.client.ResolveSourceMetadata(ctx, proto.Clone(source).(*pb.SourceOp), sourceresolver.Opt{LogName: "resolve " + source.GetIdentifier()})
	switch {
	case err != nil:
		return "", err
	case answer.Git != nil:
		return commitOf(answer.Git), nil
	case answer.HTTP != nil:
		return answer.HTTP.Digest.String(), nil
	}
	return "", untold(plan.WithoutCredentials(source.GetIdentifier()))
}

// mismatch is what BuildKit says of a download that is another one than its checksum says.
// Source: moby/buildkit v0.34, source/http; tried.
var mismatch = regexp.MustCompile(`digest mismatch (?:for \S+: )?sha256:[0-9a-f]{64}(?:: | \(expected: )(sha256:[0-9a-f]{64})`)

// withMoved adds to an error about a download that the lock pins what helps.
func (p *pins) withMoved(err error) error {
	m := mismatch.FindStringSubmatch(err.Error())
	p.mu.Lock()
	defer p.mu.Unlock()
	if m == nil || p.lock == nil {
		return err
	}
	for _, url := range slices.Sorted(maps.Keys(p.lock.Pins[lock.HTTP])) {
		if p.lock.Pins[lock.HTTP][url] == m[1] {
			return fmt.Errorf("%w\n%s is another file than %s has: jetkit lock --update %[2]s takes what is there now", err, url, p.lock.File())
		}
	}
	return err
}
