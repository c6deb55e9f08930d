package library

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/plan"
)

// triedFolder has the files that integration tests build.
const triedFolder = "../../integration/testdata/library"

// kind is a way in which packages are tried. The later ones say more.
type kind int

const (
	never   kind = iota // it resolves on no target of the platform
	planned             // by the tests of this package
	standIns
	emulated
	built
)

// platforms are those that states are about.
func platformNames() []string { return []string{"linux/amd64", "linux/arm64"} }

// words are what the pages call a kind.
func (k kind) words() string {
	return [...]string{"not for this platform", "planned and linted only", "install logic tested against stand-in repositories", "built under emulation", "built and tested here"}[k]
}

// untested is what the pages call a kind where the package's tests did not run.
func (k kind) untested() string {
	return [...]string{"", "", "installed from stand-in repositories, its tests not run", "built under emulation, its tests not run", "built here, its tests not run"}[k]
}

// tried is a file that integration tests build, resolved.
type tried struct {
	file, platform string
	kind           kind
	plan           *plan.Plan
}

// kindOf reads from a file's name what is done with it: amd64.yaml is built, and its tests run,
// on the machine itself; arm64.yaml under emulation; standins-*.yaml with stand-ins for the
// repositories of pip and apt, on the machine itself unless the name ends in -arm64.
func kindOf(name string) (k kind, platform string, err error) {
	switch stem := strings.TrimSuffix(name, ".yaml"); {
	case stem == "amd64" || stem == "amd64-large":
		return built, "linux/amd64", nil
	case stem == "arm64":
		return emulated, "linux/arm64", nil
	case strings.HasPrefix(stem, "standins-") && strings.HasSuffix(stem, "-arm64"):
		return standIns, "linux/arm64", nil
	case strings.HasPrefix(stem, "standins-"):
		return standIns, "linux/amd64", nil
	}
	return never, "", fmt.Errorf("%s says by its name neither on what nor how it is built", name)
}

// readTried resolves the files that integration tests build.
func readTried(t *testing.T) []tried {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(triedFolder, "*.yaml"))
	require.NoError(t, err)
	var all []tried
	for _, file := range files {
		k, platform, err := kindOf(filepath.Base(file))
		require.NoError(t, err)
		dt, err := os.ReadFile(file)
		require.NoError(t, err)
		_, solved, problems, err := load(t.Context(), filepath.Base(file), string(dt), platform, folders(t))
		require.NoError(t, err)
		require.NotNil(t, solved, "%s: %s", file, problems.Err())
		all = append(all, tried{filepath.Base(file), platform, k, solved})
	}
	return all
}

// folders are the contexts of the files: their folder, and by their names the folders in it.
func folders(t *testing.T) contexts {
	t.Helper()
	root := os.DirFS(triedFolder)
	c := contexts{root: root, named: map[string]fs.FS{}}
	entries, err := os.ReadDir(triedFolder)
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() {
			c.named[e.Name()], err = fs.Sub(root, e.Name())
			require.NoError(t, err)
		}
	}
	return c
}

// TestTriedIsBuilt holds that integration tests name the files which states are taken from: a
// file that nobody builds says nothing.
func TestTriedIsBuilt(t *testing.T) {
	programs, err := filepath.Glob("../../integration/*_test.go")
	require.NoError(t, err)
	var builds strings.Builder // those tests that read the folder
	for _, file := range programs {
		dt, err := os.ReadFile(file)
		require.NoError(t, err)
		if regexp.MustCompile(`testdata(/|", ")library|libraryFile\(`).Match(dt) {
			builds.Write(dt)
		}
	}
	for _, s := range readTried(t) {
		name, _, _ := strings.Cut(strings.TrimSuffix(s.file, ".yaml"), "-")
		assert.True(t, regexp.MustCompile(`\b`+name+`\b`).MatchString(builds.String()), "no integration test builds %s", filepath.Join(triedFolder, s.file))
	}
}

// state is what is known of a package on a platform, and from which file.
type state struct {
	kind kind
	file string
	// tested is set if a test of the package ran, and version is what was tried of it.
	tested  bool
	version string
}

