//go:build integration

package integration

import (
	"cmp"
	"crypto/rand"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// fullPhase is a phase of a build for which the builder's disk has no room.
type fullPhase struct {
	// left is how much room there is when the build begins, in MiB.
	left int
	tree files
	args []string
	// large is a file of the project that is 48 MiB of what nothing compresses.
	large string
	// says is what the error says besides what helps.
	says []string
	// mute has BuildKit alone report it: the frontend has ended.
	mute bool
	// cache is where a cache is exported to, in place of an image.
	cache string
}

// large is how much the large things of these tests take, in MiB. Less room than that is left.
const large = 48

func fullPhases(t *testing.T) map[string]fullPhase {
	t.Helper()
	served := newProject(t, files{"a/Dockerfile": plainPackage})
	fillNoise(t, filepath.Join(served.dir, "noise"))
	repository := served.serveGit(t, "").url
	image := newProject(t, files{"Dockerfile": "FROM scratch\nCOPY a /a\nCOPY noise /noise\n", "a/Dockerfile": plainPackage})
	fillNoise(t, filepath.Join(image.dir, "noise"))
	ref := shared.Ref(image.id + ":1")
	require.NoError(t, shared.Buildx(t.Context(), harness.BuildxRun{Dir: image.dir, Args: []string{"--push", "--provenance=false", "--tag", ref, "."}}).Err())
	tested := func(test string) files {
		return one("name: a\ntest: test.sh", "RUN true\n").and(files{"packages/a/test.sh": script(test)})
	}
	in := func(source string) files { return files{"jetson.yaml": "packages: [a]\nsources: [{" + source + "}]\n"} }
	const step = "package a failed in step 1/1 (packages/a/Dockerfile:"
	return map[string]fullPhase{
		"reading jetson.yaml": {left: 0, tree: one("name: a", "RUN true\n"), says: []string{"failed to read dockerfile: ", noSpace}, mute: true},
		"transferring": {
			left: large / 2, tree: one("name: a", "FROM scratch\nCOPY noise /\n"), large: "packages/a/noise", // no base, which would be pulled at the same time
			says: []string{"failed to load package folders (packages/a/Dockerfile:7): ", noSpace},
		},
		"pulling the base":       {left: large / 3, tree: one("name: a", "RUN true\n"), says: []string{step + "6)", noSpace}},
		"fetching a repository":  {left: large / 3, tree: in("git: '" + repository + "'"), says: []string{"jetson.yaml:4:11: error: " + repository + " cannot be fetched: ", "No" + noSpace[2:]}},
		"pulling a source":       {left: large / 3, tree: in("image: '" + ref + "'"), says: []string{"jetson.yaml:4:11: error: cannot list docker-image://" + ref, noSpace}},
		"pulling what is copied": {left: large / 3, tree: one("name: a", "FROM scratch\nCOPY --from="+ref+" /noise /noise\n"), says: []string{step + "7)", noSpace}},
		"running config.py": {
			left: large / 3, tree: one("name: a", "RUN true\n").and(files{"packages/a/config.py": "package['name'] = 'a'\n"}), args: []string{"--build-arg", "PYTHON_IMAGE=" + pythonImage(t)},
			says: []string{"packages/a/Dockerfile:2:9: error: a is disabled: its config.py could not be run: image " + pythonImage(t), noSpace},
		},
		// The base takes 180 MiB.
		"testing":   {left: 240, tree: tested("head -c 100M /dev/zero > /out/x"), says: []string{`test "test.sh" of package a failed on its own stage with exit code 1`, "No" + noSpace[2:]}, mute: true},
		"sealing":   {left: 240, tree: tested("head -c 100M /dev/zero > /out/x || true"), says: []string{"failed to seal image (jetson.yaml:3): ", noSpace}},
		"exporting": {left: 360, tree: one("name: a", "RUN head -c 120M /dev/urandom > /noise\n"), says: []string{"failed to write compressed diff: ", noSpace}, mute: true},
		"exporting a cache": {
			left: 360, tree: one("name: a", "RUN head -c 120M /dev/urandom > /noise\n"), cache: shared.Ref("full:cache"),
			says: []string{"failed to write compressed diff: ", noSpace}, mute: true,
		},
	}
}

const noSpace = "no space left on device"

// fillNoise writes a large file.
func fillNoise(t *testing.T, file string) {
	t.Helper()
	noise := make([]byte, large<<20)
	_, err := rand.Read(noise)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, noise, 0o600))
}

