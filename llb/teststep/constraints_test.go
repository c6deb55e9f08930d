package teststep_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/llbtest"
	"jetkit/llb/llbtree"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// constrainedChain has a package with constraints, one that is built on it, and one that is
// not, where packages build on what they need.
func constrainedChain(layers plan.LayersForm) (*plan.Plan, []chain.Stage) {
	p := &plan.Plan{Layers: plan.Layers{Form: layers}, Steps: []plan.Step{
		{Name: "torch", Dockerfile: "Dockerfile", Constraints: []plan.Constraint{{Project: "torch", Specifier: "==2.8.0"}, {Project: "numpy", Specifier: "<2"}}},
		{Name: "cmake", Dockerfile: "Dockerfile"},
		{Name: "group", Needs: []string{"torch"}},
		{Name: "vision", Dockerfile: "Dockerfile", Needs: []string{"torch"}},
	}}
	st := llb.Image("docker.io/library/debian:12", llb.Platform(llbtest.Platform))
	var stages []chain.Stage
	for _, s := range p.Steps {
		image := *llbtest.Debian()
		image.Config.User = "robot"
		if s.Dockerfile != "" {
			st = st.Run(llb.Args([]string{"install", s.Name})).Root()
		}
		stages = append(stages, chain.Stage{Step: s, State: st, Image: &image})
	}
	return p, stages
}

// checkTree compiles the check of torch, and what reports more of it.
func checkTree(t *testing.T, layers plan.LayersForm) (check, report string) {
	t.Helper()
	p, stages := constrainedChain(layers)
	last := stages[len(stages)-1]
	checks, err := teststep.Checks(teststep.Config{Plan: p, Prefix: "linux/arm64"}, stages, chain.Base{State: last.State, Image: last.Image})
	require.NoError(t, err)
	require.Len(t, checks, 1)
	for _, st := range []llb.State{checks[0].Out, checks[0].Report} {
		def, err := st.Marshal(t.Context(), llb.Platform(llbtest.Platform))
		require.NoError(t, err)
		tree, err := llbtree.New(def)
		require.NoError(t, err)
		check, report = report, tree.String()
	}
	return check, report
}

func TestChecks(t *testing.T) {
	check, report := checkTree(t, "")
	llbtest.Golden(t, "check.txt", check)
	assert.NotContains(t, check, "/.jetkit-stages", "the check needs no stage but the package's own")
	assert.Equal(t, 2, strings.Count(report, "mount /.jetkit-stages/"), report)

	// cmake is not built on torch here, and cannot have replaced anything in a stage of torch's.
	_, report = checkTree(t, plan.LayersPackages)
	assert.Equal(t, 1, strings.Count(report, "mount /.jetkit-stages/"), report)
}

// distribution is a project as an installer leaves it.
type distribution struct {
	name, version string
	// record are the lines of its RECORD; none of that means that it has no such file.
	record []string
}

func install(t *testing.T, folder string, list ...distribution) {
	t.Helper()
	for _, d := range list {
		info := filepath.Join(folder, d.name+"-"+d.version+".dist-info")
		require.NoError(t, os.MkdirAll(info, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(info, "METADATA"), []byte("Metadata-Version: 2.1\nName: "+d.name+"\nVersion: "+d.version+"\n"), 0o600))
		if d.record != nil {
			require.NoError(t, os.WriteFile(filepath.Join(info, "RECORD"), []byte(strings.Join(d.record, "\n")+"\n"), 0o600))
		}
	}
}

