package pkgspec

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecretsOfTests(t *testing.T) {
	spec, problems := Load("jetson.yaml", []byte(`packages: [a]
tests:
  secrets:
    - {id: token, env: HF_TOKEN, packages: [llama, "trans*"]}
    - {id: netrc, target: /root//.netrc, required: false, packages: b}
    - {id: both, env: X, target: /x, packages: b}
    - {id: plain, packages: b}
  ssh: {packages: robot}
`), nil)
	require.Empty(t, problems)
	var texts []string
	for _, s := range spec.Tests.Secrets {
		texts = append(texts, s.String()+" for "+namesText(s.Packages))
	}
	for _, s := range spec.Tests.SSH {
		texts = append(texts, s.String()+" for "+namesText(s.Packages))
	}
	assert.Equal(t, []string{
		"secret token in HF_TOKEN for llama, trans*", "secret netrc in /root/.netrc, if it is given for b",
		"secret both in X and /x for b", "secret plain in /run/secrets/plain for b", "SSH agent default for robot",
	}, texts)
}

func TestProblemsOfSecrets(t *testing.T) {
	checkProblems(t, []problem{
		{"secrets that say too little", `packages: a
tests:
  secrets:
    - {env: A, packages: a}
    - {id: a}
    - a
    - {id: b, packages: []}
  ssh: [default]
`, `
«{env: A, packages: a}» jetson.yaml:4:7: error: tests.secrets: an entry has no id [missing-key]
    hint: add id: NAME, as in --secret id=NAME
«{id: a}» jetson.yaml:5:7: error: tests.secrets: an entry names no packages whose tests get it [missing-key]
    hint: add packages: [NAME]; only the tests of those that are named get it
«a» jetson.yaml:6:7: error: an entry of tests.secrets must be a mapping, not a text [wrong-type]
    hint: write {id: a, packages: [NAME]}
«[]» jetson.yaml:7:25: error: tests.secrets.packages: the list is empty [bad-value]
    hint: name the packages whose tests get it
«default» jetson.yaml:8:9: error: an entry of tests.ssh must be a mapping, not a text [wrong-type]
    hint: write {id: default, packages: [NAME]}
`},
		{"secrets that say something else", `packages: a
tests:
  secrets:
    - {id: "a,b", env: A-B, target: x, required: 2, packages: a, value: hush}
    - {id: a, target: /, packages: a}
    - {id: a, target: /x/, packages: a}
`, `
«"a,b"» jetson.yaml:4:12: error: tests.secrets.id: "a,b" is not the name of a secret or an SSH agent [bad-value]
    hint: write the NAME that --secret id=NAME or --ssh NAME gives it: letters, digits, and . _ -
«A-B» jetson.yaml:4:24: error: tests.secrets.env: "A-B" is not the name of a variable [bad-value]
    hint: use letters, digits and _, and begin with a letter
«x» jetson.yaml:4:37: error: tests.secrets.target: "x" is not the path of a file in the container [bad-value]
    hint: write the path of a file, from /
«2» jetson.yaml:4:50: error: tests.secrets.required must be true or false, not a number [wrong-type]
    hint: leave it out if the tests need it
«value» jetson.yaml:4:66: error: unknown key "value" in tests.secrets [unknown-key]
    hint: it can be id, required, packages, env or target
«/» jetson.yaml:5:23: error: tests.secrets.target: "/" is not the path of a file in the container [bad-value]
    hint: write the path of a file, from /
«/x/» jetson.yaml:6:23: error: tests.secrets.target: "/x/" is not the path of a file in the container [bad-value]
    hint: write the path of a file, from /
`},
	})
}
