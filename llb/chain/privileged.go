package chain

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"jetkit/pkgspec/plan"
)

// edited returns the text that the Dockerfile is converted from. Its lines have the
// numbers of the Dockerfile's own.
func (s *Stage) edited(p *plan.Plan) ([]byte, error) {
	dockerfile := s.SourceMap.Data
	var err error
	if p.Build.NoGitHubAPI {
		if dockerfile, err = withoutGitHubAPI(dockerfile); err != nil {
			return nil, err
		}
	}
	if s.Step.BuildPrivileged {
		return privileged(dockerfile)
	}
	return dockerfile, nil
}

// insecureFlag is the flag of a RUN instruction that runs without a sandbox.
const insecureFlag = "--security=" + instructions.SecurityInsecure

// privileged returns a Dockerfile with all its RUN steps outside of the sandbox. The
// Dockerfile frontend has no option for that, and sets every step's security mode
// itself. The flag is put into the text, so that the progress shows it; lines keep
// their numbers.
func privileged(dockerfile []byte) ([]byte, error) {
	ast, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(dockerfile, []byte("\n"))
	for _, n := range ast.AST.Children {
		if !strings.EqualFold(n.Value, "run") || hasFlag(n.Flags, "--security") {
			continue
		}
		line := &lines[n.StartLine-1]
		keyword := runKeyword.Find(*line)
		if keyword == nil {
			return nil, parser.WithLocation(errors.New("write RUN without a line break before its end, to have it run privileged"), n.Location())
		}
		*line = slices.Concat(keyword, []byte(" "+insecureFlag), (*line)[len(keyword):])
	}
	return bytes.Join(lines, nil), nil
}

// runKeyword matches the beginning of a RUN instruction. A line may also end within
// the word, or before it.
var runKeyword = regexp.MustCompile(`(?i)^[\s\v\x{85}\p{Z}]*run`)

func hasFlag(flags []string, name string) bool {
	return slices.ContainsFunc(flags, func(f string) bool { return f == name || strings.HasPrefix(f, name+"=") })
}