func TestWhatACheckFinds(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs python3")
	}
	jk := func(version string, record ...string) []distribution {
		return []distribution{{name: "Jk.Torch", version: version, record: record}}
	}
	gpu, cpu := jk("2.8.0", "torch.so,sha256=gpu,1"), jk("2.8.0", "torch.so,sha256=cpu,1")
	for name, c := range map[string]struct {
		specifier             string // empty is ==2.8.0
		had, between, has     []distribution
		throughLink           bool
		check, whatIsReported string
	}{
		"kept": {had: gpu, between: gpu, has: gpu},
		"the same files again": {
			had:     jk("2.8.0", "torch.so,sha256=gpu,1", "__pycache__/t.cpython-311.pyc,,", "jk_torch-2.8.0.dist-info/INSTALLER,sha256=pip,4", "jk_torch-2.8.0.dist-info/REQUESTED,sha256=x,0"),
			between: gpu, has: jk("2.8.0", "torch.so,sha256=gpu,1", "jk_torch-2.8.0.dist-info/INSTALLER,sha256=uv,2", "jk_torch-2.8.0.dist-info/direct_url.json,sha256=y,9"),
		},
		"another version": {
			had: gpu, between: gpu, has: jk("2.9.0"),
			check:          "torch needs jk-torch==2.8.0, and the image has 2.9.0; one of the packages after it did that: between, last\n",
			whatIsReported: "torch needs jk-torch==2.8.0, and the image has 2.9.0; package last did that",
		},
		"another build": {
			had: gpu, between: cpu, has: cpu,
			check:          "jk-torch 2.8.0 is not the build that torch installed: 2.8.0 was, with other files; one of the packages after it did that: between, last\n",
			whatIsReported: "jk-torch 2.8.0 is not the build that torch installed: 2.8.0 was, with other files; package between did that",
		},
		"another build, by its version": {
			had: jk("2.8.0+cu126"), between: jk("2.8.0+cu126"), has: jk("2.8.0+cpu"),
			check:          "jk-torch 2.8.0+cpu is not the build that torch installed: 2.8.0+cu126 was, with other files; one of the packages after it did that: between, last\n",
			whatIsReported: "jk-torch 2.8.0+cpu is not the build that torch installed: 2.8.0+cu126 was, with other files; package last did that",
		},
		"another build, behind a link of the stage": {
			had: gpu, between: gpu, has: cpu, throughLink: true,
			check:          "jk-torch 2.8.0 is not the build that torch installed: 2.8.0 was, with other files; one of the packages after it did that: between, last\n",
			whatIsReported: "jk-torch 2.8.0 is not the build that torch installed: 2.8.0 was, with other files; package last did that",
		},
		"removed": {
			had: gpu, between: gpu,
			check:          "jk-torch 2.8.0 was installed by torch, and is not in the image; one of the packages after it did that: between, last\n",
			whatIsReported: "jk-torch 2.8.0 was installed by torch, and is not in the image; package last did that",
		},
		"never what it says": {
			had: jk("2.7.0"), between: jk("2.7.0"), has: jk("2.7.0"),
			check: "torch says jk-torch==2.8.0, and installs 2.7.0\n", whatIsReported: "torch says jk-torch==2.8.0, and installs 2.7.0",
		},
		"never there": {
			check: "torch says jk-torch==2.8.0, and does not install it\n", whatIsReported: "torch says jk-torch==2.8.0, and does not install it",
		},
		"not there, where only its version matters":     {specifier: "<3"},
		"a new version, of what its package has not":    {specifier: "<2.9", has: jk("2.8.1")},
		"another build, where only its version matters": {specifier: ">=2.8", had: gpu, between: gpu, has: cpu},
		"too new a version, of what its package has not": {
			specifier: "<2", has: jk("2.0.0"),
			check:          "torch needs jk-torch<2, and the image has 2.0.0; one of the packages after it did that: between, last\n",
			whatIsReported: "torch needs jk-torch<2, and the image has 2.0.0; package last did that",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for root, list := range map[string][]distribution{"": c.has, "stages/torch": c.had, "stages/between": c.between, "stages/last": c.has} {
				installBelow(t, dir, root, c.throughLink, list)
			}
			request := map[string]any{
				"package": "torch", "stage": filepath.Join(dir, "stages/torch"), "after": []string{"between", "last"}, "user": "nobody",
				"constraints": []map[string]string{{"project": "jk-other", "specifier": "<9"}, {"project": "jk-torch", "specifier": cmp.Or(c.specifier, "==2.8.0")}},
			}
			said, code := runCheck(t, python, dir, request)
			assert.Equal(t, c.check, said)
			assert.Equal(t, map[bool]int{true: 0, false: teststep.CheckBroken}[c.check == ""], code, said)

			request["stages"] = []map[string]string{{"package": "between", "folder": filepath.Join(dir, "stages/between")}, {"package": "last", "folder": filepath.Join(dir, "stages/last")}}
			report := filepath.Join(dir, teststep.FaultsFile)
			said, code = runCheck(t, python, dir, request, report)
			assert.Zero(t, code, said)
			dt, err := os.ReadFile(report)
			require.NoError(t, err)
			faults, want := []teststep.Fault{}, []teststep.Fault{}
			require.NoError(t, json.Unmarshal(dt, &faults))
			if c.whatIsReported != "" {
				want = append(want, teststep.Fault{Constraint: 1, Text: c.whatIsReported})
			}
			assert.Equal(t, want, faults)
		})
	}
}

// installBelow makes a root file system in a folder, in which Python finds projects where it
// does in the folder itself; behind a link, if that is asked for, which a stage has to its own files.
func installBelow(t *testing.T, dir, root string, throughLink bool, list []distribution) {
	t.Helper()
	below := func(path string) string {
		if root == "" {
			return path
		}
		return filepath.Join(dir, root) + path
	}
	folder := below(filepath.Join(dir, "dist-packages"))
	if throughLink {
		require.NoError(t, os.MkdirAll(filepath.Dir(folder), 0o755))
		require.NoError(t, os.Symlink(filepath.Join(dir, "real"), folder))
		folder = below(filepath.Join(dir, "real"))
	}
	require.NoError(t, os.MkdirAll(folder, 0o755))
	install(t, folder, list...)
}

// runCheck runs the program, and returns its errors and exit code.
func runCheck(t *testing.T, python, dir string, request map[string]any, more ...string) (string, int) {
	t.Helper()
	dt, err := json.Marshal(request)
	require.NoError(t, err)
	file := filepath.Join(dir, "request.json")
	require.NoError(t, os.WriteFile(file, dt, 0o600))
	cmd := exec.CommandContext(t.Context(), python, append([]string{"constraints/check.py", file}, more...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(dir, "dist-packages"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return stderr.String(), exit.ExitCode()
	}
	require.NoError(t, err)
	return stderr.String(), 0
}
