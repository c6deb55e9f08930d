package main

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/stretchr/testify/assert"
)

// TestBuildWarnings holds that a build shows warnings as a plan does.
func TestBuildWarnings(t *testing.T) {
	var out strings.Builder
	printBuildWarnings(&out, nil)
	assert.Empty(t, out.String())
	printBuildWarnings(&out, []client.VertexWarning{
		{Short: []byte("unused-name: no package goes by (zad) (jetson.yaml:8:21)"), SourceInfo: &pb.SourceInfo{Filename: "jetson.yaml"}, Detail: [][]byte{[]byte("did you mean zed?")}},
		{Short: []byte("old-cuda: CUDA is old (for L4T)")},
		{Short: []byte("no rule: said \x1b[31m")},
	})
	assert.Equal(t, `
jetson.yaml:8:21: warning: no package goes by (zad) [unused-name]
    hint: did you mean zed?
warning: CUDA is old (for L4T) [old-cuda]
warning: no rule: said \x1b[31m
`, out.String())
}