// fillDisk writes a file that leaves some MiB of a file system, and returns what removes it.
func fillDisk(t *testing.T, dir string, left int) (empty func()) {
	t.Helper()
	var disk syscall.Statfs_t
	require.NoError(t, syscall.Statfs(dir, &disk))
	size := int64(disk.Bavail)*disk.Bsize - int64(left)<<20
	require.Positive(t, size)
	filler := filepath.Join(dir, "filler")
	f, err := os.Create(filler)
	require.NoError(t, err)
	require.NoError(t, syscall.Fallocate(int(f.Fd()), 0, 0, size))
	require.NoError(t, f.Close())
	return func() { require.NoError(t, os.Remove(filler)) }
}

// brimful starts a builder with a small disk, and frees the memory that this is of in the end. BuildKit gives back what is
// pruned some time later, so each phase has its own.
func brimful(t *testing.T) *harness.Daemon {
	t.Helper()
	d := startDaemon(t, "brim", harness.DaemonOptions{DiskMiB: 1000})
	t.Cleanup(func() {
		d.Stop()
		entries, err := os.ReadDir(d.Dir())
		require.NoError(t, err)
		for _, entry := range entries {
			assert.NoError(t, os.RemoveAll(filepath.Join(d.Dir(), entry.Name())))
		}
	})
	return d
}

// TestFullDiskAtEachPhase has a builder's disk be full at each phase of a build. The error says where and what helps, nothing
// is pushed, and the next build goes on once there is room.
func TestFullDiskAtEachPhase(t *testing.T) {
	t.Parallel()
	for name, phase := range fullPhases(t) {
		t.Run(name, func(t *testing.T) {
			d := brimful(t)
			newProject(t, one("name: a", "RUN true\n")).build(t, on(d), with("--call", "jetson.plan")) // has the builder fetch the frontend
			p := newProject(t, phase.tree)
			if phase.large != "" {
				fillNoise(t, filepath.Join(p.dir, phase.large))
			}
			empty := fillDisk(t, d.Dir(), phase.left)
			options := []buildOption{on(d), with(phase.args...)}
			if phase.cache == "" {
				options = append(options, push())
			} else {
				options = append(options, with("--output", "type=cacheonly"), cacheTo(phase.cache))
			}
			b := p.fail(t, options...)
			assertContains(t, b.Stderr, phase.says...)
			if !phase.mute {
				assertContains(t, b.Stderr, fullDisk)
			}
			_, err := shared.Image(t.Context(), cmp.Or(b.image, phase.cache), "")
			require.Error(t, err, "nothing is pushed")
			if name == "exporting" {
				p.assertNoFile(t, d)
			}
			empty()
			if name == "fetching a repository" { // of which git may have a part, and BuildKit keeps that
				if b = p.try(t, on(d)); b.ExitCode != 0 {
					assertContains(t, b.Stderr, "the builder has a part of a repository only, as after its disk was full: docker buildx prune --all --filter description~=shared.git.repo ")
				}
				require.NoError(t, shared.BuildxCommand(t.Context(), harness.BuildxRun{Daemon: d, Args: []string{"prune", "--all", "--force", "--filter", "description~=shared.git.repo"}}).Err())
			}
			p.build(t, options...)
		})
	}
}

// assertNoFile holds that jetkit build leaves no part of a file of an image that the builder has no room for, and that it says
// what helps where the disk can only be the builder's.
func (p *project) assertNoFile(t *testing.T, d *harness.Daemon) {
	t.Helper()
	for output, says := range map[string]string{"type=oci,dest=out/image.tar": noSpace, "type=image,name=x,push=false": fullDisk} {
		p.write(t, files{"out/.keep": ""})
		r := runCommand(t, jetkitCommand(t, d, p.dir, "build", "--progress", "plain", "--base", base(t), "-f", "jetson.yaml", "--output", output))
		assert.Equal(t, 1, r.code, r.stderr)
		assert.Contains(t, r.stderr, says)
		left, err := os.ReadDir(filepath.Join(p.dir, "out"))
		require.NoError(t, err)
		assert.Len(t, left, 1, "%v", left)
	}
}
