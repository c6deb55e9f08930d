package chain

import (
	"bytes"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// githubAPI is where ADD asks for the newest commit of a repository.
const githubAPI = "https://api.github.com/"

// withoutGitHubAPI returns a Dockerfile without the ADD instructions that download
// nothing but answers of GitHub's API. They stand before a clone, to run it again after
// a new commit; GitHub answers 60 such requests an hour to who does not log in, and
// BuildKit asks in every build. Lines keep their numbers.
// Source: docs.github.com/rest, rate limits.
func withoutGitHubAPI(dockerfile []byte) ([]byte, error) {
	ast, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(dockerfile, []byte("\n"))
	for _, n := range ast.AST.Children {
		if !strings.EqualFold(n.Value, "add") || !asksGitHub(n) {
			continue
		}
		for i := n.StartLine - 1; i < n.EndLine; i++ {
			lines[i] = lines[i][len(bytes.TrimRight(lines[i], "\r\n")):]
		}
	}
	return bytes.Join(lines, nil), nil
}

// asksGitHub reports whether all sources of an ADD are of GitHub's API.
func asksGitHub(add *parser.Node) bool {
	var words []string
	for n := add.Next; n != nil; n = n.Next {
		words = append(words, n.Value)
	}
	return len(words) > 1 && !slices.ContainsFunc(words[:len(words)-1], func(source string) bool { return !strings.HasPrefix(source, githubAPI) })
}
