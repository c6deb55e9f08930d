package resolve

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTaggedOnly checks what is said of a name that only packages with a tag have:
// which of them fit the target, and why the others do not.
func TestTaggedOnly(t *testing.T) {
	const packages = `
name: isaac-ros:common-3.2-humble
requires: '==36.*'

name: isaac-ros:common-4.0-jazzy
requires: ['>=38', '>=cu130']

name: isaac-ros:old
disabled: its sources are gone

name: nova:1
requires: '>=38'

name: robot
depends: isaac-ros`
	for name, want := range map[string]string{
		"isaac-ros": `jetson.yaml:3:5: error: there is no package isaac-ros [missing-package]
    hint: on this target there is isaac-ros:common-3.2-humble
    builtin:isaac-ros-common-4.0-jazzy/Dockerfile:2:9: isaac-ros:common-4.0-jazzy: needs L4T >=38, the target has 36.4.3
    builtin:isaac-ros-old/Dockerfile:2:9: isaac-ros:old: it is disabled: its sources are gone
`,
		"isaac-ros:5": `jetson.yaml:3:5: error: there is no package isaac-ros:5 [missing-package]
    hint: on this target there is isaac-ros:common-3.2-humble
    builtin:isaac-ros-common-4.0-jazzy/Dockerfile:2:9: isaac-ros:common-4.0-jazzy: needs L4T >=38, the target has 36.4.3
    builtin:isaac-ros-old/Dockerfile:2:9: isaac-ros:old: it is disabled: its sources are gone
`,
		"nova": `jetson.yaml:3:5: error: there is no package nova [missing-package]
    hint: there is nova:1, but not for this target
    builtin:nova-1/Dockerfile:2:9: nova:1: needs L4T >=38, the target has 36.4.3
`,
		"robot": `builtin:robot/Dockerfile:3:12: error: robot needs isaac-ros, but there is no such package [missing-package]
    hint: on this target there is isaac-ros:common-3.2-humble
    jetson.yaml:3:5: robot is requested
    builtin:isaac-ros-common-4.0-jazzy/Dockerfile:2:9: isaac-ros:common-4.0-jazzy: needs L4T >=38, the target has 36.4.3
    builtin:isaac-ros-old/Dockerfile:2:9: isaac-ros:old: it is disabled: its sources are gone
`,
	} {
		p, problems := Resolve(request(name), scanned(t, treeOf(packages)), target, base)
		require.Nil(t, p)
		assert.Equal(t, want, printed(problems))
	}
}
