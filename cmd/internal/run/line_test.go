package run

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args  string
		image string
		flags []Given
		words string // those for the engine; the arguments before the image by default
	}{
		{args: "img", image: "img"},
		{args: "img -it --rm", image: "img"},
		{args: "-it img", image: "img", flags: []Given{{"interactive", "true"}, {"tty", "true"}}},
		{args: "-itd --name x img", image: "img", flags: []Given{{"interactive", "true"}, {"tty", "true"}, {"detach", "true"}, {"name", "x"}}},
		{args: "-v=/a:/b img", image: "img", flags: []Given{{"volume", "/a:/b"}}},
		{args: "-v/a:/b img", image: "img", flags: []Given{{"volume", "/a:/b"}}},
		{args: "-itv /a:/b img", image: "img", flags: []Given{{"interactive", "true"}, {"tty", "true"}, {"volume", "/a:/b"}}},
		{args: "-d=false img", image: "img", flags: []Given{{"detach", "false"}}},
		{args: "--rm=false img", image: "img", flags: []Given{{"rm", "false"}}},
		{args: "-h box img", image: "img", flags: []Given{{"hostname", "box"}}},
		{args: "--net none img", image: "img", flags: []Given{{"network", "none"}}},
		{args: "--entrypoint --help img", image: "img", flags: []Given{{"entrypoint", "--help"}}},
		{args: "--env=A=b=c img", image: "img", flags: []Given{{"env", "A=b=c"}}},
		{args: "--ulimit memlock=-1 img", image: "img", flags: []Given{{"ulimit", "memlock=-1"}}},
		{args: "--rm -- img", image: "img", flags: []Given{{"rm", "true"}}, words: "--rm"},
		{args: "--dry-run --rm --without x11 img", image: "img", flags: []Given{{"rm", "true"}}, words: "--rm"},
		{args: "--dry-run=false --with=docker.sock img", image: "img", words: ""},
		{args: "--brandnew=1 img", image: "img", flags: []Given{{"brandnew", "1"}}},
		{args: "--engine podman --pod p --rmi img", image: "img", flags: []Given{{"pod", "p"}, {"rmi", "true"}}, words: "--pod p --rmi"},
		{args: "- img", image: "-"},
	} {
		line, err := Parse(strings.Fields(test.args))
		require.NoError(t, err, test.args)
		assert.Equal(t, test.image, line.Image, test.args)
		assert.Equal(t, test.flags, line.Flags, test.args)
		if test.words == "" && !strings.HasPrefix(test.args, "--dry-run=false") {
			test.words = strings.TrimSpace(strings.SplitN(test.args, test.image, 2)[0])
		}
		assert.Equal(t, test.words, strings.Join(line.Words, " "), test.args)
	}
}

func TestParseOwn(t *testing.T) {
	line, err := Parse(strings.Fields("--engine=nerdctl --with a --with=b --without c,d --dry-run img cmd --dry-run=false"))
	require.NoError(t, err)
	assert.Equal(t, Own{Engine: Nerdctl, With: []string{"a", "b"}, Without: []string{"c", "d"}, DryRun: true}, line.Own)
	assert.Equal(t, []string{"cmd", "--dry-run=false"}, line.Command)
}

func TestParseErrors(t *testing.T) {
	for args, want := range map[string]string{
		"":                         "needs an image",
		"--rm":                     "needs an image",
		"--name":                   "--name needs a value",
		"-v":                       "-v needs a value",
		"-itv":                     "-v needs a value",
		"--engine":                 "--engine needs a value",
		"--neme x img":             "unknown flag --neme; did you mean --name?",
		"--neme=x img":             "unknown flag --neme; did you mean --name?",
		"--dryrun img":             "did you mean --dry-run?",
		"--brandnew 1 img":         "in the form --brandnew=VALUE",
		"-rm img":                  "unknown flag -r in -rm; did you mean --rm?",
		"--dry-run=maybe img":      "takes no value but true or false",
		"--engine dokcer img":      `there is no engine "dokcer"; did you mean docker?`,
		"--pod p img":              "docker has no flag --pod; it is one of podman",
		"--engine nerdctl --rmi i": "nerdctl has no flag --rmi; it is one of podman",
	} {
		_, err := Parse(strings.Fields(args))
		assert.ErrorContains(t, err, want, args)
	}
}

// optionLine is a line of docker run --help: "  -v, --volume list   Bind mount a volume".
var optionLine = regexp.MustCompile(`(?m)^  (?:-(\w), |    )--([\w-]+)(?: (\S+))?(?:  |$)`)

// TestEngineFlags compares the table with the docker client of this machine: each of its flags is there, with its letter
// and whether it takes a value.
func TestEngineFlags(t *testing.T) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("there is no docker on this machine")
	}
	cmd := exec.CommandContext(t.Context(), docker, "run", "--help")
	cmd.Env = append(cmd.Environ(), "COLUMNS=200")
	help, err := cmd.Output()
	require.NoError(t, err)
	p := parser{flags: engineFlags}
	options := optionLine.FindAllStringSubmatch(string(help), -1)
	require.Greater(t, len(options), 90, "options in docker run --help")
	for _, option := range options {
		letter, name, value := option[1], option[2], option[3]
		if name == "help" {
			continue
		}
		flag, found := p.find(name)
		if !assert.True(t, found, "--%s is missing", name) {
			continue
		}
		assert.True(t, flag.of(Docker), "--%s is a flag of docker", name)
		assert.Equal(t, value == "", flag.bool, "--%s takes a value", name)
		if letter == "" {
			assert.Zero(t, flag.short, "--%s has no letter", name)
		} else {
			assert.Equal(t, letter, string(flag.short), "the letter of --%s", name)
		}
	}
}

func TestEngineFlagsTable(t *testing.T) {
	names, letters := map[string]bool{}, map[byte]string{}
	var probe Own
	for _, flag := range engineFlags {
		assert.False(t, names[flag.name], "--%s is there twice", flag.name)
		names[flag.name] = true
		if flag.short != 0 {
			assert.Empty(t, letters[flag.short], "-%c", flag.short)
			letters[flag.short] = flag.name
		}
		isOwn, _ := probe.set(flag.name, "true")
		assert.False(t, isOwn, "--%s is jetkit's and an engine's", flag.name)
	}
	for _, flag := range engineFlags {
		assert.True(t, flag.alias == "" || names[flag.alias], "--%s is another name of --%s", flag.name, flag.alias)
	}
}

func TestComplete(t *testing.T) {
	for _, test := range []struct {
		args, begun string
		want        []string
	}{
		{"", "--with", []string{"--with", "--without"}},
		{"--rm", "--shm", []string{"--shm-size", "--shm-size-systemd"}},
		{"--engine", "p", []string{"podman"}},
		{"--without", "u", []string{"ulimits", "usb"}},
		{"--rm", "--without=x", []string{"--without=x11"}},
		{"--name", "x", nil},
		{"--rm img", "--with", nil},
		{"", "ubu", nil},
	} {
		assert.Equal(t, test.want, Complete(strings.Fields(test.args), test.begun), "%s %s", test.args, test.begun)
	}
}
