package chain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
)

// TestCheckExpansion holds that a small Dockerfile cannot stand for a text that is larger than memory, and that large ones
// that stand for no more than they are go on.
func TestCheckExpansion(t *testing.T) {
	const from = "FROM x\n"
	long := strings.Repeat("x", 100_000)
	for name, test := range map[string]struct {
		body          string
		env, triggers []string
		args          map[string]string
		line          int // which is refused; zero is none
	}{
		"doubled":                     {body: "ARG A=x\n" + strings.Repeat("ARG A=$A$A\n", 40), line: 25},
		"doubled in braces":           {body: "ENV A=x\n" + strings.Repeat("ENV A=${A:-y}${A}\n", 40), line: 24},
		"in turn":                     {body: "ENV A=x B=x\n" + strings.Repeat("ENV A=$A$B B=$B$A\n", 40), line: 24},
		"of the base":                 {body: "LABEL x=" + strings.Repeat("$A", 1000) + "\n", env: []string{"A=" + long}, line: 2},
		"of the build":                {body: "ARG A\nLABEL x=" + strings.Repeat("$A", 1000) + "\n", args: map[string]string{"A": long}, line: 3},
		"by triggers":                 {body: "LABEL x=" + strings.Repeat("$A", 1200) + "\n", triggers: []string{"ARG A=" + long[:60_000]}, line: 2},
		"in triggers":                 {triggers: slices.Repeat([]string{"ENV A=${A}x${A}"}, 40), line: 1},
		"in a heredoc":                {body: "COPY <<x /x\n" + strings.Repeat("$A", 1000) + "\nx\n", env: []string{"A=" + long}, line: 2},
		"in a flag":                   {body: "RUN --mount=target=" + strings.Repeat("$A", 1000) + " true\n", env: []string{"A=" + long}, line: 2},
		"replaced":                    {body: "ENV B=${A//x/$A}\n", env: []string{"A=" + long}, line: 2},
		"replaced in replaced":        {body: "ENV B=${A//x/${A//x/${A//x/$A}}}\n", env: []string{"A=" + long[:2000]}, line: 2},
		"in all steps":                {body: strings.Repeat("RUN x\n", 1000), env: []string{"A=" + long}, line: 673},
		"appended":                    {body: strings.Repeat("ENV PATH=$PATH:/a LIBS=$LIBS:/b\n", 1000), env: []string{"PATH=/bin"}},
		"many":                        {body: strings.Repeat("ENV X=1\n", 20_000)},
		"a replacement":               {body: "ARG V=1.2.3\nENV W=${V//./_} X=${V%.*} Y=${V/./}\nRUN echo ${V//./_}\n"},
		"a script with its variables": {body: "RUN " + strings.Repeat("echo $A; ", 1000) + "\n", env: []string{"A=" + long}},
		"no Dockerfile":               {body: "RUN\n"},
	} {
		err := chain.CheckExpansion([]byte(from+test.body), test.env, test.triggers, test.args)
		if test.line == 0 {
			assert.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, "with the values of its variables, the Dockerfile is larger than 64 MiB up to here", name)
		var at *parser.LocationError
		require.ErrorAs(t, err, &at, name)
		assert.Equal(t, test.line, at.Locations[0][0].Start.Line, name)
	}
}
