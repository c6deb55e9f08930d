package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSudo(t *testing.T) {
	containerd := map[string]string{"/run/containerd/containerd.sock": ""}
	for _, test := range []struct {
		name    string
		world   world
		args    string
		want    string // of the program
		why     string
		warning string
	}{
		{name: "root", world: world{machine: "orin"}, want: "docker"},
		{name: "in the group", world: world{machine: "orin", user: User{1000, "ada", []int{1000, 999}}}, want: "docker"},
		{name: "in the group since today", world: world{machine: "orin", user: User{1000, "ada", []int{1000}}}, want: "sudo docker", why: "log in again"},
		{name: "not in the group", world: world{machine: "orin", user: User{1001, "bob", []int{1001}}}, want: "sudo docker", why: "you are not in the group docker"},
		{name: "without sudo", world: world{machine: "orin", user: User{1001, "bob", nil}, programs: "none"}, want: "docker", warning: "there is no sudo"},
		{name: "another engine", world: world{machine: "orin", user: User{1001, "bob", nil}, engine: Engine{Address: "ssh://jetson"}}, want: "docker", warning: "the engine is on another machine (ssh://jetson)"},
		{name: "no socket", world: world{machine: "x86", user: User{1001, "bob", nil}}, want: "docker"},
		{name: "podman", world: world{machine: "x86", files: map[string]string{"/etc/cdi/n.yaml": cdiSpec}, user: User{1001, "bob", nil}}, args: "--engine podman", want: "podman"},
		{name: "nerdctl", world: world{machine: "x86", user: User{1001, "bob", nil}, files: containerd}, args: "--engine nerdctl", want: "sudo nerdctl", why: "no rootless one"},
		{name: "a token", world: world{machine: "orin", user: User{1001, "bob", nil}, env: map[string]string{"HUGGINGFACE_TOKEN": "secret"}}, args: "-e B -e A=1 -e C", want: "sudo --preserve-env=B,C,HUGGINGFACE_TOKEN docker", why: "not in the group"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.world.programs == "" {
				test.world.programs = "sudo"
			}
			facts := test.world.facts(t, test.args+" img")
			plan, err := Make(facts)
			require.NoError(t, err)
			assert.Equal(t, test.want, strings.Join(plan.Program, " "))
			assert.Contains(t, plan.Sudo, test.why)
			assert.Equal(t, test.why == "", plan.Sudo == "")
			assert.Contains(t, strings.Join(plan.Warnings, "\n"), test.warning)
			assert.Equal(t, test.warning == "", len(plan.Warnings) == 0, plan.Warnings)
			assert.NotContains(t, strings.Join(plan.Argv(), " "), "secret")
		})
	}
}

func TestDockerAddress(t *testing.T) {
	for _, test := range []struct{ host, context, config, want string }{
		{"", "", "", ""},
		{"unix:///var/run/docker.sock", "", "", ""},
		{"tcp://jetson:2376", "x", "", "tcp://jetson:2376"},
		{"", "jetson", `{"currentContext": "other"}`, "jetson"},
		{"", "default", `{"currentContext": "other"}`, ""},
		{"", "", `{"currentContext": "rootless"}`, "rootless"},
		{"", "", `{"currentContext": "default"}`, ""},
		{"", "", `{"currentContext": `, ""},
	} {
		env := map[string]string{"DOCKER_HOST": test.host, "DOCKER_CONTEXT": test.context}
		got := DockerAddress(func(name string) (string, bool) { return env[name], env[name] != "" }, []byte(test.config))
		assert.Equal(t, test.want, got, "%+v", test)
	}
}

func TestEngineRead(t *testing.T) {
	var e Engine
	e.Read([]byte(`{"ServerVersion":"28.2.2","Runtimes":{"runc":{},"nvidia":{}},"CDISpecDirs":["/etc/cdi"],"SecurityOptions":["name=seccomp","name=rootless"]}`))
	assert.Equal(t, Engine{Known: true, Runtimes: []string{"nvidia", "runc"}, CDI: true, CDIDirs: []string{"/etc/cdi"}, Rootless: true}, e)
	for _, info := range []string{"", "{}", "x", `{"ServerVersion":"","ServerErrors":["no daemon"]}`} {
		e = Engine{}
		e.Read([]byte(info))
		assert.False(t, e.Known, info)
	}
}

