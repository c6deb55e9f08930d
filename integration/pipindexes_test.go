//go:build integration && library

package integration

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// libraryProject is the project of a file of testdata/library, with the folders beside it.
func libraryProject(t *testing.T, file string, more files) *project {
	t.Helper()
	root := filepath.Join("testdata", "library")
	body := libraryFile(t, file)
	tree := files{"jetson.yaml": body}
	dir := strings.TrimSuffix(file, ".yaml")
	if strings.Contains(body, "sources: [{dir: ") {
		dir, _, _ = strings.Cut(body[strings.Index(body, "{dir: ")+len("{dir: "):], "}")
	}
	if _, err := os.Stat(filepath.Join(root, dir)); err == nil {
		require.NoError(t, fs.WalkDir(os.DirFS(root), dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			dt, err := os.ReadFile(filepath.Join(root, name))
			tree[name] = string(dt)
			return err
		}))
	}
	maps.Copy(tree, more)
	return newProject(t, tree)
}

// serveIndex starts an index until the test ends.
func serveIndex(t *testing.T, fault harness.PipFault, list ...harness.Wheel) *harness.PipIndex {
	t.Helper()
	index, err := harness.ServePipIndex(fault, list...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, index.Close()) })
	return index
}

// torchWheel stands in for a torch: it says of itself what the library's package looks at. An empty CUDA is none.
func torchWheel(version, cuda, kernels string) harness.Wheel {
	says := fmt.Sprintf("'%s'", cuda)
	if cuda == "" {
		says = "None"
	}
	code := fmt.Sprintf("__version__ = '%s'\nclass version: cuda = %s\nclass _C: _cuda_getArchFlags = staticmethod(lambda: '%s')\n", version, says, kernels)
	return harness.Wheel{Name: "torch", Version: version, Requires: []string{"filelock", "numpy"}, Files: map[string]string{"torch/__init__.py": code}}
}

// torchFamily stands in for torchvision and torchaudio, which ask for one torch.
func torchFamily(torch, vision, audio string) []harness.Wheel {
	list := []harness.Wheel{{
		Name: "torchvision", Version: vision, Requires: []string{"torch==" + torch, "pillow-standin"},
		Files: map[string]string{"torchvision/__init__.py": "__version__ = '" + vision + "'\nclass ops: nms = None\n"},
	}}
	if audio != "" {
		list = append(list, harness.Wheel{
			Name: "torchaudio", Version: audio, Requires: []string{"torch==" + torch},
			Files: map[string]string{"torchaudio/__init__.py": "__version__ = '" + audio + "'\nclass functional: resample = None\n"},
		})
	}
	return list
}

// pypi stands in for PyPI, where torch is newer, and of all versions one without CUDA.
func pypi(t *testing.T) *harness.PipIndex {
	t.Helper()
	return serveIndex(t, harness.PipWorks,
		harness.Wheel{Name: "filelock", Version: "3.1"}, harness.Wheel{Name: "pillow-standin", Version: "1.0"},
		harness.Wheel{Name: "nvidia-cudss-cu12", Version: "0.7.1.6", Files: map[string]string{"nvidia/cu12/lib/libcudss.so.0": ""}},
		harness.Wheel{Name: "uv", Version: "0.12.17", Files: map[string]string{
			"uv.py":                                 "import os\ndef main(): print('stand-in of uv asks', os.environ['UV_INDEX'], 'and then', os.environ['UV_DEFAULT_INDEX'])\n",
			"uv-0.12.17.dist-info/entry_points.txt": "[console_scripts]\nuv = uv:main\n",
		}},
		harness.Wheel{Name: "tools", Version: "1.0", Requires: []string{"torch>=2"}},
		torchWheel("2.8.0", "", ""), torchWheel("2.11.0", "", ""), torchWheel("99.0", "", ""))
}

// indexes are the build arguments for a list of indexes and a general one.
func indexes(list string, general *harness.PipIndex) buildOption {
	return with("--build-arg", "PIP_INDEXES="+list, "--build-arg", "PIP_INDEX_URL="+general.URL, "--build-arg", "PIP_DEFAULT_TIMEOUT=1")
}

