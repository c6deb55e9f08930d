package autotag

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/images"
)

// shelf is a store of images that a test made.
type shelf struct {
	name    string
	list    []*images.Image
	err     error
	labels  map[string]map[string]string // by name
	problem map[string]error             // of reading, by name

	mu   sync.Mutex
	read []string
}

func (s *shelf) String() string { return s.name }

func (s *shelf) List(context.Context, []string) ([]*images.Image, error) { return s.list, s.err }

func (s *shelf) Read(_ context.Context, image *images.Image, _ ocispecs.Platform) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = append(s.read, image.Name)
	if err := s.problem[image.Name]; err != nil {
		return err
	}
	image.Read, image.Labels = true, s.labels[image.Name]
	image.Platform = ocispecs.Platform{OS: "linux", Architecture: "arm64"}
	return nil
}

func newShelf(t *testing.T, name string, refs ...string) *shelf {
	t.Helper()
	s := &shelf{name: name, labels: map[string]map[string]string{}, problem: map[string]error{}}
	for _, ref := range refs {
		i := image(t, ref, "", nil)
		s.list = append(s.list, i)
	}
	return s
}

func find(t *testing.T, source string, stores ...images.Store) *Result {
	t.Helper()
	r := &Request{Target: target(t, "36.4.3"), Wants: wants(t, "pytorch")}
	found, err := r.Find(t.Context(), Source{Name: source, Stores: stores}, 0)
	require.NoError(t, err)
	return found
}

// TestRegistryIsAskedLittle holds that tags decide first, and that few images are read: the
// best by their tags, until one of a few fits.
func TestRegistryIsAskedLittle(t *testing.T) {
	var refs []string
	for i := range 100 {
		refs = append(refs, fmt.Sprintf("me/pytorch:2.%d-r36.4.0", i), fmt.Sprintf("me/pytorch:2.%d-r35.4.1", i))
	}
	s := newShelf(t, "registry", append(refs, "me/pytorch:latest", "me/pytorch:x-r36.4.3")...)
	found := find(t, Registry, s)
	assert.Equal(t, "me/pytorch:x-r36.4.3", found.Best.Name)
	assert.ElementsMatch(t, []string{"me/pytorch:x-r36.4.3", "me/pytorch:2.99-r36.4.0", "me/pytorch:2.98-r36.4.0", "me/pytorch:2.97-r36.4.0"}, s.read)
	assert.Len(t, found.Candidates, 202)

	// Tags that are for other machines are not read.
	s = newShelf(t, "registry", "me/pytorch:r35.4.1", "me/pytorch:amd64", "me/pytorch:r36.4-cu126-22.04-numpy")
	assert.Nil(t, find(t, Registry, s).Best)
	assert.Empty(t, s.read)

	// Labels that contradict the tags of the best: the next ones are read.
	s = newShelf(t, "registry", append(refs, "me/pytorch:latest", "me/pytorch:x-r36.4.3")...)
	for _, ref := range refs {
		s.labels[ref] = sealed("pytorch", "built-for.l4t=35.4.1")
	}
	s.labels["me/pytorch:x-r36.4.3"] = sealed("pytorch", "built-for.l4t=35.4.1")
	found = find(t, Registry, s)
	assert.Nil(t, found.Best)
	assert.Len(t, s.read, batch*maxBatches)
}

// TestRegistryThatFails holds that a registry that gives nothing is left alone, and what is
// said of it.
func TestRegistryThatFails(t *testing.T) {
	s := newShelf(t, "one")
	for i := range 20 {
		ref := fmt.Sprintf("me/pytorch:2.%d-r36.4.0", i)
		s.list = append(s.list, image(t, ref, "", nil))
		s.problem[ref] = errors.New("429 Too Many Requests")
	}
	found := find(t, Registry, s, newShelf(t, "two", "you/pytorch:r36.4.0"))
	assert.Equal(t, "you/pytorch:r36.4.0", found.Best.Name, "the next one is asked")
	assert.Len(t, s.read, batch)
	assert.Equal(t, "429 Too Many Requests", found.Reports[0].Problem)

	found = find(t, Registry, &shelf{name: "down", err: errors.New("it is down")}, newShelf(t, "two", "you/pytorch:r36.4.0"))
	assert.Equal(t, "you/pytorch:r36.4.0", found.Best.Name)
	assert.Equal(t, []Report{{Source: Registry, Store: "down", Problem: "it is down"}, {Source: Registry, Store: "two", Images: 1}}, found.Reports)

	found = find(t, Local, images.Broken("none", images.ErrAbsent))
	assert.True(t, found.Reports[0].Absent)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &Request{Target: target(t, "36.4.3"), Wants: wants(t, "pytorch")}
	_, err := r.Find(ctx, Source{Name: Local, Stores: []images.Store{s}}, 0)
	require.ErrorIs(t, err, context.Canceled)
}

// TestLocalWithoutLabels holds that images of a store that tells no labels are read to know
// what they hold, and that others are not.
func TestLocalWithoutLabels(t *testing.T) {
	s := newShelf(t, "containerd", "robot:1", "other:1")
	s.labels["robot:1"] = sealed("pytorch", "built-for.l4t=36.4.3")
	found := find(t, Local, s)
	assert.Equal(t, "robot:1", found.Best.Name)
	assert.Len(t, found.Candidates, 1)

	s = newShelf(t, "docker", "robot:1", "other:1", "pytorch:r36.4.0")
	s.list[0].Listed, s.list[1].Listed, s.list[2].Listed = sealed("numpy"), map[string]string{}, map[string]string{}
	found = find(t, Local, s)
	assert.Equal(t, []string{"pytorch:r36.4.0"}, s.read)
	assert.Equal(t, "pytorch:r36.4.0", found.Best.Name)
}

// TestPrint holds that what images say of themselves cannot write to a terminal.
func TestPrint(t *testing.T) {
	s := newShelf(t, "sto\x1bre", "pytorch:r36.4.0", "pytorch:bad")
	s.labels["pytorch:bad"] = sealed("pytorch "+strings.Repeat("\x1b]0;x\a ", 500), "built-for.l4t=36.4.3", "built-for.arch=\u202e")
	found := find(t, Local, s)
	var table bytes.Buffer
	require.NoError(t, found.WriteTable(&table))
	texts := append(found.Nearest(), table.String(), found.Best.Describe())
	for _, text := range texts {
		assert.NotContains(t, text, "\x1b")
		assert.NotContains(t, text, "\u202e")
	}
	assert.Contains(t, table.String(), "label io.jetkit.built-for.arch is no arch")
}
