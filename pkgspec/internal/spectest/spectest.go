// Package spectest has what the tests of several packages below pkgspec need.
package spectest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/diag"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Golden compares a text with testdata/NAME, or writes it there with -update.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "%s differs; go test -update writes it anew", file)
}

// Printed returns diagnostics as users see them.
func Printed(problems diag.List) string {
	var b strings.Builder
	for _, d := range problems {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}
