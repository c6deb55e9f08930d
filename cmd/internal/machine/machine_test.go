package machine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseRelease(t *testing.T) {
	for _, test := range []struct{ want, line string }{
		{"36.4.3", "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed\n# more"},
		{"32.7.1", "# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t210ref"},
		{"38.2.0", "# R38 (release), REVISION: 2.0"},
		{"", "# R36 (release), REVISION: , GCID"},
		{"", "R36.4.3"},
		{"", ""},
		{"", strings.Repeat("x", 10000)},
	} {
		got, err := parseRelease(strings.NewReader(test.line))
		assert.Equal(t, test.want, got, "%.40q: got %q, %v", test.line, got, err)
		assert.Equal(t, test.want != "", err == nil, "%.40q: got %q, %v", test.line, got, err)
	}
}

func TestRelease(t *testing.T) {
	root := t.TempDir()
	got, err := At(root).Release()
	require.NoError(t, err, "a machine that is no Jetson")
	require.Empty(t, got)

	require.NoError(t, os.Mkdir(filepath.Join(root, "etc"), 0o755))
	require.NoError(t, os.WriteFile(At(root).Path(ReleaseFile), []byte("# R36 (release), REVISION: 4.3\n"), 0o644))
	got, err = At(root).Release()
	require.NoError(t, err)
	require.Equal(t, "36.4.3", got)
}
