package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
)

// all lists every rule by its name.
func all() map[string]bool {
	names := map[string]bool{}
	for _, g := range Groups() {
		for _, r := range g.Rules {
			names[r.Name] = true
		}
	}
	return names
}

func TestGroupsHoldEveryRule(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "rules.go", nil, 0)
	require.NoError(t, err)
	names := all()
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			declared++
			name := spec.Values[0].(*ast.CompositeLit).Elts[0].(*ast.KeyValueExpr).Value.(*ast.BasicLit).Value
			require.Contains(t, names, strings.Trim(name, `"`), "Groups lacks %s", spec.Names[0])
		}
		return true
	})
	require.Len(t, names, declared, "two rules have one name")
	for _, g := range Groups() {
		for _, r := range g.Rules {
			require.Regexp(t, `^[a-z][a-z0-9]*(-[a-z0-9]+)*$`, r.Name)
			require.Regexp(t, `^[A-Z].*\.$`, r.Description, r.Name)
			if r.CheckOnly {
				require.Equal(t, diag.Warning, r.Severity, r.Name)
				require.Regexp(t, `^[A-Z].*\.$`, r.Why, "%s does not say why it matters", r.Name)
			}
		}
	}
}

// TestEveryRuleIsReported holds that code outside of tests names each rule.
func TestEveryRuleIsReported(t *testing.T) {
	named := regexp.MustCompile(`\brules\.(\w+)`)
	used := map[string]bool{}
	for _, root := range []string{"../../pkgspec", "../../frontend", "../../llb", "../../cmd"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, m := range named.FindAllStringSubmatch(readFile(t, path), -1) {
				used[m[1]] = true
			}
			return nil
		}))
	}
	file, err := parser.ParseFile(token.NewFileSet(), "rules.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			require.Contains(t, used, spec.Names[0].Name, "nothing reports it")
		}
		return true
	})
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}