// untested builds only some of a file's packages, without their tests.
func untested(packages string) buildOption {
	return with("--build-arg", "PACKAGES="+packages, "--build-arg", "TESTS=none")
}

// asBoard builds for linux/arm64, on a base whose programs are this machine's.
func asBoard(t *testing.T) buildOption {
	t.Helper()
	require.NoError(t, shared.Emulate("arm64"))
	ref, err := shared.BaseAs(t.Context(), "arm64")
	require.NoError(t, err)
	return func(o *buildOptions) {
		o.noBase = true
		o.args = append(o.args, "--platform", "linux/arm64", "--build-arg", "BASE_IMAGE="+ref)
	}
}

// from is what an image says about where a project is from.
func (b *built) from(t *testing.T, name string) (origin struct{ Version, Index, File, URL, SHA256 string }) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(b.anyFile(t, "/usr/local/share/pip-first-index/"+name+".json")), &origin))
	return origin
}

// anyFile reads a file of the pushed image, which is for one platform, this machine's or that of a board.
func (b *built) anyFile(t *testing.T, name string) string {
	t.Helper()
	platform := "linux/" + runtime.GOARCH
	if slices.Contains(b.Args, "linux/arm64") {
		platform = "linux/arm64"
	}
	image, err := shared.Image(t.Context(), b.image, platform)
	require.NoError(t, err)
	dt, err := harness.ReadImageFile(image, name)
	require.NoError(t, err)
	return string(dt)
}

// assertNoTorch checks that nobody took a torch from an index.
func assertNoTorch(t *testing.T, index *harness.PipIndex) {
	t.Helper()
	for _, path := range index.Requests() {
		assert.NotContains(t, path, "/files/torch", "PyPI was asked")
	}
}

// TestPipIndexesOfPC builds torch and what belongs to it for a PC, and after it a package that installs what needs torch: all is
// of the first index, and what it needs of PyPI's.
func TestPipIndexesOfPC(t *testing.T) {
	t.Parallel()
	first := serveIndex(t, harness.PipWorks, append(torchFamily("2.11.0", "0.26.0", "2.11.0"),
		torchWheel("2.10.0", "12.8", "sm_80"), torchWheel("2.11.0", "12.8", "sm_75 sm_80 sm_86 sm_90 sm_100 compute_120"), torchWheel("2.12.0", "12.8", "sm_80"))...)
	general := pypi(t)
	p := libraryProject(t, "standins-pytorch.yaml", files{
		"packages/after/Dockerfile": dockerfile("name: after\ndepends: [torchvision]\ntest: []", "RUN pip3 install --upgrade tools\n"),
	})
	b := p.build(t, push(), indexes(first.URL+" general", general), arg("PACKAGES=torchvision,torchaudio,uv,after"))
	for name, version := range map[string]string{"torch": "2.11.0", "torchvision": "0.26.0", "torchaudio": "2.11.0"} {
		origin := b.from(t, name)
		assert.Equal(t, []string{version, first.URL}, []string{origin.Version, origin.Index}, name)
		assert.Len(t, origin.SHA256, 64, name)
	}
	assert.Contains(t, b.config(t).Config.Env, "UV_INDEX="+first.URL)
	assert.Contains(t, b.config(t).Config.Env, "UV_DEFAULT_INDEX="+general.URL)
	b.step(t, "[constraints of pytorch:2.11] check")
	for _, test := range []string{"pip-cache:x86-cu128", "uv", "numpy"} {
		b.step(t, "[test "+test+" on image]")
	}
}

