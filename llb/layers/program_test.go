package layers_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program whose source changed without it, or for one platform alone, is not what it says.
func TestProgramsAreThoseOfTheSource(t *testing.T) {
	sums, err := os.ReadFile(filepath.Join("program", "layers.sha256"))
	require.NoError(t, err)
	listed := map[string]bool{"layers.sha256": true}
	for line := range strings.Lines(string(sums)) {
		fields := strings.Fields(line)
		require.Len(t, fields, 2)
		dt, err := os.ReadFile(filepath.Join("program", fields[1]))
		require.NoError(t, err)
		sum := sha256.Sum256(dt)
		require.Equal(t, fields[0], hex.EncodeToString(sum[:]), "%s changed: run llb/layers/program/build.sh", fields[1])
		listed[fields[1]] = true
	}
	files, err := os.ReadDir("program")
	require.NoError(t, err)
	for _, f := range files {
		require.True(t, listed[f.Name()], "%s is new: run llb/layers/program/build.sh", f.Name())
	}
}
