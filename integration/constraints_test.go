//go:build integration

package integration

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
	"jetkit/llb/teststep"
)

// pipOffline installs with pip what a package's folder has.
const pipOffline = "RUN --mount=target=/wheels pip install --break-system-packages --root-user-action=ignore --no-cache-dir --no-index --find-links /wheels "

// wheels returns files of a package's folder.
func wheels(t *testing.T, folder string, list ...harness.Wheel) files {
	t.Helper()
	tree := files{}
	for _, w := range list {
		dt, err := w.Bytes()
		require.NoError(t, err)
		tree[folder+"/"+w.Filename()] = string(dt)
	}
	return tree
}

// pinned is a chain in which torch wants to stay what it is, and what comes after it.
func pinned(t *testing.T, after string, list ...harness.Wheel) files {
	t.Helper()
	tree := files{
		"jetson.yaml":                  "packages: [innocent]\n",
		"packages/python/Dockerfile":   dockerfile("name: python", "RUN apt-get update && apt-get install -y --no-install-recommends python3-pip\n"),
		"packages/torch/Dockerfile":    dockerfile("name: torch\ndepends: python\nconstraints: [torch==2.8.0, 'numpy<2']", pipOffline+"torch\n"),
		"packages/after/Dockerfile":    dockerfile("name: after\ndepends: torch", after),
		"packages/innocent/Dockerfile": dockerfile("name: innocent\ndepends: after", "RUN true\n"),
	}
	maps.Copy(tree, wheels(t, "packages/torch",
		harness.Wheel{Name: "torch", Version: "2.8.0", Requires: []string{"numpy"}, Files: map[string]string{"torch/__init__.py": "cuda = '12.6'\n"}},
		harness.Wheel{Name: "torch", Version: "2.9.0"},
		harness.Wheel{Name: "numpy", Version: "1.26.4", Files: map[string]string{"numpy/__init__.py": ""}},
		harness.Wheel{Name: "numpy", Version: "2.0.0"}))
	maps.Copy(tree, wheels(t, "packages/after", list...))
	return tree
}