// TestPipIndexesFallBack builds torch where the first index is at fault in each way: it is from the second, and a warning says why.
func TestPipIndexesFallBack(t *testing.T) {
	t.Parallel()
	torch := torchWheel("2.11.0", "12.8", "sm_80 compute_120")
	for name, c := range map[string]struct {
		fault harness.PipFault
		has   []harness.Wheel
		says  string
	}{
		"down":        {harness.PipDown, nil, "does not answer: [Errno 111] Connection refused, tried 3 times"},
		"slow":        {harness.PipSlow, nil, "does not answer: timed out, tried 3 times"},
		"503":         {harness.PipUnavailable, nil, "does not answer: HTTP 503, tried 3 times"},
		"a portal":    {harness.PipPortal, nil, "answers with a page that is no index (text/html)"},
		"not there":   {harness.PipWorks, nil, "does not have torch (HTTP 404)"},
		"other ones":  {harness.PipWorks, []harness.Wheel{{Name: "torch", Version: "2.11.0", Tag: "cp39-cp39-linux_aarch64"}}, "has 2.11.0 (cp39-cp39-linux_aarch64), none of them fits"},
		"older torch": {harness.PipWorks, []harness.Wheel{torchWheel("2.10.0", "12.8", "sm_80")}, "has 2.10.0 (py3-none-any), none of them fits"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second, general := serveIndex(t, c.fault, c.has...), serveIndex(t, harness.PipWorks, torch), pypi(t)
			b := libraryProject(t, "standins-pytorch.yaml", nil).build(t, push(), indexes(first.URL+" "+second.URL+" general", general), untested("pytorch"))
			assert.Equal(t, second.URL, b.from(t, "torch").Index)
			assertContains(t, b.Stderr, "pip-first-index: warning: "+first.URL+" "+c.says)
			assertNoTorch(t, general)
		})
	}
	t.Run("503 and then well", func(t *testing.T) {
		t.Parallel()
		first, second, general := serveIndex(t, harness.PipRecovers, torch), serveIndex(t, harness.PipWorks, torch), pypi(t)
		b := libraryProject(t, "standins-pytorch.yaml", nil).build(t, push(), indexes(first.URL+" "+second.URL, general), untested("pytorch"))
		assert.Equal(t, first.URL, b.from(t, "torch").Index)
		assert.NotContains(t, b.Stderr, "pip-first-index: warning")
	})
}

// TestPipIndexesRefuse covers what ends a build, and what it says then.
func TestPipIndexesRefuse(t *testing.T) {
	t.Parallel()
	good := torchWheel("2.11.0", "12.8", "sm_80 compute_120")
	fail := func(t *testing.T, list string, general *harness.PipIndex, options ...buildOption) *built {
		t.Helper()
		return libraryProject(t, "standins-pytorch.yaml", nil).fail(t, append(options, indexes(list, general), untested("pytorch"))...)
	}
	t.Run("all are down", func(t *testing.T) {
		t.Parallel()
		down, portal := serveIndex(t, harness.PipDown), serveIndex(t, harness.PipPortal)
		b := fail(t, down.URL+" "+portal.URL, pypi(t))
		assertContains(t, b.Stderr, "  1  "+down.URL+"  does not answer", "  2  "+portal.URL+"  answers with a page that is no index", "none of the indexes answers",
			"package pip-cache:x86-cu128 failed")
		assert.NotContains(t, b.Stderr, "[pytorch")
	})
	t.Run("a file that is another", func(t *testing.T) {
		t.Parallel()
		corrupt, second := serveIndex(t, harness.PipCorrupt, good), serveIndex(t, harness.PipWorks, good)
		b := fail(t, corrupt.URL+" "+second.URL, pypi(t))
		assertContains(t, b.Stderr, "DO NOT MATCH THE HASHES", "torch==2.11.0 could not be installed from "+corrupt.URL)
	})
	t.Run("no index has it", func(t *testing.T) {
		t.Parallel()
		one, general := serveIndex(t, harness.PipWorks, torchWheel("2.10.0", "12.8", "sm_80")), pypi(t)
		b := fail(t, one.URL+" general", general)
		assertContains(t, b.Stderr, "no index has torch==2.11.0 for Python 3.11 on", "  1  "+one.URL+"  has 2.10.0 (py3-none-any), none of them fits")
		assertNoTorch(t, general)
	})
	t.Run("a torch for processors alone", func(t *testing.T) {
		t.Parallel()
		b := fail(t, serveIndex(t, harness.PipWorks, torchWheel("2.11.0", "", "")).URL, pypi(t))
		assertContains(t, b.Stderr, "this torch is built without CUDA")
	})
	t.Run("a torch for another CUDA", func(t *testing.T) {
		t.Parallel()
		b := fail(t, serveIndex(t, harness.PipWorks, torchWheel("2.11.0", "12.6", "sm_80")).URL, pypi(t))
		assertContains(t, b.Stderr, "this torch is built for CUDA 12.6, the target has 12.8")
	})
	t.Run("credentials in an address", func(t *testing.T) {
		t.Parallel()
		b := fail(t, "http://user:secret-word@127.0.0.1:9/simple", pypi(t))
		assertContains(t, b.Stderr, "http://***@127.0.0.1:9/simple has credentials", "secret netrc")
	})
}

