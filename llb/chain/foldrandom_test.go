package chain

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/llb/llbtest"
)

// generator makes packages at random, which need all whose values they use.
type generator struct {
	*rand.Rand
	packages []pkg
	// everywhere is a package that all later ones need, or -1.
	everywhere int
}

func (g *generator) pick(texts ...string) string { return texts[g.IntN(len(texts))] }

func (g *generator) variable() string {
	return g.pick("PATH", "LD_LIBRARY_PATH", "CFLAGS", "EMPTY", "NEW", "A", "B")
}

// value is a word for a variable.
func (g *generator) value(key string) string {
	own := fmt.Sprintf("/p%d", g.IntN(4))
	switch g.IntN(8) {
	case 0:
		return own + ":$" + key
	case 1:
		return "${" + key + "}:" + own
	case 2:
		return "\"" + own + " $" + key + "\""
	case 3:
		return own + ":$" + key + ":" + own
	case 4:
		return own + "${" + key + ":+:$" + key + "}"
	case 5:
		return "${" + g.variable() + "}" + own
	case 6:
		return "x${ARGUMENT}${" + key + ":-" + own + "}"
	default:
		return own
	}
}

// instruction returns one, and whether it needs all packages before.
func (g *generator) instruction() (text string, needsAll bool) {
	key := g.variable()
	switch g.IntN(22) {
	case 0:
		return g.pick("USER root", "USER app", "USER $A"), false
	case 1:
		return g.pick("WORKDIR /a", "WORKDIR /b/c"), false
	case 2:
		return g.pick("WORKDIR sub", "WORKDIR ../up", "WORKDIR /$A", "EXPOSE 80$UNSET"), true
	case 3:
		return g.pick("CMD a b", `CMD ["a"]`, "CMD []"), false
	case 4:
		return g.pick("ENTRYPOINT a", `ENTRYPOINT ["b"]`, "ENTRYPOINT []"), false
	case 5:
		return g.pick("EXPOSE 80 90/udp", "EXPOSE 22", "EXPOSE 100-103"), false
	case 6:
		return g.pick("VOLUME /v", "VOLUME /v/$A", "VOLUME /data"), false
	case 7:
		return g.pick("STOPSIGNAL SIGINT", "STOPSIGNAL 9"), false
	case 8:
		return g.pick(`SHELL ["bash", "-c"]`, `SHELL ["/bin/sh", "-c"]`), false
	case 9:
		return g.pick("HEALTHCHECK NONE", "HEALTHCHECK --retries=2 CMD x", "MAINTAINER m"), false
	case 10:
		return "LABEL " + g.pick("kind", "a") + "=" + g.value("A"), false
	case 11:
		return g.pick("ARG ARGUMENT=1", "ARG ARGUMENT", "ARG GIVEN\nENV GIVEN=$GIVEN", "ARG A=arg", "ARG BUILDARCH\nENV ON=$BUILDARCH NEW=/$BUILDARCH:$NEW"), false
	case 12:
		return "RUN make", false
	default:
		second := g.variable()
		if g.IntN(2) == 0 && second != key {
			return "ENV " + key + "=" + g.value(key) + " " + second + "=" + g.value(second), false
		}
		return "ENV " + key + "=" + g.value(key), false
	}
}

func (g *generator) instructions() (text string, needsAll bool) {
	for range g.IntN(6) {
		line, all := g.instruction()
		text += line + "\n"
		needsAll = needsAll || all
	}
	return text, needsAll
}

func (g *generator) add() {
	i := len(g.packages)
	text, all := g.instructions()
	if g.IntN(4) == 0 {
		below, belowAll := g.instructions()
		text, all = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS below\n"+below+"FROM below\n"+text, all || belowAll
	}
	if g.IntN(12) == 0 {
		text = ""
	}
	made := pkg{dockerfile: text, args: map[string]string{"GIVEN": fmt.Sprint("given", i)}}
	for n := range i {
		if all || n == g.everywhere || g.IntN(3) == 0 {
			made.needs = append(made.needs, n)
		}
	}
	g.packages = append(g.packages, made)
}

// addTrigger adds a package with ONBUILD instructions and one in which they run, as in a
// chain: all later packages need that.
func (g *generator) addTrigger() {
	i := len(g.packages)
	trigger := pkg{dockerfile: "ONBUILD ENV A=" + g.value("A") + "\nONBUILD " + g.pick("USER t", "CMD t", "LABEL t=$A")}
	if g.everywhere >= 0 {
		trigger.needs = []int{g.everywhere}
	}
	next := pkg{dockerfile: "ENV B=" + g.value("B"), needs: []int{i}}
	g.packages, g.everywhere = append(g.packages, trigger, next), i+1
}

// For packages at random, the fold is what the line is.
func TestFoldOfPackagesAtRandom(t *testing.T) {
	for seed := range uint64(150) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), everywhere: -1}
		for range 1 + g.IntN(6) {
			if g.IntN(8) == 0 {
				g.addTrigger()
			} else {
				g.add()
			}
		}
		base := richBase()
		if g.IntN(3) == 0 {
			base = llbtest.Debian()
		}
		var texts []string
		for _, p := range g.packages {
			texts = append(texts, fmt.Sprintf("needs %v\n%s", p.needs, p.dockerfile))
		}
		image, _ := foldOf(t, base, g.packages)
		require.Equal(t, configuration(t, lineOf(t, base, g.packages)), configuration(t, image), "seed %d:\n%s", seed, strings.Join(texts, "\n"))
	}
}
