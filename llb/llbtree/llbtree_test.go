package llbtree_test

import (
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtree"
)

func marshal(t *testing.T, st llb.State) *llb.Definition {
	t.Helper()
	def, err := st.Marshal(t.Context(), llb.LinuxAmd64)
	require.NoError(t, err)
	return def
}

func build(session string, command string) llb.State {
	src := llb.Local("context", llb.SessionID(session))
	return llb.Image("debian").Run(llb.Args([]string{command}), llb.WithCustomName("run"), llb.AddMount("/src", src, llb.Readonly)).Root()
}

func TestDigestIgnoresTheSessionAndNothingElse(t *testing.T) {
	digest := func(st llb.State) string {
		tree, err := llbtree.New(marshal(t, st))
		require.NoError(t, err)
		return tree.Digest().String()
	}
	one := digest(build("one", "make"))
	assert.Equal(t, one, digest(build("two", "make")), "the digest depends on the session")
	assert.NotEqual(t, one, digest(build("one", "ninja")), "the digest does not depend on the command")
	head, _ := marshal(t, build("one", "make")).Head()
	assert.NotEqual(t, one, head.String(), "the digest is BuildKit's own, which holds the session")
}

func TestText(t *testing.T) {
	tree, err := llbtree.New(marshal(t, build("secret-session", "make")))
	require.NoError(t, err)
	got := tree.String()
	for _, want := range []string{"docker-image://docker.io/library/debian:latest", `exec "make"`, "mount /src bind from #2 readonly", `"run"`} {
		assert.Contains(t, got, want)
	}
	assert.NotContains(t, got, "secret-session", "the session is printed")
}

func TestSince(t *testing.T) {
	tree := func(st llb.State) *llbtree.Tree {
		tr, err := llbtree.New(marshal(t, st))
		require.NoError(t, err)
		return tr
	}
	base := build("one", "make")
	src := llb.Local("context", llb.SessionID("two")) // the base has it, too
	more := base.Run(llb.Args([]string{"check"}), llb.AddMount("/src", src, llb.Readonly)).Root().Run(llb.Args([]string{"clean"})).Root()
	assert.Equal(t, `1
    exec "check"
    cwd /
    mount / bind from #0
    mount /src bind from #-1 readonly
2
    exec "clean"
    cwd /
    mount / bind from #1
`, tree(more).Since(tree(base)))
	assert.Empty(t, tree(base).Since(tree(base)))
}

func TestBrokenDefinitions(t *testing.T) {
	whole := marshal(t, build("s", "make"))
	for name, def := range map[string]*llb.Definition{
		"empty":         {},
		"no operation":  {Def: [][]byte{[]byte("not an operation")}},
		"missing input": {Def: whole.Def[len(whole.Def)-1:], Metadata: whole.Metadata},
	} {
		tree, err := llbtree.New(def)
		assert.Error(t, err, "%s: no error, but\n%s", name, tree)
	}
}
