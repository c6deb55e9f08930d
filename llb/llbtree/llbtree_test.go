package llbtree_test

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"

	"jetkit/llb/llbtree"
)

func marshal(t *testing.T, st llb.State) *llb.Definition {
	t.Helper()
	def, err := st.Marshal(t.Context(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

func build(session string, command string) llb.State {
	src := llb.Local("context", llb.SessionID(session))
	return llb.Image("debian").Run(llb.Args([]string{command}), llb.WithCustomName("run"), llb.AddMount("/src", src, llb.Readonly)).Root()
}

func TestDigestIgnoresTheSessionAndNothingElse(t *testing.T) {
	digest := func(st llb.State) string {
		tree, err := llbtree.New(marshal(t, st))
		if err != nil {
			t.Fatal(err)
		}
		return tree.Digest().String()
	}
	one := digest(build("one", "make"))
	if two := digest(build("two", "make")); two != one {
		t.Error("the digest depends on the session")
	}
	if other := digest(build("one", "ninja")); other == one {
		t.Error("the digest does not depend on the command")
	}
	if head, _ := marshal(t, build("one", "make")).Head(); head.String() == one {
		t.Error("the digest is BuildKit's own, which holds the session")
	}
}

func TestText(t *testing.T) {
	tree, err := llbtree.New(marshal(t, build("secret-session", "make")))
	if err != nil {
		t.Fatal(err)
	}
	got := tree.String()
	for _, want := range []string{"docker-image://docker.io/library/debian:latest", `exec "make"`, "mount /src bind from #2 readonly", `"run"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "secret-session") {
		t.Errorf("the session is printed:\n%s", got)
	}
}

func TestBrokenDefinitions(t *testing.T) {
	whole := marshal(t, build("s", "make"))
	for name, def := range map[string]*llb.Definition{
		"empty":         {},
		"no operation":  {Def: [][]byte{[]byte("not an operation")}},
		"missing input": {Def: whole.Def[len(whole.Def)-1:], Metadata: whole.Metadata},
	} {
		if tree, err := llbtree.New(def); err == nil {
			t.Errorf("%s: no error, but\n%s", name, tree)
		}
	}
}
