package pkgspec

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResources(t *testing.T) {
	spec, problems := Load("jetson.yaml", []byte("packages: a\nresources:\n  \"*\": {memory: 6GiB, jobs: 2}\n  pytorch: {cpus: 1.5, jobs: 1}\n  cmake: {memory: 512m}\n"), nil)
	require.Empty(t, problems)
	var texts []string
	for _, r := range spec.Resources {
		texts = append(texts, r.Package.Value+": "+r.String()+" "+r.At.String())
	}
	assert.Equal(t, []string{
		"*: 6GiB of memory, 2 jobs at once jetson.yaml:3:3",
		"pytorch: 1.5 processors, 1 jobs at once jetson.yaml:4:3",
		"cmake: 512MiB of memory jetson.yaml:5:3",
	}, texts)
	quota, period := spec.Resources[1].CPUQuota()
	assert.Equal(t, int64(150000), quota)
	assert.Equal(t, uint64(100000), period)
}

func TestResourcesProblems(t *testing.T) {
	for body, want := range map[string]string{
		"pytorch":                      `resources must be a mapping of packages to what their RUN steps may take`,
		"{pytorch: 6g}":                `resources.pytorch must be a mapping of keys`,
		"{pytorch: {memroy: 6g}}":      `unknown key "memroy" in resources.pytorch`,
		"{pytorch: {memory: much}}":    `resources.pytorch.memory: "much" is not a size`,
		"{pytorch: {memory: 1m}}":      `resources.pytorch.memory: a step cannot run with 1m of memory`,
		"{pytorch: {memory: 9999p}}":   `a step cannot run with 9999p of memory`,
		"{pytorch: {cpus: 0}}":         `"0" is not a number of processors`,
		"{pytorch: {cpus: 1e3}}":       `"1e3" is not a number of processors`,
		"{pytorch: {cpus: -1}}":        `"-1" is not a number of processors`,
		"{pytorch: {jobs: 0}}":         `"0" is not a number from 1 to 1024`,
		"{pytorch: {jobs: 2.5}}":       `"2.5" is not a number from 1 to 1024`,
		"{'a b': {jobs: 2}}":           `"a b" is not a package name`,
		"{a: {jobs: 1}, a: {jobs: 2}}": `the key "a" occurs twice`,
	} {
		_, problems := Load("jetson.yaml", []byte("packages: a\nresources: "+body+"\n"), nil)
		require.NotEmpty(t, problems, body)
		assert.Contains(t, problems[0].String(), want, body)
	}
}
