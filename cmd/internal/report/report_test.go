package report

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var recordings = []string{"first", "again", "failed-test", "failed-build", "platforms"}

// golden compares a text with a file; JETKIT_UPDATE=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("JETKIT_UPDATE") != "" {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestTable(t *testing.T) {
	for _, name := range recordings {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, replay(t, name).Table(&out))
			golden(t, name+".table", out.String())
		})
	}
}
