//go:build integration

package integration

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// errorTexts are the ends of failed builds, as docker buildx build prints them: what users read of each failure. The file
// is there to be read, too. JETKIT_UPDATE=1 writes it anew.
type errorTexts struct {
	mu    sync.Mutex
	texts map[string]string
}

const errorsFile = "testdata/errors.golden"

// What of a text differs from run to run.
var (
	reference = regexp.MustCompile(`\bref [a-z0-9]{25}::[a-z0-9]{25}`)
	duration  = regexp.MustCompile(`(?m)^\d+\.\d+ `)
	folder    = regexp.MustCompile(`/var/tmp/jk-\S+/buildkit\d+`)
	after     = regexp.MustCompile(`after \d+ ms`)
)

// add keeps the end of what buildx wrote: the excerpts, and the error.
func (e *errorTexts) add(name string, p *project, stderr string) {
	text := stderr
	if at := excerpts.FindStringIndex(stderr); at != nil {
		text = stderr[at[0]:]
	} else if i := strings.LastIndex(stderr, "\nERROR: "); i >= 0 {
		text = stderr[i+1:]
	}
	text = strings.NewReplacer("failed to run Build function", "failed to solve", p.id, "ID", shared.Registry, "registry.example.com", "linux/"+runtime.GOARCH, "linux/ARCH").Replace(text)
	text = after.ReplaceAllString(folder.ReplaceAllString(duration.ReplaceAllString(reference.ReplaceAllString(text, "ref …"), ""), "…"), "after … ms")
	e.mu.Lock()
	defer e.mu.Unlock()
	e.texts[name] = text
}

// compare holds the texts against the file, if all tests ran.
func (e *errorTexts) compare(t *testing.T) {
	t.Helper()
	if t.Failed() || len(e.texts) < len(failures) {
		return
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(e.texts)) {
		fmt.Fprintf(&b, "== %s\n%s\n", name, e.texts[name])
	}
	if os.Getenv("JETKIT_UPDATE") != "" {
		require.NoError(t, os.WriteFile(errorsFile, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(errorsFile)
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String(), "JETKIT_UPDATE=1 go test -tags integration ./integration -run TestErrors writes %s anew", errorsFile)
	assert.GreaterOrEqual(t, len(e.texts), 40)
}
