package frontend

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/plan"
)

// TestExplainACopy checks what is said of a copy out of the chain that fails, and what helps where a path is missing. Of
// the places of Python any may be.
func TestExplainACopy(t *testing.T) {
	const missing, full = "lstat /opt/x: no such file or directory", "write /opt/x: read-only file system"
	const hint = "\nno package of the chain makes /opt/x: name in image.from what they make"
	for _, c := range []struct{ platform, path, cause, want string }{
		{"", "/opt/x", missing, "copying /opt/x of image.from out of the chain failed (numpy/Dockerfile:7): " + missing + hint},
		{"linux/arm64", "/opt/x", missing, "copying /opt/x of image.from out of the chain failed for linux/arm64 (numpy/Dockerfile:7): " + missing + hint},
		{"", "/opt/x", full, "copying /opt/x of image.from out of the chain failed (numpy/Dockerfile:7): " + full},
		{"", plan.PythonFiles, missing, "copying python of image.from out of the chain failed (numpy/Dockerfile:7): " + missing},
	} {
		name := "[image] COPY " + c.path
		if c.platform != "" {
			name = "[" + c.platform + " image] COPY " + c.path
		}
		failure, err := failed(t, name, c.cause)
		failure.platform, failure.plan.Image.From = c.platform, []plan.ImageFile{{Path: "/etc/x"}, {Path: c.path}}
		assert.Equal(t, c.want, failure.explain(err).Error(), name)
	}
}
