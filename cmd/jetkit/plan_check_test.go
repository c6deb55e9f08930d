package main

import (
	"testing"

	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/pb"
	"github.com/stretchr/testify/assert"
)

func TestFindingsText(t *testing.T) {
	at := func(source, line int32) *pb.Location {
		return &pb.Location{SourceIndex: source, Ranges: []*pb.Range{{Start: &pb.Position{Line: line}}}}
	}
	assert.Equal(t, "no warnings\n", findingsText(&lint.LintResults{}))
	assert.Equal(t, `warning: --build-arg X: odd [unknown-arg]
packages/a/test.sh:2: warning: reads: this [test-data]
jetson.yaml: warning: whole [a]
jetson.yaml:3: warning: b: c [b]
    hint: one
          two
packages/a/Dockerfile:4: warning: f [d]
packages/a/Dockerfile:5:7: warning: d: e [c]
ERROR: no such host
`, findingsText(&lint.LintResults{
		Sources: []*pb.SourceInfo{{Filename: "jetson.yaml"}, {Filename: "packages/a/Dockerfile"}},
		Warnings: []lint.Warning{
			{RuleName: "unknown-arg", Detail: "--build-arg X: odd", Location: at(-1, 0)},
			{RuleName: "c", Detail: "packages/a/Dockerfile:5:7: d: e", Location: at(1, 5)},
			{RuleName: "d", Detail: "f", Location: at(1, 4)},
			{RuleName: "test-data", Detail: "packages/a/test.sh:2: reads: this", Location: at(-1, 2)},
			{RuleName: "b", Detail: "b: c", Description: "one\ntwo", Location: at(0, 3)},
			{RuleName: "a", Detail: "whole", Location: at(0, 0)},
		},
		Error: &lint.BuildError{Message: "no such host"},
	}))
}
