package resolve

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
)

// textsOf returns names as a specification holds them, each with a place of its own.
func textsOf(values ...string) []diag.Text {
	var texts []diag.Text
	for _, ref := range request(values...).Packages {
		texts = append(texts, ref.Text)
	}
	return texts
}

// TestBuildGPU checks which RUN steps get a GPU, and how.
func TestBuildGPU(t *testing.T) {
	for _, test := range []struct {
		name  string
		build pkgspec.Build
		want  string
	}{
		{"cdi", pkgspec.Build{GPU: plan.GPUCDI}, "kernels:2=cdi nvidia.com/gpu=all; lidar=cdi acme.org/lidar=0"},
		{"another device", pkgspec.Build{GPU: plan.GPUCDI, Device: "nvidia.com/gpu=1"}, "kernels:2=cdi nvidia.com/gpu=1; lidar=cdi nvidia.com/gpu=1"},
		{"runtime", pkgspec.Build{GPU: plan.GPURuntime}, "kernels:2=runtime ; lidar=runtime "},
		{"skip", pkgspec.Build{GPU: plan.GPUSkip}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := request("kernels", "camera", "lidar")
			spec.Build = test.build
			p, problems := Resolve(spec, scanned(t, libraryTree()), target, base)
			require.NotNil(t, p, printed(problems))
			var got []string
			for _, step := range p.Steps {
				if step.BuildGPU != "" || step.BuildDevice != "" {
					got = append(got, step.Name+"="+string(step.BuildGPU)+" "+step.BuildDevice)
				}
			}
			assert.Equal(t, test.want, strings.Join(got, "; "))
		})
	}
}

// TestPrivileged checks whose steps run without a sandbox, and the warnings for
// names that nothing goes by.
func TestPrivileged(t *testing.T) {
	for _, test := range []struct {
		name         string
		build, tests []diag.Text
		want         string
		warnings     string
	}{
		{name: "nobody"},
		{name: "all", build: textsOf("*"), tests: textsOf("*"), want: "build-essential:bt pip_cache:cu126:b cuda:12.6:bt kernels:2:bt"},
		{name: "a name without its tag", build: textsOf("kernels"), want: "kernels:2:b"},
		{name: "an alias and a pattern", build: textsOf("cuda"), tests: textsOf("kern*", "cuda:12.*"), want: "cuda:12.6:bt kernels:2:t"},
		{
			name: "names of nobody", build: textsOf("cuda:12.4", "kernel"), tests: textsOf("numpy"),
			warnings: `jetson.yaml:3:5: warning: build.privileged: no package of the chain goes by cuda:12.4 [unused-name]
    hint: did you mean cuda:12.6?
jetson.yaml:3:5: warning: tests.privileged: no package of the chain goes by numpy [unused-name]
jetson.yaml:4:5: warning: build.privileged: no package of the chain goes by kernel [unused-name]
    hint: did you mean kernels?
`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := request("kernels")
			spec.Build.Privileged, spec.Tests.Privileged = test.build, test.tests
			p, problems := Resolve(spec, scanned(t, libraryTree()), target, base)
			require.NotNil(t, p, printed(problems))
			var got []string
			for _, step := range p.Steps {
				marks := ""
				if step.BuildPrivileged {
					marks += "b"
				}
				if step.TestPrivileged {
					marks += "t"
				}
				if marks != "" {
					got = append(got, step.Name+":"+marks)
				}
			}
			assert.Equal(t, test.want, strings.Join(got, " "))
			assert.Equal(t, test.warnings, printed(without(problems, faultyFile)))
		})
	}
}

