package frontend

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/lock"
)

var (
	someCommit = strings.Repeat("1", 40)
	someDigest = "sha256:" + strings.Repeat("2", 64)
)

// lockOf reads a lock with pins.
func lockOf(t *testing.T, pins string) *lock.Lock {
	t.Helper()
	l, problems := lock.Read("jetson.lock", []byte(`{"version": 1, "pins": `+pins+`}`))
	require.Empty(t, problems)
	return l
}

// TestPin pins the sources of Dockerfiles that move, and no others.
func TestPin(t *testing.T) {
	b := &build{
		given: givenSources(map[string]string{"context:ours": "https://host/ours.git#main", "context": "https://host/context.tar", "filename": "https://host/x"}),
		pins:  &pins{used: lock.New()},
	}
	b.pins.use(lockOf(t, `{"git": {"host/a.git#main": "`+someCommit+`", "host/a.git#": "`+someCommit+`"}, "http": {"https://host/f": "`+someDigest+`", "https://xxxxx@host/p": "`+someDigest+`"}}`))
	for name, test := range map[string]struct {
		state llb.State
		want  string
	}{
		"a branch":                {llb.Git("https://host/a.git", "main"), "git://host/a.git#" + someCommit},
		"a folder of it":          {llb.Git("https://host/a.git", "main:dir"), "git://host/a.git#" + someCommit + ":dir"},
		"the default branch":      {llb.Git("https://host/a.git", ""), "git://host/a.git#" + someCommit},
		"another protocol":        {llb.Git("git@host:a.git", "main"), "git://host/a.git#" + someCommit},
		"a commit":                {llb.Git("https://host/a.git", strings.Repeat("3", 40)), ""},
		"with its commit":         {llb.Git("https://host/a.git", "v1", llb.GitChecksum(someCommit)), ""},
		"a context":               {llb.Git("https://host/ours.git", "main"), ""},
		"a download":              {llb.HTTP("https://host/f"), "https://host/f " + someDigest},
		"a download for a user":   {llb.HTTP("https://me:secret@host/p"), "https://me:secret@host/p " + someDigest},
		"one that is not locked":  {llb.HTTP("https://me:secret@host/q"), "the download https://xxxxx@host/q is not in jetson.lock: jetkit lock writes what is now; --build-arg LOCK=ignore builds without the lock"},
		"with a checksum":         {llb.HTTP("https://host/f", llb.Checksum(digest.Digest(someDigest))), ""},
		"a download as context":   {llb.HTTP("https://host/context.tar"), ""},
		"an image":                {llb.Image("ubuntu:22.04"), ""},
		"a folder":                {llb.Local("context"), ""},
		"a branch not locked":     {llb.Git("https://host/a.git", "v2"), "the repository host/a.git#v2 is not in jetson.lock: jetkit lock writes what is now; --build-arg LOCK=ignore builds without the lock"},
		"a download that is none": {llb.HTTP("https://host/x"), "the download https://host/x is not in jetson.lock: jetkit lock writes what is now; --build-arg LOCK=ignore builds without the lock"},
	} {
		source, err := sourceOf(t.Context(), test.state)
		require.NoError(t, err)
		pinned, err := b.pin(t.Context(), source)
		got := strings.TrimSpace(pinned.GetIdentifier() + " " + pinned.GetAttrs()[pb.AttrHTTPChecksum])
		if err != nil {
			got = err.Error()
		}
		assert.Equal(t, test.want, got, name)
		if strings.HasPrefix(pinned.GetIdentifier(), "git://") {
			assert.Equal(t, someCommit, pinned.GetAttrs()[pb.AttrGitChecksum], "a mirror must have the commit")
		}
	}
}

// registry is a client that knows one digest.
type registry struct {
	client.Client
	asked []string
	// mirrors is set if a source policy takes images from elsewhere, by their tags.
	mirrors bool
}

func (r *registry) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (resolved string, dgst digest.Digest, config []byte, err error) {
	r.asked = append(r.asked, ref)
	if _, asked, ok := strings.Cut(ref, "@"); ok && !r.mirrors {
		return ref, digest.Digest(asked), nil, nil
	}
	return ref, digest.Digest("sha256:" + strings.Repeat("4", 64)), nil, nil
}

// TestPinnedImages resolves images as a lock says, and those that the command names as it does.
func TestPinnedImages(t *testing.T) {
	asked := &registry{}
	p := &pins{used: lock.New()}
	c := &pinnedImages{asked, p, givenSources(map[string]string{"context:base": "docker-image://given:1"})}
	resolve := func(ref string) string {
		resolved, _, _, err := c.ResolveImageConfig(t.Context(), ref, sourceresolver.Opt{})
		if err != nil {
			return err.Error()
		}
		return resolved
	}
	assert.Equal(t, "ubuntu:22.04", resolve("ubuntu:22.04"))
	p.use(lockOf(t, `{"images": {"docker.io/library/ubuntu:22.04": "`+someDigest+`"}}`))
	assert.Equal(t, "ubuntu:22.04", resolve("ubuntu:22.04"), "an image keeps the name that it is known by")
	assert.Equal(t, "given:1", resolve("given:1"))
	assert.Equal(t, "other@"+someDigest, resolve("other@"+someDigest))
	assert.Equal(t, "the image docker.io/library/other:latest is not in jetson.lock: jetkit lock writes what is now; --build-arg LOCK=ignore builds without the lock", resolve("other"))
	asked.mirrors = true
	assert.Equal(t, "ubuntu:22.04 is sha256:"+strings.Repeat("4", 64)+" by a source policy, and "+someDigest+" in the lock: let the policy keep the digest, or build with --build-arg LOCK=ignore",
		resolve("ubuntu:22.04"))
	asked.asked = asked.asked[:4]
	assert.Equal(t, []string{"ubuntu:22.04", "docker.io/library/ubuntu:22.04@" + someDigest, "given:1", "other@" + someDigest}, asked.asked)

	p.making = true
	resolve("other")
	value, _ := p.used.Pin(lock.Image, "docker.io/library/other:latest")
	assert.Equal(t, "sha256:"+strings.Repeat("4", 64), value, "the making of a lock notes what is there")
	resolve("ubuntu:22.04")
	value, _ = p.used.Pin(lock.Image, "docker.io/library/ubuntu:22.04")
	assert.Equal(t, someDigest, value, "and what the lock has")
}

// TestMovedDownload names the download that is another one than the lock has.
func TestMovedDownload(t *testing.T) {
	p := &pins{}
	other := "sha256:" + strings.Repeat("9", 64)
	said := errors.New("digest mismatch " + other + ": " + someDigest)
	assert.Equal(t, said, p.withMoved(said))
	p.use(lockOf(t, `{"http": {"https://host/f": "`+someDigest+`"}}`))
	for _, text := range []string{"digest mismatch " + other + ": " + someDigest, "digest mismatch for https://host/f: " + other + " (expected: " + someDigest + ")"} {
		assert.EqualError(t, p.withMoved(errors.New(text)), text+"\nhttps://host/f is another file than jetson.lock has: jetkit lock --update https://host/f takes what is there now")
	}
	for _, text := range []string{"digest mismatch " + someDigest + ": " + other, "exit code 1"} {
		assert.EqualError(t, p.withMoved(errors.New(text)), text)
	}
}
