package teststep_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/chain"
	"jetkit/llb/gpu"
	"jetkit/llb/llbtest"
	"jetkit/llb/llbtree"
	"jetkit/llb/testinit"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// sealed is a finished graph, as text and as a tree.
type sealed struct {
	tree       *llbtree.Tree
	definition *llb.Definition
	manifest   *teststep.Manifest
	runs       []teststep.Run
}

// chainOf returns two stages, of packages numpy and cuda-demo, the latter with a GPU test.
func chainOf() (*plan.Plan, []chain.Stage) {
	p := &plan.Plan{
		Target: plan.Target{L4T: plan.Value{Value: "36.4.3"}, CUDA: plan.Value{Value: "12.6"}, Arch: plan.Value{Value: "tegra-aarch64"}},
		Base:   plan.Value{Value: "ubuntu:22.04"},
		Tests:  plan.Tests{GPU: plan.GPUCDI, Device: "nvidia.com/gpu=all"},
		Steps: []plan.Step{
			{Name: "numpy:1", Aliases: []string{"np"}, Origin: plan.Origin{Kind: plan.Builtin, Path: "numeric/numpy"}, Tests: []plan.Test{
				{Name: "test.py --fast", Args: []string{"test.py", "--fast"}, Intermediate: true, Final: true},
				{Name: "test.sh", Args: []string{"test.sh"}, Skipped: "tests.skip names numpy"},
			}},
			{Name: "cuda-demo", GPU: true, Origin: plan.Origin{Kind: plan.Context, Path: "cuda-demo"}, Tests: []plan.Test{
				{Name: "run_demo", Args: []string{"run_demo"}, Intermediate: true, Final: true},
			}},
		},
	}
	base := llb.Image("docker.io/library/debian:12", llb.Platform(llbtest.Platform))
	var stages []chain.Stage
	for _, s := range p.Steps {
		image := *llbtest.Debian()
		if s.GPU {
			image.Config.User = "robot"
		}
		base = base.Run(llb.Args([]string{"install", s.Name}), llb.WithCustomName("["+s.Name+" 1/1] RUN install")).Root()
		stages = append(stages, chain.Stage{Step: s, State: base, Image: &image, Folder: llb.Scratch().File(llb.Mkfile("/"+s.Tests[0].Args[0], 0o755, nil))})
	}
	return p, stages
}

func seal(t *testing.T, opts map[string]string, caps apicaps.CapSet, change func(*plan.Plan)) (*sealed, error) {
	t.Helper()
	p, stages := chainOf()
	if change != nil {
		change(p)
		for i := range stages {
			stages[i].Step = p.Steps[i]
		}
	}
	ui, err := dockerui.NewClient(&llbtest.Client{Opts: opts})
	require.NoError(t, err)
	finished := stages[len(stages)-1]
	runs, err := teststep.Steps(teststep.Config{
		Plan: p, Platform: llbtest.Platform, Project: "example.com/robot", Caps: caps,
		Flags: teststep.Flags{ExtraHosts: ui.ExtraHosts, CacheNamespace: ui.CacheIDNamespace},
	}, stages, finished)
	if err != nil {
		return nil, err
	}
	m, err := teststep.NewManifest(p, runs)
	require.NoError(t, err)
	st, err := teststep.Seal(finished, m, nil, nil, llb.WithCustomName("seal"))
	require.NoError(t, err)
	def, err := st.Marshal(t.Context(), llb.Platform(llbtest.Platform))
	require.NoError(t, err)
	tree, err := llbtree.New(def)
	require.NoError(t, err)
	return &sealed{tree: tree, definition: def, manifest: m, runs: runs}, nil
}

func allCaps() apicaps.CapSet { return pb.Caps.CapSet(pb.Caps.All()) }

func TestGoldenTree(t *testing.T) {
	s, err := seal(t, nil, allCaps(), nil)
	require.NoError(t, err)
	llbtest.Golden(t, "tests.txt", s.tree.String())
	dt, err := json.MarshalIndent(s.manifest, "", "  ")
	require.NoError(t, err)
	llbtest.Golden(t, "manifest.json", string(dt)+"\n")
}

// The seal's edge to a test is what makes a failing test fail the build.
func TestSealDependsOnEveryRun(t *testing.T) {
	s, err := seal(t, nil, allCaps(), nil)
	require.NoError(t, err)
	ancestors := llbtest.Ancestors(t, s.definition, "seal")
	for _, want := range []string{"[test numpy:1] test.py --fast", "[test numpy:1 on image] test.py --fast"} {
		assert.Contains(t, ancestors, want, "the image does not depend on %s; it depends on\n%s", want, strings.Join(ancestors, "\n"))
	}
	// The last package's own stage is the finished image: one operation, run once.
	last := 0
	for _, a := range ancestors {
		if strings.Contains(a, "run_demo") {
			last++
		}
	}
	assert.Equal(t, 1, last, "want run_demo once in the graph and 4 records")
	assert.Len(t, s.runs, 4, "want run_demo once in the graph and 4 records")
}

