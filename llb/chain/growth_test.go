package chain_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// What a step costs must not depend on the steps before it. Memory is measured, because
// time depends on what else the machine does.
func TestCompilingGrowsWithTheChain(t *testing.T) {
	cost := func(n int) float64 {
		files, steps := fstest.MapFS{}, make([]plan.Step, n)
		for i := range steps {
			steps[i] = step(fmt.Sprintf("p%d", i), nil)
			files[steps[i].Origin.Path+"/Dockerfile"] = &fstest.MapFile{Data: []byte(header + "RUN a\nRUN b\nCOPY Dockerfile /x\n")}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := compile(t, nil, files, steps...)
		require.NoError(t, err)
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	cost(10) // what is made once
	short, long := cost(50), cost(200)
	require.Less(t, long/short, 5.0, "four times as many packages cost %.1f times as much", long/short)
}

// The history of the steps before is set aside while a Dockerfile is converted.
func TestHistoryIsOfAllSteps(t *testing.T) {
	files := fstest.MapFS{
		"packages/a/Dockerfile": {Data: []byte(header + "RUN a\nENV A=1\n")},
		"packages/b/Dockerfile": {Data: []byte("ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS first\nRUN b\nFROM first\nRUN c\n")},
		"packages/c/Dockerfile": {Data: []byte(header)},
		"packages/d/Dockerfile": {Data: []byte("ARG BASE_IMAGE\nFROM scratch\nCOPY Dockerfile /d\n")},
	}
	stages, err := compile(t, nil, files, step("a", nil), step("b", nil), step("c", nil), step("d", nil))
	require.NoError(t, err)
	var all [][]string
	for _, s := range stages {
		var commands []string
		for _, h := range s.Image.History {
			commands = append(commands, h.CreatedBy)
		}
		all = append(all, commands)
	}
	a := []string{"RUN /bin/sh -c a # buildkit", "ENV A=1"}
	ab := slices.Concat(a, []string{"RUN /bin/sh -c b # buildkit", "RUN /bin/sh -c c # buildkit"})
	require.Equal(t, [][]string{a, ab, ab, {"COPY Dockerfile /d # buildkit"}}, all)
}