// TestPipIndexesOfBoards builds for Jetsons of each generation.
func TestPipIndexesOfBoards(t *testing.T) {
	t.Parallel()
	needsAMD64(t)
	t.Run("JetPack 6.2", func(t *testing.T) {
		t.Parallel()
		jetson, general := serveIndex(t, harness.PipWorks, append(torchFamily("2.8.0", "0.23.0", "2.8.0"), torchWheel("2.8.0", "12.6", "sm_87"))...), pypi(t)
		b := libraryProject(t, "standins-pytorch-arm64.yaml", nil).build(t, push(), asBoard(t), indexes(jetson.URL, general))
		for _, name := range []string{"torch", "torchvision", "torchaudio"} {
			assert.Equal(t, jetson.URL, b.from(t, name).Index, name)
		}
		assertNoTorch(t, general)
		assert.Contains(t, b.anyFile(t, "/etc/ld.so.conf.d/pytorch-libraries.conf"), "/nvidia/cu12/lib\n")
	})
	t.Run("JetPack 6.2, with kernels for another board", func(t *testing.T) {
		t.Parallel()
		jetson := serveIndex(t, harness.PipWorks, torchWheel("2.8.0", "12.6", "sm_72 sm_90"))
		b := libraryProject(t, "standins-pytorch-arm64.yaml", nil).fail(t, asBoard(t), indexes(jetson.URL, pypi(t)), arg("TORCH_APT="))
		assertContains(t, b.Stderr, "compute capability 8.7: no kernel", "this torch has no kernel for any of the target's GPUs")
	})
	t.Run("JetPack 7.0", func(t *testing.T) {
		t.Parallel()
		pytorch := serveIndex(t, harness.PipWorks, append(torchFamily("2.14.0", "0.29.0", ""), torchWheel("2.14.0", "13.0", "sm_80 sm_90 sm_100 sm_110 sm_120 compute_120"))...)
		jetson, general := serveIndex(t, harness.PipWorks, append(torchFamily("2.14.0", "0.29.0", "2.11.0"), torchWheel("2.9.1", "13.0", "sm_110"))...), pypi(t)
		b := libraryProject(t, "standins-pytorch-thor-arm64.yaml", nil).build(t, push(), asBoard(t), indexes(pytorch.URL+" "+jetson.URL+" general", general))
		for name, index := range map[string]string{"torch": pytorch.URL, "torchvision": pytorch.URL, "torchaudio": jetson.URL} {
			assert.Equal(t, index, b.from(t, name).Index, name)
		}
		assertNoTorch(t, general)
	})
	t.Run("JetPack 5.1.2", func(t *testing.T) {
		t.Parallel()
		wheel := torchWheel("2.1.0a0+41361538.nv23.6", "11.4", "sm_72 sm_87")
		files, general := serveIndex(t, harness.PipWorks, wheel), pypi(t)
		url := strings.TrimSuffix(files.URL, "/simple") + "/files/" + strings.ReplaceAll(wheel.Filename(), "+", "%2B")
		b := libraryProject(t, "standins-pytorch-xavier-arm64.yaml", nil).build(t, push(), asBoard(t), indexes("", general), arg("TORCH_URL="+url), arg("TORCH_APT="))
		assert.Equal(t, "2.1.0a0+41361538.nv23.6", b.from(t, "torch").Version)
		assertContains(t, b.Stderr, "there is no index with CUDA wheels for this target")
		assertNoTorch(t, general)
	})
}