// What a test may take is part of it; how many run at once is not, and neither is a test's
// turn.
func TestLimitsAndTurns(t *testing.T) {
	with := func(parallel int) string {
		s, err := seal(t, nil, allCaps(), func(p *plan.Plan) {
			p.Tests.Parallel, p.Tests.GPUParallel = parallel, 1
			p.Steps[0].Tests[0].Timeout, p.Steps[0].Tests[0].Retries = 5400, 2
		})
		require.NoError(t, err)
		return s.tree.String()
	}
	one, four := with(1), with(4)
	assert.Equal(t, 2, strings.Count(one, `exec "/.jetkit-init" "--timeout=5400" "--retries=2" "python3" "/test/test.py" "--fast"`), one)
	assert.Equal(t, 2, strings.Count(one, "id jetkit-turn-test-1 locked"), one)
	assert.Equal(t, 1, strings.Count(four, "id jetkit-turn-test-2 locked"), four)
	assert.Equal(t, one, strings.ReplaceAll(four, "jetkit-turn-test-2", "jetkit-turn-test-1"))
	assert.Contains(t, one, "id jetkit-turn-gpu-test-1 locked")
}

// Nothing that a test leaves behind may be under the image: only the seal's copy
// of /out connects them.
func TestTestsAreSideBranches(t *testing.T) {
	s, err := seal(t, nil, allCaps(), nil)
	require.NoError(t, err)
	for _, a := range llbtest.Ancestors(t, s.definition, "[cuda-demo 1/1] RUN install") {
		assert.False(t, strings.HasPrefix(a, "[test "), "a package builds on the test %s", a)
	}
}

func TestGPUOnlyWhereItIsNeeded(t *testing.T) {
	for mode, want := range map[plan.GPUMode]map[string]int{
		plan.GPUCDI:     {"device nvidia.com/gpu=all optional=false": 1, "NVIDIA_VISIBLE_DEVICES": 0, "JETKIT_L4T=36.4.3": 1},
		plan.GPURuntime: {"optional=": 0, "NVIDIA_VISIBLE_DEVICES=all": 1, "NVIDIA_DRIVER_CAPABILITIES=all": 1},
	} {
		s, err := seal(t, nil, allCaps(), func(p *plan.Plan) { p.Tests.GPU = mode })
		require.NoError(t, err)
		for text, n := range want {
			got := strings.Count(s.tree.String(), text)
			assert.Equal(t, n, got, "gpu %s: %q appears %d times", mode, text, got)
		}
	}
}

func TestOldBuilderCannotDropTheDevice(t *testing.T) {
	var without []*apicaps.PBCap
	for _, c := range pb.Caps.All() {
		if c.ID != string(pb.CapExecMetaCDI) {
			without = append(without, c)
		}
	}
	_, err := seal(t, nil, pb.Caps.CapSet(without), nil)
	var missing *gpu.MissingCDIError
	require.ErrorAs(t, err, &missing, "want a MissingCDIError that names the package")
	assert.Contains(t, err.Error(), "package cuda-demo", "want a MissingCDIError that names the package")
}

func TestEpochRunsTestsAgain(t *testing.T) {
	digests := map[string]bool{}
	for _, epoch := range []string{"", "1", "2"} {
		s, err := seal(t, nil, allCaps(), func(p *plan.Plan) { p.Tests.Epoch = epoch })
		require.NoError(t, err)
		digests[string(s.tree.Digest())] = true
	}
	assert.Len(t, digests, 3, "%d different graphs for 3 epochs", len(digests))
}

// What tests may do is the plan's to say; what it doesn't know comes from the
// options of the build.
func TestWhatTestsMayDo(t *testing.T) {
	opts := map[string]string{"add-hosts": "nas=10.0.0.7", "force-network-mode": "none", "shm-size": "1"}
	s, err := seal(t, opts, allCaps(), func(p *plan.Plan) {
		p.Tests.Sandbox = plan.Sandbox{Network: plan.NetworkHost, ShmSize: 1 << 20, Ulimits: []plan.Ulimit{{Name: "nofile", Soft: 64, Hard: 128}}}
		p.Steps[0].TestPrivileged = true
	})
	require.NoError(t, err)
	got := s.tree.String()
	const tests = 3
	for text, want := range map[string]int{
		"network HOST": tests, "network NONE": 0, "size 1048576": tests, "ulimit nofile=64:128": tests, "host nas 10.0.0.7": tests,
		"security INSECURE": 2, // numpy's only, on its own stage and on the image
	} {
		n := strings.Count(got, text)
		assert.Equal(t, want, n, "%q appears %d times, want %d, in\n%s", text, n, want, got)
	}
}

