package pkgmeta

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/schema/schematest"
)

// TestSchemaOfPackages checks that the schema accepts the metadata of every package
// in the repository that is without faults.
func TestSchemaOfPackages(t *testing.T) {
	check := schematest.Compile(t, Schema())
	checked := 0
	for _, root := range []string{"../../packages", "../../examples", "../resolve/testdata/declared"} {
		require.NoError(t, filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
			require.NoError(t, err)
			if entry.Name() != "Dockerfile" && !strings.HasPrefix(entry.Name(), "config.") || strings.HasSuffix(file, ".py") {
				return nil
			}
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			if entry.Name() == "Dockerfile" {
				require.False(t, readHeader(file, text).problems.HasErrors(), file)
				text = findHeader(text).yaml
			}
			problem, ok := check(string(text))
			require.True(t, ok, file)
			if len(text) > 0 {
				checked++
				assert.NoError(t, problem, file)
			}
			return nil
		}))
	}
	assert.Greater(t, checked, 10)
}

// TestSchemaVerdicts checks one key at a time: the schema and the reader accept and
// refuse the same metadata. The faults that only the reader sees are marked.
func TestSchemaVerdicts(t *testing.T) {
	check := schematest.Compile(t, Schema())
	for _, c := range []struct {
		text               string
		faulty, readerOnly bool
	}{
		{"name: numpy:2\nalias: [np, numpy]\ndepends: python\nrequires: ['>=36', 3.10]\n", false, false},
		{"test: [check.py --fast, test.sh]\nbuild_args: {VERSION: 2.10, FAST: true, OFF: ~}\n", false, false},
		{"buildkit_device: true\ngpu: off\nnotes: |\n  two\n  lines\ndocs:\nprefix: a\n", false, false},
		{"gpu: True\ndisabled: wheels are missing\npath: /x\nconfig: own.yaml\n", false, false},
		{"depends: [ros:*, '*-dev']\nalias: []\n", false, false},
		{"variants:\n- {version: '2.8', default: '>=36.4', requires: cu126}\n- {version: 2.7, alias: a:b, default: false, disabled: true}\n", false, false},
		{"constraints: [torch==2.8.0, numpy<2]\nkernels: [87, 120+ptx]\nsource: a page\nchecked: 2026-11-25\n", false, false},
		{"kernels: 87\nconstraints: torch==2.8.0\n", false, false},
		{"kernels: [sm_87]\n", true, false},
		{"constraints: [[torch]]\n", true, false},
		{"layers: chain\n", false, false},
		{"layers:\n", false, false},
		{"layers: packages\n", true, false},
		{"layers: Chain\n", true, false},
		{"layers: [chain]\n", true, false},
		{"layer: chain\n", true, false},
		{"x:1: {depends: [a]}\nx:2:\n", false, false},
		{"depnds: [a]\n", true, false},
		{"name: x\ncolour: red\n", true, false},
		{"- name\n", true, false},
		{"just words\n", true, false},
		{"name: [a]\n", true, false},
		{"name: {a: b}\n", true, false},
		{"name: x\nalias: {a: b}\n", true, false},
		{"depends: [python: 3.10]\n", true, false},
		{"depends: [[a]]\n", true, false},
		{"depends: [~]\n", true, false},
		{"depends: numpy, pytorch\n", true, false},
		{"alias: a b\n", true, false},
		{"depends: [\"a'b\"]\n", true, false},
		{"test: ['']\n", true, false},
		{"requires: {l4t: 36}\n", true, false},
		{"build_args: [A]\n", true, false},
		{"build_args: {9C: x}\n", true, false},
		{"build_args: {A-B: x}\n", true, false},
		{"build_args: {A: [1]}\n", true, false},
		{"gpu: maybe\n", true, false},
		{"gpu: [true]\n", true, false},
		{"dockerfile: ../Dockerfile\n", true, false},
		{"dockerfile: a/../../Dockerfile\n", true, true},
		{"config: /etc/config.yaml\n", true, false},
		{"buildkit_device: [nvidia.com/gpu=0]\n", true, false},
		{"variants: []\n", true, false},
		{"variants: {version: 1}\n", true, false},
		{"variants: [1]\n", true, false},
		{"variants: [{default: true}]\n", true, false},
		{"variants: [{version: -1}]\n", true, false},
		{"variants: [{version: 'a b'}]\n", true, false},
		{"variants: [{version: 1, name: x}]\n", true, false},
		{"variants: [{version: 1}, {version: 1}]\n", true, true},
		{"x:1: {depends: [a]}\nx:2: [b]\n", true, false},
		{"x:1: {depends: 1, alia: y}\n", true, false},
	} {
		read := readConfig("config.yaml", []byte(c.text), true)
		refused := read.foreign != "" || read.problems.HasErrors()
		assert.Equal(t, c.faulty, refused, "the reader's verdict on %s: %s", c.text, printed(read.problems))
		problem, ok := check(c.text)
		require.True(t, ok, c.text)
		assert.Equal(t, c.faulty && !c.readerOnly, problem != nil, "the schema's verdict on %s: %v", c.text, problem)
	}
}