func TestData(t *testing.T) {
	dir := t.TempDir()
	checkout := filepath.Join(dir, "jetson-containers")
	for _, name := range []string{"data", "jetson_containers", "packages/llm"} {
		require.NoError(t, os.MkdirAll(filepath.Join(checkout, name), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(checkout, "run.sh"), nil, 0o600))
	command := filepath.Join(checkout, "jetson-containers")
	require.NoError(t, os.WriteFile(command, nil, 0o755))
	link := filepath.Join(dir, "linked")
	require.NoError(t, os.Symlink(command, link))

	for _, test := range []struct {
		name, workDir, command string
		env                    map[string]string
		want, err              string
	}{
		{name: "the user's", want: "/home/ada/.local/share/jetkit/data"},
		{name: "XDG", env: map[string]string{"XDG_DATA_HOME": "/xdg"}, want: "/xdg/jetkit/data"},
		{name: "JETKIT_DATA", env: map[string]string{"JETKIT_DATA": dir}, workDir: checkout, want: dir},
		{name: "relative", env: map[string]string{"JETKIT_DATA": "data"}, workDir: checkout, want: checkout + "/data"},
		{name: "missing", env: map[string]string{"JETKIT_DATA": "/no/such"}, err: "JETKIT_DATA names /no/such, which is no folder"},
		{name: "in a checkout", workDir: filepath.Join(checkout, "packages/llm"), want: checkout + "/data"},
		{name: "of a checkout on the PATH", command: link, want: checkout + "/data"},
	} {
		t.Run(test.name, func(t *testing.T) {
			facts := world{machine: "plain", env: test.env}.facts(t, "--without gpu img")
			if test.workDir != "" {
				facts.WorkDir = test.workDir
			}
			facts.LookPath = func(string) (string, error) { return test.command, nil }
			if test.command == "" {
				facts.LookPath = exec.LookPath
			}
			plan, err := Make(facts)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			found := false
			for _, option := range plan.Options {
				found = found || option.Value == "type=bind,source="+test.want+",target=/data"
			}
			assert.True(t, found, "%+v", plan.Options)
		})
	}
}

func TestOddPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `a,"b" c`)
	require.NoError(t, os.Mkdir(dir, 0o755))
	plan, _ := world{machine: "plain", env: map[string]string{"JETKIT_DATA": dir}}.options(t, "img")
	var values []string
	for _, option := range plan.Options {
		if option.Thing == "data" {
			values = append(values, option.Value)
		}
	}
	assert.Equal(t, []string{`type=bind,"source=` + strings.ReplaceAll(dir, `"`, `""`) + `",target=/data`}, values)
}

func TestRisks(t *testing.T) {
	for args, want := range map[string]string{
		"--privileged": "--privileged", "--cap-add=sys_admin": "--cap-add SYS_ADMIN", "--cap-add CAP_ALL": "--cap-add ALL",
		"--pid host": "--pid host", "--use-api-socket": "--use-api-socket", "-v /run/docker.sock:/var/run/docker.sock": "docker.sock",
	} {
		plan, _ := world{machine: "orin"}.options(t, args+" img")
		assert.Contains(t, strings.Join(plan.Warnings, "\n"), want, args)
	}
	plan, options := world{machine: "orin", env: map[string]string{"USE_OPTIONAL_PERMISSION_ARGS": "true"}}.options(t, "img")
	assert.Subset(t, options, []string{
		"--mount type=bind,source=/lib/modules,target=/lib/modules", "--device /dev/fuse:/dev/fuse",
		"--cap-add SYS_ADMIN", "--security-opt apparmor=unconfined",
	})
	assert.NotEmpty(t, plan.Options[len(plan.Options)-1].Risk)
	plan, _ = world{machine: "orin", env: map[string]string{"SCP_UPLOAD_KEY": "/no/such"}}.options(t, "img")
	assert.Contains(t, strings.Join(plan.Warnings, "\n"), "/no/such, which is no file")
}