// Only the tests of a package that jetson.yaml names get secrets and agents.
func TestSecretsAndAgents(t *testing.T) {
	s, err := seal(t, nil, allCaps(), func(p *plan.Plan) {
		p.Steps[0].TestSecrets = []plan.Secret{{ID: "token", Env: "TOKEN"}, {ID: "netrc", Target: "/root/.netrc", Optional: true}}
		p.Steps[0].TestSSH = []plan.SSHAgent{{ID: "default"}}
	})
	require.NoError(t, err)
	var given int
	for _, dt := range s.definition.Def {
		var op pb.Op
		require.NoError(t, op.Unmarshal(dt))
		exec := op.GetExec()
		if exec == nil || exec.Meta.Args[0] != testinit.Program {
			continue
		}
		var mounts []string
		for _, m := range exec.Mounts {
			switch m.MountType {
			case pb.MountType_SECRET:
				mounts = append(mounts, fmt.Sprintf("secret %s at %s %o optional=%v", m.SecretOpt.ID, m.Dest, m.SecretOpt.Mode, m.SecretOpt.Optional))
			case pb.MountType_SSH:
				mounts = append(mounts, fmt.Sprintf("agent %s at %s %o optional=%v", m.SSHOpt.ID, m.Dest, m.SSHOpt.Mode, m.SSHOpt.Optional))
			}
		}
		for _, e := range exec.Secretenv {
			mounts = append(mounts, fmt.Sprintf("secret %s in %s optional=%v", e.ID, e.Name, e.Optional))
		}
		if strings.Contains(strings.Join(exec.Meta.Args, " "), "run_demo") {
			assert.Empty(t, mounts)
			continue
		}
		given++
		assert.Equal(t, []string{
			"secret netrc at /root/.netrc 444 optional=true", "agent default at /run/buildkit/ssh_agent.0 666 optional=false", "secret token in TOKEN optional=false",
		}, mounts)
	}
	assert.Equal(t, 2, given, "on its own stage and on the image")
}

func TestLabelsTellTheManifest(t *testing.T) {
	s, err := seal(t, nil, allCaps(), nil)
	require.NoError(t, err)
	labels := s.manifest.Labels()
	for k, want := range map[string]string{
		"io.jetkit.packages": "numpy:1 cuda-demo", "io.jetkit.tests.passed": "4", "io.jetkit.tests.skipped": "1",
		"io.jetkit.built-for.l4t": "36.4.3", "io.jetkit.built-for.cuda": "12.6", "io.jetkit.plan": s.manifest.Plan,
	} {
		assert.Equal(t, want, labels[k], "label %s", k)
	}
	assert.True(t, strings.HasPrefix(s.manifest.Plan, "sha256:"), "plan digest %q", s.manifest.Plan)
}

// A test of one project must not leave files where another's looks for its models.
func TestDataBelongsToAProject(t *testing.T) {
	for name, c := range map[string]struct {
		data, namespace, want string
	}{
		"the project's own":    {"", "", "id jetkit-data:project:example.com/robot:l4t36.4.3:cuda12.6:tegra-aarch64 "},
		"shared by name":       {"models", "", "id jetkit-data:shared:models:l4t36.4.3:cuda12.6:tegra-aarch64 "},
		"another's own":        {"example.com/robot", "", "id jetkit-data:shared:example.com/robot:"},
		"in a cache namespace": {"", "ci", "id ci/jetkit-data:project:example.com/robot:"},
		"none":                 {plan.NoData, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			opts := map[string]string{"build-arg:BUILDKIT_CACHE_MOUNT_NS": c.namespace}
			s, err := seal(t, opts, allCaps(), func(p *plan.Plan) { p.Tests.Data = c.data })
			require.NoError(t, err)
			const tests = 3
			if c.want == "" {
				require.Equal(t, tests, strings.Count(s.tree.String(), "mount /data bind from"), s.tree)
				require.NotContains(t, s.tree.String(), "jetkit-data")
				return
			}
			require.Equal(t, tests, strings.Count(s.tree.String(), c.want), s.tree)
		})
	}
}

// As the first process of its container, a test would not die by a signal.
func TestEveryTestHasAFirstProcess(t *testing.T) {
	s, err := seal(t, nil, allCaps(), nil)
	require.NoError(t, err)
	for line := range strings.Lines(s.tree.String()) {
		if strings.Contains(line, "/test/") && strings.Contains(line, "exec ") {
			require.Contains(t, line, `exec "/.jetkit-init" "`)
		}
	}
	require.Equal(t, 3, strings.Count(s.tree.String(), "mount /.jetkit-init bind from #4 path /init readonly"), s.tree)
}