// TestConstraints covers what keeps a package of Python's as the package before installed it.
func TestConstraints(t *testing.T) {
	t.Parallel()
	cpu := harness.Wheel{Name: "torch", Version: "2.8.0", Files: map[string]string{"torch/__init__.py": "cuda = None\n"}}
	newer := harness.Wheel{Name: "torch", Version: "2.9.0"}
	newNumpy := harness.Wheel{Name: "numpy", Version: "2.0.0"}
	tools := harness.Wheel{Name: "tools", Version: "1.0", Requires: []string{"torch>=2", "numpy>=1"}}

	version, err := shared.BasePython()
	require.NoError(t, err)

	t.Run("kept", func(t *testing.T) {
		t.Parallel()
		for _, layers := range []string{"chain", "packages"} {
			p := newProject(t, pinned(t, pipOffline+"--upgrade tools\n", tools, newer, newNumpy))
			b := p.build(t, push(), arg("LAYERS="+layers))
			b.step(t, "[constraints of torch] check")
			assert.Equal(t, "numpy<2\ntorch==2.8.0\n", b.file(t, teststep.ShareDir+"/constraints.txt"))
			assert.Equal(t, []teststep.ManifestConstraint{{Package: "torch", Constraint: "torch==2.8.0"}, {Package: "torch", Constraint: "numpy<2"}}, b.manifest(t).Constraints)
			env := b.config(t).Config.Env
			assert.Contains(t, env, "PIP_CONSTRAINT=/usr/share/jetkit/constraints.txt")
			assert.Contains(t, env, "UV_CONSTRAINT=/usr/share/jetkit/constraints.txt")
			assert.Equal(t, "cuda = '12.6'\n", b.file(t, "/usr/local/lib/python"+version+"/dist-packages/torch/__init__.py"))
			b.assertAbsent(t, "/.jetkit-constraints", "/.jetkit-check", "/.jetkit-stage")

			// What is built on the image keeps them too.
			dir := t.TempDir()
			writeFiles(t, dir, p.id, files{"Dockerfile": "FROM " + b.image + "\n" + pipOffline + "torch==2.9.0\n"})
			writeFiles(t, dir, p.id, wheels(t, ".", newer))
			onIt := shared.Buildx(t.Context(), harness.BuildxRun{Dir: dir, Args: []string{"."}})
			require.NotZero(t, onIt.ExitCode)
			assertContains(t, onIt.Stderr, "The user requested (constraint) torch==2.8.0")
		}
	})
	t.Run("the step fails", func(t *testing.T) {
		t.Parallel()
		b := newProject(t, pinned(t, pipOffline+"torch==2.9.0\n", newer)).fail(t)
		assertContains(t, b.Stderr, "The user requested torch==2.9.0", "The user requested (constraint) torch==2.8.0", "package after failed in step 1/1")
	})
	t.Run("of a user", func(t *testing.T) {
		t.Parallel()
		tree := pinned(t, "RUN true\n")
		tree["packages/torch/Dockerfile"] = dockerfile("name: torch\ndepends: python\nconstraints: torch==2.8.0", "RUN useradd --create-home robot\nUSER robot\n"+pipOffline+"--user torch\n")
		b := newProject(t, tree).build(t, push())
		b.step(t, "[constraints of torch] check")
		assert.Equal(t, "cuda = '12.6'\n", b.file(t, "/home/robot/.local/lib/python"+version+"/site-packages/torch/__init__.py"))
	})
	t.Run("of a runtime image", func(t *testing.T) {
		t.Parallel()
		tree := pinned(t, "RUN true\n")
		tree["jetson.yaml"] += "image: {from: [python]}\n"
		b := newProject(t, tree).build(t, push())
		b.step(t, "[constraints of torch] check")
		assert.Equal(t, "numpy<2\ntorch==2.8.0\n", b.file(t, teststep.ShareDir+"/constraints.txt"))
		assert.Contains(t, b.config(t).Config.Env, "PIP_CONSTRAINT=/usr/share/jetkit/constraints.txt")
	})
	t.Run("no Python", func(t *testing.T) {
		t.Parallel()
		b := newProject(t, pinned(t, "RUN rm /usr/bin/python3\n")).fail(t)
		assertContains(t, b.Stderr, "the constraints of package torch (declared at packages/torch/Dockerfile:4:17) could not be checked in the finished image: ",
			"the check needs python3 there, of version 3.8 or later", ">>> # constraints:")
	})
	for name, c := range map[string]struct {
		after string
		wheel harness.Wheel
		says  string
		// column is that of the constraint.
		column string
	}{
		"another version": {
			"RUN --mount=target=/wheels env -u PIP_CONSTRAINT pip install --break-system-packages --no-index --no-deps /wheels/torch-2.9.0-py3-none-any.whl\n", newer,
			"torch needs torch==2.8.0, and the image has 2.9.0", ":17",
		},
		"another build": {
			pipOffline + "--no-deps --force-reinstall torch\n", cpu,
			"torch 2.8.0 is not the build that torch installed: 2.8.0 was, with other files", ":17",
		},
		"another major version": {
			"RUN --mount=target=/wheels env -u PIP_CONSTRAINT pip install --break-system-packages --no-index --no-deps /wheels/numpy-2.0.0-py3-none-any.whl\n", newNumpy,
			"torch needs numpy<2, and the image has 2.0.0", ":31",
		},
		"none": {
			"RUN pip uninstall --break-system-packages -y torch\n", tools,
			"torch 2.8.0 was installed by torch, and is not in the image", ":17",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newProject(t, pinned(t, c.after, c.wheel)).fail(t)
			assertContains(t, b.Stderr, c.says+"; one of the packages after it did that: after, innocent\n", ">>> # constraints:",
				"in the finished image, constraints of package torch do not hold:\n  "+c.says+"; package after did that (declared at packages/torch/Dockerfile:4"+c.column+")\n")
		})
	}
}
