package pkgspec

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// TestOptions covers options of the command line that stand for build arguments:
// all that is said of them speaks of them, and only once.
func TestOptions(t *testing.T) {
	options := args{"BUILD_SHM_SIZE": "--shm-size", "TEST_SHM_SIZE": "--shm-size", "BUILD_ULIMITS": "--ulimit", "TEST_NETWORK": "--network"}
	_, problems := LoadWithOptions("", []byte("packages: a\n"), args{
		"BUILD_SHM_SIZE": "2251799813685248", "TEST_SHM_SIZE": "2251799813685248", "BUILD_ULIMITS": "nofile=-5:-5", "TEST_ULIMITS": "core=-5",
	}, options)
	var got []string
	for _, p := range problems {
		got = append(got, p.Message)
	}
	want := []string{
		`--build-arg TEST_ULIMITS: core: "-5" is not a limit`,
		`--shm-size: the size "2251799813685248" is not between one byte and a pebibyte`,
		`--ulimit: nofile: "-5:-5" is not a limit`,
	}
	slices.Sort(got)
	assert.Equal(t, want, got)

	spec, problems := LoadWithOptions("", []byte("packages: a\ntests: {network: host}\n"), args{"TEST_NETWORK": "none", "BUILD_NETWORK": "none"}, options)
	require.False(t, problems.HasErrors(), "%v", problems)
	overrides := []plan.Override{
		{Key: "build.network", Arg: "BUILD_NETWORK", New: "none"},
		{Key: "tests.network", Arg: "TEST_NETWORK", Option: "--network", Old: "host", New: "none"},
	}
	assert.Equal(t, overrides, spec.Overrides)
}

// TestArgsForNothing covers what is said of devices, and of a compiler cache, where nothing
// uses one.
func TestArgsForNothing(t *testing.T) {
	for _, tc := range []struct {
		file string
		args args
		want string
	}{
		{"", args{"BUILD_DEVICE": "a.b/c=d", "BUILD_GPU": "skip"}, "--build-arg BUILD_DEVICE has no effect with build.gpu: skip"},
		{"tests: {gpu: runtime}\n", args{"BUILD_DEVICE": "a.b/c=d"}, "--build-arg BUILD_DEVICE has no effect with build.gpu: runtime"},
		{"tests: {gpu: skip}\n", args{"TEST_DEVICE": "a.b/c=d"}, "--build-arg TEST_DEVICE has no effect with tests.gpu: skip"},
		{"", args{"BUILD_CCACHE_DIR": "/c"}, "--build-arg BUILD_CCACHE_DIR has no effect without build.ccache"},
		{"build: {ccache: true, ccache_max_size: 1G}\n", args{"BUILD_CCACHE": "false"}, "build.ccache_max_size has no effect without build.ccache"},
		{"build: {ccache_max_size: 1G}\n", args{"BUILD_CCACHE": "true"}, ""},
		{"build: {caches: ccache, ccache_max_size: 1G}\n", nil, ""},
		{"build: {ccache: false}\n", args{"BUILD_CACHES": "ccache"}, "ccache in --build-arg BUILD_CACHES has no effect with build.ccache: false"},
		{"build: {caches: ccache}\n", args{"BUILD_CCACHE": "false"}, ""},
		{"tests: {gpu: skip}\n", args{"TEST_DEVICE": "a.b/c=d", "BUILD_DEVICE": "a.b/c=d", "TEST_GPU": "cdi"}, ""},
	} {
		_, problems := Load("", []byte("packages: a\n"+tc.file), tc.args)
		var got []string
		for _, p := range problems.Warnings() {
			got = append(got, p.Message)
		}
		assert.Equal(t, tc.want, strings.Join(got, "\n"), "%s %v: got %q", tc.file, tc.args, got)
	}
}