// stateOf returns the strongest of what was done with a package on a platform. Of one kind, that
// with tests which ran is stronger.
func stateOf(f family, platform string, all []tried) state {
	var best state
	if slices.ContainsFunc(f.answers, func(a answer) bool { return a.plan != nil && a.target.platform == platform }) {
		best.kind = planned
	}
	for _, s := range all {
		i := slices.IndexFunc(s.plan.Steps, func(step plan.Step) bool { return isOf(f.name, step) && step.Origin.Kind == plan.Builtin })
		if s.platform != platform || i < 0 {
			continue
		}
		step := s.plan.Steps[i]
		own := state{s.kind, s.file, step.Dockerfile == "" || slices.ContainsFunc(step.Tests, func(t plan.Test) bool { return t.Skipped == "" }), step.Name}
		if own.rank() > best.rank() {
			best = own
		}
	}
	return best
}

func (s state) rank() int {
	rank := 2 * int(s.kind)
	if s.tested {
		rank++
	}
	return rank
}

// text is the state for a page in a folder that reaches the repository's root by a path.
func (s state) text(root string) string {
	text := s.kind.words()
	if s.kind > planned && !s.tested {
		text = s.kind.untested()
	}
	if s.file == "" {
		return text
	}
	return fmt.Sprintf("%s ([%s](%s/integration/testdata/library/%s))", text, s.file, root, s.file)
}

func TestStates(t *testing.T) {
	chain := func(file string, steps ...plan.Step) tried {
		k, platform, err := kindOf(file)
		require.NoError(t, err)
		return tried{file, platform, k, &plan.Plan{Steps: steps}}
	}
	ran, skipped := []plan.Test{{Name: "test.py", Skipped: "x"}, {Name: "test.sh"}}, []plan.Test{{Name: "test.py", Skipped: "it needs a GPU"}}
	step := func(name string, tests []plan.Test) plan.Step {
		return plan.Step{Name: name, Dockerfile: "Dockerfile", Tests: tests, Origin: plan.Origin{Kind: plan.Builtin}}
	}
	mine := step("mine", ran)
	mine.Origin.Kind = plan.Context
	all := []tried{
		chain("standins-torch.yaml", step("python", ran), step("torch:2.8", ran), step("cuda", skipped)),
		chain("amd64.yaml", step("python", ran), step("torch:2.8", skipped), mine),
		chain("standins-tegra-arm64.yaml", step("cuda", skipped)),
		chain("arm64.yaml", step("python", ran), plan.Step{Name: "group", Origin: plan.Origin{Kind: plan.Builtin}}),
	}
	resolves := func(name string) family {
		return family{name: name, answers: []answer{{target: target{platform: "linux/amd64"}, plan: &plan.Plan{}}}}
	}
	for _, test := range []struct {
		name         string
		amd64, arm64 state
	}{
		{"python", state{built, "amd64.yaml", true, "python"}, state{emulated, "arm64.yaml", true, "python"}},
		{"torch", state{built, "amd64.yaml", false, "torch:2.8"}, state{}},
		{"cuda", state{standIns, "standins-torch.yaml", false, "cuda"}, state{standIns, "standins-tegra-arm64.yaml", false, "cuda"}},
		{"mine", state{kind: planned}, state{}},
		{"group", state{kind: planned}, state{emulated, "arm64.yaml", true, "group"}},
	} {
		assert.Equal(t, test.amd64, stateOf(resolves(test.name), "linux/amd64", all), test.name)
		assert.Equal(t, test.arm64, stateOf(resolves(test.name), "linux/arm64", all), test.name)
	}
	assert.Equal(t, "built here, its tests not run ([amd64.yaml](../integration/testdata/library/amd64.yaml))", state{built, "amd64.yaml", false, "x"}.text(".."))
	assert.Equal(t, "built and tested here ([amd64.yaml](../integration/testdata/library/amd64.yaml))", state{built, "amd64.yaml", true, "x"}.text(".."))
	assert.Equal(t, "planned and linted only", state{kind: planned}.text(".."))
	_, _, err := kindOf("riscv.yaml")
	assert.Error(t, err)
}

// root is a context without files.
func root() contexts { return contexts{root: fstest.MapFS{}} }
