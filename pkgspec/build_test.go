package pkgspec

import (
	"testing"

	"github.com/docker/go-units"
	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// TestBuildProblems covers faults of the section build, and of the keys that
// tests shares with it.
func TestBuildProblems(t *testing.T) {
	checkProblems(t, []problem{
		{"build", `packages: a
build:
  gpo: cdi
  gpu: nvidia
  device: gpu0
  network: hots
  shm_size: 2 gigs
  ulimits: {nofiles: 1, nofile: 2:1, core: many, cpu: "-1:5", data: -2, fsize: 1:2:3, rss: 9223372036854775808, stack: }
  privileged: [a/b, "true"]
  skip: a
tests: {shm_size: 0, ulimits: [a], privileged: {}, network: false}
`, `
«gpo» jetson.yaml:3:3: error: unknown key "gpo" in build [unknown-key]
    hint: did you mean gpu?
«nvidia» jetson.yaml:4:8: error: build.gpu: unknown value "nvidia" [bad-value]
    hint: it can be cdi, runtime or skip
«gpu0» jetson.yaml:5:11: error: build.device: "gpu0" is not the name of a CDI device [bad-value]
    hint: write vendor.com/class=name, for example nvidia.com/gpu=all
«hots» jetson.yaml:6:12: error: build.network: unknown value "hots" [bad-value]
    hint: did you mean host?
«2 gigs» jetson.yaml:7:13: error: build.shm_size: "2 gigs" is not a size [bad-value]
    hint: write a number of bytes, or one with k, m or g: 2g
«nofiles» jetson.yaml:8:13: error: build.ulimits: "nofiles" is not the name of a limit [bad-value]
    hint: did you mean nofile?
«2:1» jetson.yaml:8:33: error: build.ulimits.nofile: "2:1": the soft limit is above the hard one [bad-value]
    hint: write the lower limit first: SOFT:HARD
«many» jetson.yaml:8:44: error: build.ulimits.core: "many" is not a limit [bad-value]
    hint: write SOFT or "SOFT:HARD"; -1 is no limit
«"-1:5"» jetson.yaml:8:55: error: build.ulimits.cpu: "-1:5": the soft limit is above the hard one [bad-value]
    hint: write the lower limit first: SOFT:HARD
«-2» jetson.yaml:8:69: error: build.ulimits.data: "-2" is not a limit [bad-value]
    hint: write SOFT or "SOFT:HARD"; -1 is no limit
«1:2:3» jetson.yaml:8:80: error: build.ulimits.fsize: "1:2:3" is not a limit [bad-value]
    hint: write SOFT or "SOFT:HARD"; -1 is no limit
«9223372036854775808» jetson.yaml:8:92: error: build.ulimits.rss: the limit "9223372036854775808" is too large [bad-value]
    hint: no limit is -1
«stack» jetson.yaml:8:113: error: build.ulimits.stack has no value [missing-value]
    hint: give it a value, or leave it out
«a/b» jetson.yaml:9:16: error: build.privileged: "a/b" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«"true"» jetson.yaml:9:21: error: build.privileged: "true" stands for all packages or none, and cannot be in a list [bad-value]
    hint: write it alone, or name packages
«skip» jetson.yaml:10:3: error: unknown key "skip" in build [unknown-key]
    hint: skip is a key of the file itself: write it outside build
«0» jetson.yaml:11:19: error: tests.shm_size: the size "0" is not between one byte and a pebibyte [bad-value]
    hint: write a number of bytes, or one with k, m or g: 2g
«[a]» jetson.yaml:11:31: error: tests.ulimits must be a mapping of names to values, not a list [wrong-type]
    hint: write KEY: VALUE on lines of their own below it, indented
«{}» jetson.yaml:11:48: error: an entry of tests.privileged must be a text, not a mapping [wrong-type]
    hint: write a single value
«false» jetson.yaml:11:61: error: tests.network must be a text, not false [wrong-type]
    hint: put it in quotes if it is meant
`},
		{"sizes", `packages: a
build: {shm_size: -1}
tests: {shm_size: 9999999p}
`, `
«-1» jetson.yaml:2:19: error: build.shm_size: "-1" is not a size [bad-value]
    hint: write a number of bytes, or one with k, m or g: 2g
«9999999p» jetson.yaml:3:19: error: tests.shm_size: the size "9999999p" is not between one byte and a pebibyte [bad-value]
    hint: write a number of bytes, or one with k, m or g: 2g
`},
		{"a size above the limit, which a number can hold", `packages: a
tests: {shm_size: 1025t}
`, `
«1025t» jetson.yaml:2:19: error: tests.shm_size: the size "1025t" is not between one byte and a pebibyte [bad-value]
    hint: write a number of bytes, or one with k, m or g: 2g
`},
		{"a compiler cache", `packages: a
build: {ccache: maybe, ccache_dir: ~/cache, ccache_max_size: 20GB, github_api: []}
`, `
«maybe» jetson.yaml:2:17: error: build.ccache: "maybe" is neither true nor false [bad-value]
    hint: write true or false
«~/cache» jetson.yaml:2:36: error: build.ccache_dir: "~/cache" cannot be the folder of a compiler cache [bad-value]
    hint: write an absolute path of letters, digits and . _ + @ -, such as /root/.cache/ccache
«20GB» jetson.yaml:2:62: error: build.ccache_max_size: "20GB" is not a size of ccache's [bad-value]
    hint: write it as ccache does: 20G, 500M; 0 is no limit
«[]» jetson.yaml:2:80: error: build.github_api must be a text, not an empty list [wrong-type]
    hint: write a single value
`},
		{"a compiler cache that nothing uses", `packages: a
build: {ccache_dir: /c}
`, `
«ccache_dir» jetson.yaml:2:9: warning: build.ccache_dir has no effect without build.ccache [no-effect]
    hint: leave it out, or set build.ccache to true
`},
		{"caches that there are not", `packages: a
build: {caches: [piip, uv, none, apt], ccache: false}
`, `
«piip» jetson.yaml:2:18: error: build.caches: "piip" is not the name of a cache [bad-value]
    hint: did you mean pip?
«uv» jetson.yaml:2:24: error: build.caches: there is no cache for uv [bad-value]
    hint: leave it out: uv takes what it built from its cache, whatever the variables and packages of the step are, so that the image would depend on earlier builds
«none» jetson.yaml:2:28: error: build.caches: none cannot be in a list with others [bad-value]
    hint: write it alone, or name caches
`},
		{"a compiler cache that is asked for and not", `packages: a
build: {caches: [ccache, git], ccache: false}
`, `
«caches» jetson.yaml:2:9: warning: ccache in build.caches has no effect with build.ccache: false [no-effect]
    hint: leave one of them out
«git» jetson.yaml:2:26: error: build.caches: there is no cache for git [bad-value]
    hint: leave it out: git has no setting that would have it look for commits in a folder of the builder's; clones are cached with their step
`},
		{"a build device that nothing uses", `packages: a
build: {gpu: skip, device: nvidia.com/gpu=0}
`, `
«device» jetson.yaml:2:20: warning: build.device has no effect with gpu: skip [no-effect]
    hint: leave it out, or write gpu: cdi
`},
		{"a build device that nothing uses, because of tests", `packages: a
build: {device: nvidia.com/gpu=0}
tests: {gpu: runtime}
`, `
«device» jetson.yaml:2:9: warning: build.device has no effect with tests.gpu: runtime [no-effect]
    hint: leave it out, or write gpu: cdi
`},
	})
}

// TestPrivilegedTruth checks that all of YAML's ways to write true and false are
// read, as in package metadata.
func TestPrivilegedTruth(t *testing.T) {
	spec := load(t, "packages: a\nbuild: {privileged: yes}\ntests: {privileged: [Off]}\n", nil)
	assert.Equal(t, []diag.Text{{Value: "*", At: on(2, 21, 24)}}, spec.Build.Privileged)
	assert.Empty(t, spec.Tests.Privileged)
	spec = load(t, "packages: a\nbuild: {privileged: true}\n", args{"BUILD_PRIVILEGED": "no", "TEST_PRIVILEGED": "ON"})
	assert.Empty(t, spec.Build.Privileged)
	assert.Equal(t, []diag.Text{{Value: "*"}}, spec.Tests.Privileged)
}

// TestUlimitNames checks that the limits which are read are those that
// units.ParseUlimit, and so BuildKit, knows.
func TestUlimitNames(t *testing.T) {
	for _, name := range ulimitNames {
		_, err := units.ParseUlimit(name + "=1")
		assert.NoError(t, err)
	}
	// Nothing lists the names that go-units knows; "as" is one it knows but refuses.
	for _, name := range []string{"as", "no", "", "NOFILE", "nofile "} {
		_, ok := (&loader{}).ulimit(located{}.part(name), located{}.part("1"))
		assert.False(t, ok, "%q is read", name)
	}
}

// TestSizesAreReadBack checks that a size reads as what it is printed as.
func TestSizesAreReadBack(t *testing.T) {
	for _, size := range []int64{1, 1000, 1024, 65 << 20, 1536 << 20, 1<<30 + 1, maxShmSize} {
		l := &loader{spec: &Spec{}}
		shmSize(ofTests).arg(l, located{}.part(plan.SizeText(size)))
		assert.Equal(t, size, l.spec.Tests.ShmSize, "%s %v", plan.SizeText(size), l.problems)
	}
}
