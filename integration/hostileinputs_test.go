//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestHostileInputs plans and builds with inputs that are hostile in other ways than a package's files are: see the first
// suite, [TestHostileTrees], for those.
func TestHostileInputs(t *testing.T) {
	t.Parallel()
	all := map[string]hostileTree{}
	for subject, inputs := range map[string]map[string]hostileTree{
		"jetson.yaml": hostileTexts, "metadata": hostileMetadata, "lock": hostileLocks, "arguments": hostileArguments,
		"sources": hostileSources(t), "Dockerfiles": hostileDockerfiles, "archives": hostileArchives(t), "config.py": hostilePrograms(t),
	} {
		for name, h := range inputs {
			all[subject+"/"+name] = h
		}
	}
	assert.GreaterOrEqual(t, len(all), 60)
	for name, h := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h.attack(t)
		})
	}
}