// TestSecretsOfTests checks whose tests get secrets and SSH agents, and that no two take one
// place.
func TestSecretsOfTests(t *testing.T) {
	secret := func(id, env string, packages ...string) pkgspec.TestSecret {
		return pkgspec.TestSecret{Secret: plan.Secret{ID: id, Env: env, At: diag.Range{File: "jetson.yaml", Start: diag.Position{Line: 9, Column: 7}}}, Packages: textsOf(packages...)}
	}
	spec := request("kernels")
	spec.Tests.Secrets = []pkgspec.TestSecret{secret("token", "TOKEN", "kern*"), secret("other", "TOKEN", "cuda"), secret("none", "X", "numpy")}
	spec.Tests.SSH = []pkgspec.TestSSH{{SSHAgent: plan.SSHAgent{ID: "default"}, Packages: textsOf("kernels")}}
	p, problems := Resolve(spec, scanned(t, libraryTree()), target, base)
	require.NotNil(t, p, printed(problems))
	var got []string
	for _, step := range p.Steps {
		for _, what := range step.TestsGet() {
			got = append(got, step.Name+": "+what)
		}
	}
	assert.Equal(t, []string{"cuda:12.6: secret other in TOKEN", "kernels:2: secret token in TOKEN", "kernels:2: SSH agent default"}, got)
	assert.Equal(t, "jetson.yaml:3:5: warning: tests.secrets: no package of the chain goes by numpy [unused-name]\n", printed(without(problems, faultyFile)))

	spec.Tests.Secrets = append(spec.Tests.Secrets, secret("second", "TOKEN", "kernels"))
	_, problems = Resolve(spec, scanned(t, libraryTree()), target, base)
	assert.Contains(t, printed(problems), `jetson.yaml:9:7: error: tests.secrets: the tests of kernels:2 get second in the place of token: TOKEN [conflicting-keys]
    hint: give one of them another env or target, or name other packages
`)
}

// TestGroupsRunNothing checks that a package without a Dockerfile, which has no
// RUN steps, asks for nothing.
func TestGroupsRunNothing(t *testing.T) {
	tree := pkgmeta.Tree{FS: fstest.MapFS{"g/config.yaml": {Data: []byte("group: x\nbuildkit_device: true\n")}}, Kind: plan.Builtin, Dir: "."}
	spec := request("g")
	spec.Build.Privileged, spec.Tests.Privileged = textsOf("g"), textsOf("g")
	p, problems := Resolve(spec, scanned(t, tree), target, base)
	require.NotNil(t, p, printed(problems))
	s := p.Steps[0]
	assert.Empty(t, s.BuildGPU, "%+v", s)
	assert.Empty(t, s.BuildDevice, "%+v", s)
	require.False(t, s.BuildPrivileged, "%+v", s)
	assert.False(t, s.TestPrivileged, "%+v", s)
}

// TestSharedSettings checks that what all steps share reaches the plan, and that
// a plan without any says nothing of it.
func TestSharedSettings(t *testing.T) {
	spec := request("numpy")
	resolve := func() (*plan.Plan, string) {
		p, problems := Resolve(spec, scanned(t, libraryTree()), target, base)
		require.NotNil(t, p, printed(problems))
		dt, err := p.Canonical()
		require.NoError(t, err)
		return p, string(dt)
	}
	_, canonical := resolve()
	assert.NotContains(t, canonical, `"build":`)
	assert.Contains(t, canonical, `"tests":{"gpu":"cdi","gpu_parallel":1,"parallel":2}`)
	spec.Build.Sandbox = plan.Sandbox{Network: plan.NetworkHost, ShmSize: 1 << 30}
	spec.Build.Caches = []plan.PackageCache{plan.CacheApt, plan.CachePip}
	spec.Tests.Sandbox = plan.Sandbox{Network: plan.NetworkNone, Ulimits: []plan.Ulimit{{Name: "core"}, {Name: "nofile", Soft: 1, Hard: -1}}}
	_, canonical = resolve()
	for _, want := range []string{
		`"build":{"caches":["apt","pip"],"network":"host","shm_size":1073741824}`,
		`"tests":{"gpu":"cdi","gpu_parallel":1,"network":"none","parallel":2,"ulimits":[{"hard":0,"name":"core","soft":0},{"hard":-1,"name":"nofile","soft":1}]}`,
	} {
		assert.Contains(t, canonical, want)
	}
}
