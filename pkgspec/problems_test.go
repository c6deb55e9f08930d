package pkgspec

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// problem is a faulty file and what Load prints about it, each diagnostic after
// the text that it underlines.
type problem struct{ name, file, want string }

func checkProblems(t *testing.T, problems []problem) {
	t.Helper()
	for _, p := range problems {
		t.Run(p.name, func(t *testing.T) {
			spec, got := Load("jetson.yaml", []byte(p.file), nil)
			assert.Equal(t, p.want, "\n"+report(p.file, got))
			assert.Equal(t, got.HasErrors(), spec == nil)
			if problem, ok := schemaChecker(t)(p.file); ok && !readerOnly[p.name] {
				assert.Equal(t, got.HasErrors(), problem != nil, "the schema's verdict: %v", problem)
			}
		})
	}
}

// readerOnly are faults that a JSON schema cannot express, or that are none once a
// YAML parser has read the file.
var readerOnly = map[string]bool{
	"a size above the limit, which a number can hold": true, "unknown tag": true, "binary tag": true, "duplicate packages": true,
	"health checks that are none":     true,
	"settings of packages in a chain": true, // a build argument may say packages
	"NUL":                             true, "error in a second document": true, "several documents": true, "old line ends": true, "unicode line end": true,
}

// TestProblems covers files that are good YAML and no good jetson.yaml.
func TestProblems(t *testing.T) {
	checkProblems(t, []problem{
		{"unknown key", "pakages: [numpy]\n", `
«pakages» jetson.yaml:1:1: error: unknown key "pakages" [unknown-key]
    hint: did you mean packages?
`},
		{"unknown key without a near one", `packages: a
entry: 1
`, `
«entry» jetson.yaml:2:1: error: unknown key "entry" [unknown-key]
    hint: it can be version, target, facts, base, packages, sources, locked, skip, args, resources, layers, build, tests or image
`},
		{"unknown keys in sections", `packages: a
target: {jetpak: 6}
tests: {runs: all}
image: {command: x}
sources: [{url: x}]
`, `
«jetpak» jetson.yaml:2:10: error: unknown key "jetpak" in target [unknown-key]
    hint: did you mean jetpack?
«runs» jetson.yaml:3:9: error: unknown key "runs" in tests [unknown-key]
    hint: did you mean run?
«command» jetson.yaml:4:9: error: unknown key "command" in image [unknown-key]
    hint: did you mean cmd?
«url» jetson.yaml:5:12: error: unknown key "url" in sources [unknown-key]
    hint: it can be builtin, dir, context, git or image
`},
		{"a word of other tools for packages", "dependencies: [a]\n", `
«dependencies» jetson.yaml:1:1: error: unknown key "dependencies" [unknown-key]
    hint: did you mean packages?
`},
		{"a word of other tools in another case", "packages: a\nBuild-Args: {A: 1}\n", `
«Build-Args» jetson.yaml:2:1: error: unknown key "Build-Args" [unknown-key]
    hint: did you mean args?
`},
		{"keys of other sections", "packages: a\nl4t: 36.4.3\nentrypoint: x\nshm_size: 1g\npython_image: x\ntarget: {base: b, l4t: 36.4.3, privileged: a}\nimage: {test: none, cmnd: x}\n", `
«l4t» jetson.yaml:2:1: error: unknown key "l4t" [unknown-key]
    hint: it is a key of target
«entrypoint» jetson.yaml:3:1: error: unknown key "entrypoint" [unknown-key]
    hint: it is a key of image
«shm_size» jetson.yaml:4:1: error: unknown key "shm_size" [unknown-key]
    hint: it is a key of build or tests
«python_image» jetson.yaml:5:1: error: unknown key "python_image" [unknown-key]
    hint: it can be version, target, facts, base, packages, sources, locked, skip, args, resources, layers, build, tests or image
«base» jetson.yaml:6:10: error: unknown key "base" in target [unknown-key]
    hint: base is a key of the file itself: write it outside target
«privileged» jetson.yaml:6:32: error: unknown key "privileged" in target [unknown-key]
    hint: it is a key of build or tests
«test» jetson.yaml:7:9: error: unknown key "test" in image [unknown-key]
    hint: it can be from, base, entrypoint, cmd, shell, env, ports, volumes, stop_signal, healthcheck, annotations, oci_annotations, labels, workdir or user
«cmnd» jetson.yaml:7:21: error: unknown key "cmnd" in image [unknown-key]
    hint: did you mean cmd?
`},
		{"missing key", "base: a\n", `
«base» jetson.yaml:1:1: error: the key packages is missing [missing-key]
    hint: add the packages to build, for example: packages: [numpy]
`},
		{"missing key in an empty mapping", "{}\n", `
«{}» jetson.yaml:1:1: error: the key packages is missing [missing-key]
    hint: add the packages to build, for example: packages: [numpy]
`},
		{"unknown version", `version: 2
packages: a
`, `
«2» jetson.yaml:1:10: error: version 2 of jetson.yaml is not known: this jetkit reads version 1 [unknown-version]
    hint: write version: 1, or use a newer jetkit in the # syntax= line
`},
		{"the file is a list", "- a\n", `
«- a» jetson.yaml:1:1: error: the file must be a mapping of keys, not a list [wrong-type]
    hint: for example: packages: [numpy]
`},
		{"the file is a text", "numpy\n", `
«numpy» jetson.yaml:1:1: error: the file must be a mapping of keys, not a text [wrong-type]
    hint: for example: packages: [numpy]
`},
		{"no values", `packages:
target:
image: {env: {A: }}
skip:
-
- ~
`, `
«packages» jetson.yaml:1:1: error: packages has no value [missing-value]
    hint: give it a value, or leave it out
«target» jetson.yaml:2:1: error: target has no value [missing-value]
    hint: give it a value, or leave it out
«A» jetson.yaml:3:15: error: image.env.A has no value [missing-value]
    hint: give it a value, or leave it out
«-» jetson.yaml:5:1: error: an entry of skip has no value [missing-value]
    hint: give it a value, or leave it out
«~» jetson.yaml:6:3: error: an entry of skip has no value [missing-value]
    hint: give it a value, or leave it out
`},
		{"values of the wrong type", `packages: {a: {b: c}}
base: [a]
target: 6.2
skip: [true, [x]]
tests: [none]
image: {cmd: {a: b}, env: [A=1]}
args: {A: [1]}
`, `
«{a: {b: c}}» jetson.yaml:1:11: error: an entry of packages must be a text, not a mapping [wrong-type]
    hint: write a single value
«[a]» jetson.yaml:2:7: error: base must be a text, not a list [wrong-type]
    hint: write a single value
«6.2» jetson.yaml:3:9: error: target must be a mapping of keys, not a number [wrong-type]
    hint: write KEY: VALUE on lines of their own below it, indented
«true» jetson.yaml:4:8: error: an entry of skip must be a text, not true [wrong-type]
    hint: put it in quotes if it is meant
«[x]» jetson.yaml:4:14: error: an entry of skip must be a text, not a list [wrong-type]
    hint: write a single value
«[none]» jetson.yaml:5:8: error: tests must be a mapping of keys, not a list [wrong-type]
    hint: write KEY: VALUE on lines of their own below it, indented
«{a: b}» jetson.yaml:6:14: error: image.cmd must be a list of words, or a text for the shell, not a mapping [wrong-type]
    hint: write - VALUE on lines of their own, or [VALUE, VALUE]
«[A=1]» jetson.yaml:6:27: error: image.env must be a mapping of names to values, not a list [wrong-type]
    hint: write KEY: VALUE on lines of their own below it, indented
«[1]» jetson.yaml:7:11: error: args.A must be a text, not a list [wrong-type]
    hint: write a single value
`},
		{"a space in name:version", `packages:
- pytorch: 2.8
`, `
«pytorch: 2.8» jetson.yaml:2:3: error: an entry of packages must be a name, not a mapping [wrong-type]
    hint: a name and its version are one word: pytorch:2.8
`},
		{"a key inside a list", `packages:
- numpy
- tests: none
- a b: c
- ./numpy: x
`, `
«tests: none» jetson.yaml:3:3: error: an entry of packages must be a name, not a mapping [wrong-type]
    hint: tests is a key: write it on a line of its own, below the list and without the dash
«a b: c» jetson.yaml:4:3: error: an entry of packages must be a name, not a mapping [wrong-type]
    hint: a colon and a space make a mapping of it; put the entry in quotes if it is a text
«./numpy: x» jetson.yaml:5:3: error: an entry of packages must be a name, not a mapping [wrong-type]
    hint: a colon and a space make a mapping of it; put the entry in quotes if it is a text
`},
		{"comments in a list", `base: [b, # one ]
  c # two
]
packages: a
`, `
«[b, # one ]
  c # two
]» jetson.yaml:1:7: error: base must be a text, not a list [wrong-type]
    hint: write a single value
`},
		{"unknown tag", "packages: !name a\n", `
«a» jetson.yaml:1:17: error: the tag !name is not known [wrong-type]
    hint: leave the tag out
`},
		{"binary tag", `base: !!binary YQ==
packages: a
`, `
«YQ==» jetson.yaml:1:16: error: the tag !!binary is not known [wrong-type]
    hint: leave the tag out
`},
		{"names of packages", "packages: [a b, -x, \"a;b\", \"a\\nb\", é, torch==2.8, \"torch @ 2.8\", a:b:c, \"a[\", \"\"]\n", `
«a b» jetson.yaml:1:12: error: packages: "a b" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«-x» jetson.yaml:1:17: error: packages: "-x" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«"a;b"» jetson.yaml:1:21: error: packages: "a;b" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«"a\nb"» jetson.yaml:1:28: error: an entry of packages: the text "a\nb" holds a line break or another control character [bad-value]
    hint: write it in one line
«é» jetson.yaml:1:36: error: packages: "é" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«torch==2.8» jetson.yaml:1:40: error: packages: "torch==2.8" is not a package name [bad-value]
    hint: a version follows a colon: torch:2.8
«"torch @ 2.8"» jetson.yaml:1:52: error: packages: "torch @ 2.8" is not a package name [bad-value]
    hint: a version follows a colon: torch:2.8
«a:b:c» jetson.yaml:1:67: error: packages: "a:b:c" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«"a["» jetson.yaml:1:74: error: packages: "a[" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«""» jetson.yaml:1:80: error: an entry of packages: the text is empty [bad-value]
    hint: give it a value, or leave it out
`},
		{"duplicate packages", "packages: [numpy, ./a, numpy, ./b/../a/]\n", `
«numpy» jetson.yaml:1:24: error: packages: "numpy" is listed twice [duplicate-package]
    hint: list it once
    jetson.yaml:1:12: the first one is here
«./b/../a/» jetson.yaml:1:31: error: packages: "./b/../a/" is listed twice [duplicate-package]
    hint: list it once
    jetson.yaml:1:19: the first one is here
`},
		{"empty lists", `packages: []
sources: []
tests: {only: []}
image: {entrypoint: [], cmd: " "}
`, `
«[]» jetson.yaml:1:11: error: packages: the list is empty [bad-value]
    hint: name at least one package
«[]» jetson.yaml:2:10: error: sources: the list is empty [bad-value]
    hint: name at least one tree of packages, or leave the key out for the default
«[]» jetson.yaml:3:15: error: tests.only: the list is empty [bad-value]
    hint: write run: none to run no tests
«[]» jetson.yaml:4:21: error: image.entrypoint: the list is empty [bad-value]
    hint: leave it out to keep what the last package sets
«" "» jetson.yaml:4:30: error: image.cmd: the command is empty [bad-value]
    hint: leave it out to keep what the last package sets
`},
		{"folders", `packages: [../up, ./a/../../b, /abs, group/name, ./a b, ..]
sources: [{dir: ..}, {dir: /x}]
`, `
«../up» jetson.yaml:1:12: error: packages: the folder "../up" is outside of the build context [bad-value]
    hint: pass the other folder with --build-context NAME=FOLDER and list it in sources as {context: NAME}
«./a/../../b» jetson.yaml:1:19: error: packages: the folder "./a/../../b" is outside of the build context [bad-value]
    hint: pass the other folder with --build-context NAME=FOLDER and list it in sources as {context: NAME}
«/abs» jetson.yaml:1:32: error: packages: the folder "/abs" is absolute [bad-value]
    hint: write a path that is relative to the build context: ./my-package
«group/name» jetson.yaml:1:38: error: packages: "group/name" is not a package name [bad-value]
    hint: write ./group/name for a folder of the build context
«./a b» jetson.yaml:1:50: error: packages: "./a b" is not the path of a folder [bad-value]
    hint: use letters, digits and . _ + @ - in the names of folders
«..» jetson.yaml:1:57: error: packages: the folder ".." is outside of the build context [bad-value]
    hint: pass the other folder with --build-context NAME=FOLDER and list it in sources as {context: NAME}
«..» jetson.yaml:2:17: error: sources.dir: the folder ".." is outside of the build context [bad-value]
    hint: pass the other folder with --build-context NAME=FOLDER and list it in sources as {context: NAME}
«/x» jetson.yaml:2:28: error: sources.dir: the folder "/x" is absolute [bad-value]
    hint: write a path that is relative to the build context: ./my-package
`},
		{"images", `base: Ubuntu:22.04
packages: a
`, `
«Ubuntu:22.04» jetson.yaml:1:7: error: base: "Ubuntu:22.04" is not an image reference [bad-value]
    hint: write [registry/]name[:tag], in small letters, or the NAME of a --build-context NAME=...
`},
		{"sources", `packages: a
sources: [embedded, {builtin: false}, {}, {builtin: true, dir: x}, {context: 'https://a/b'}, {dir: x}, {dir: ./x}]
`, `
«embedded» jetson.yaml:2:11: error: sources: unknown source "embedded" [bad-value]
    hint: a folder is {dir: embedded}, a named context {context: embedded}
«false» jetson.yaml:2:31: error: sources.builtin must be true, not false [wrong-type]
    hint: leave the entry out if the built-in packages are not wanted
«{}» jetson.yaml:2:39: error: sources: the entry is empty [bad-value]
    hint: write builtin, {dir: FOLDER}, {context: NAME}, {git: URL} or {image: REFERENCE}
«{builtin: true, dir: x}» jetson.yaml:2:43: error: sources: builtin stands alone [bad-value]
    hint: make two entries of it
«'https://a/b'» jetson.yaml:2:78: error: sources.context: "https://a/b" is not the name of a build context [bad-value]
    hint: write the NAME, in small letters, and pass --build-context NAME=FOLDER or NAME=URL
«{dir: ./x}» jetson.yaml:2:104: error: sources: "x" is listed twice [duplicate-source]
    hint: list it once
    jetson.yaml:2:94: the first one is here
`},
		{"sources elsewhere", `packages: a
sources: [https://a/b, jetson-containers, {git: dusty-nv/a}, {git: 'https://me:secret@a/b'}, {image: Robots Inc}, {git: a, image: b}, {git: a, builtin: true}]
`, `
«https://a/b» jetson.yaml:2:11: error: sources: unknown source "https://a/b" [bad-value]
    hint: a repository is {git: "https://a/b"}
«jetson-containers» jetson.yaml:2:24: error: sources: unknown source "jetson-containers" [bad-value]
    hint: a repository is {git: jetson-containers}
«dusty-nv/a» jetson.yaml:2:49: error: sources.git: "dusty-nv/a" is neither a URL nor the name of a repository [bad-value]
    hint: write https://host/repository.git#REF:FOLDER, or the name of a repository that jetkit knows: jetson-containers
«'https://me:secret@a/b'» jetson.yaml:2:68: error: sources.git: the URL has a user or password in it, which plans and messages would show: give --secret id=GIT_AUTH_TOKEN.a instead [bad-value]
    hint: write https://host/repository.git#REF:FOLDER, or the name of a repository that jetkit knows: jetson-containers
«Robots Inc» jetson.yaml:2:102: error: sources.image: "Robots Inc" is not an image: invalid reference format: repository name (library/Robots Inc) must be lowercase [bad-value]
    hint: write a reference, as in ghcr.io/robots/packages:1.2
«{git: a, image: b}» jetson.yaml:2:115: error: sources: git and image are different sources [bad-value]
    hint: make an entry of each
«{git: a, builtin: true}» jetson.yaml:2:135: error: sources: builtin stands alone [bad-value]
    hint: make two entries of it
`},
		{"names of arguments", `packages: a
args: {A-B: 1, CUDA_VERSION: 12, http_proxy: x, SOURCE_DATE_EPOCH: 0, BUILDKIT_X: 1}
`, `
«A-B» jetson.yaml:2:8: error: args: "A-B" is not the name of a variable [bad-value]
    hint: use letters, digits and _, and begin with a letter
«CUDA_VERSION» jetson.yaml:2:16: error: args: CUDA_VERSION is an argument of jetkit's own [reserved-name]
    hint: set target.cuda instead
«http_proxy» jetson.yaml:2:34: error: args: http_proxy is an argument of BuildKit's own [reserved-name]
    hint: pass it with --build-arg http_proxy=...
«SOURCE_DATE_EPOCH» jetson.yaml:2:49: error: args: SOURCE_DATE_EPOCH is an argument of BuildKit's own [reserved-name]
    hint: pass it with --build-arg SOURCE_DATE_EPOCH=...
«BUILDKIT_X» jetson.yaml:2:71: error: args: BUILDKIT_X is an argument of BuildKit's own [reserved-name]
    hint: pass it with --build-arg BUILDKIT_X=...
`},
		{"secrets", `packages: a
args: {HF_TOKEN: x, api_key: y, TOKENIZERS: 1, COMPASS: 1}
`, `
«HF_TOKEN» jetson.yaml:2:8: warning: args: HF_TOKEN looks like a secret, and build arguments stay readable in the image [secret-arg]
    hint: pass it with --secret, and use it with RUN --mount=type=secret in the Dockerfile
«api_key» jetson.yaml:2:21: warning: args: api_key looks like a secret, and build arguments stay readable in the image [secret-arg]
    hint: pass it with --secret, and use it with RUN --mount=type=secret in the Dockerfile
`},
		{"tests", `packages: a
tests: {run: al, gpu: nvidia, device: gpu0, skip: [a/b], only: [./x], epoch: ""}
`, `
«al» jetson.yaml:2:14: error: tests.run: unknown value "al" [bad-value]
    hint: did you mean all?
«nvidia» jetson.yaml:2:23: error: tests.gpu: unknown value "nvidia" [bad-value]
    hint: it can be cdi, runtime or skip
«gpu0» jetson.yaml:2:39: error: tests.device: "gpu0" is not the name of a CDI device [bad-value]
    hint: write vendor.com/class=name, for example nvidia.com/gpu=all
«a/b» jetson.yaml:2:52: error: tests.skip: "a/b" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«only» jetson.yaml:2:58: error: tests.skip and tests.only exclude each other [conflicting-keys]
    hint: keep one of them
    jetson.yaml:2:45: skip is here
«./x» jetson.yaml:2:65: error: tests.only: "./x" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«""» jetson.yaml:2:78: error: tests.epoch: the text is empty [bad-value]
    hint: give it a value, or leave it out
`},
		{"a folder for tests", `packages: a
tests: {data: ../all}
`, `
«../all» jetson.yaml:2:15: error: tests.data: "../all" is not the name of a folder for tests [bad-value]
    hint: use letters, digits, and between them . _ / or -; or write none
`},
		{"tests in short", `packages: a
tests: false
`, `
«false» jetson.yaml:2:8: error: tests: unknown value "false" [bad-value]
    hint: it can be all, intermediate, final or none
`},
		{"a device that nothing uses", `packages: a
tests: {gpu: skip, device: nvidia.com/gpu=0}
`, `
«device» jetson.yaml:2:20: warning: tests.device has no effect with gpu: skip [no-effect]
    hint: leave it out, or write gpu: cdi
`},
		{"crlf", "packages: [a]\r\nbase: B\r\ntests: x\r\n", `
«B» jetson.yaml:2:7: error: base: "B" is not an image reference [bad-value]
    hint: write [registry/]name[:tag], in small letters, or the NAME of a --build-context NAME=...
«x» jetson.yaml:3:8: error: tests: unknown value "x" [bad-value]
    hint: it can be all, intermediate, final or none
`},
		{"characters before the fault", "packages: [\"é日\", x y]\n", `
«"é日"» jetson.yaml:1:12: error: packages: "é日" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«x y» jetson.yaml:1:21: error: packages: "x y" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
`},
		{"several lines", `packages: a
base: "b
  c"
skip: >
  d
`, `
«"b
  c"» jetson.yaml:2:7: error: base: "b c" is not an image reference [bad-value]
    hint: write [registry/]name[:tag], in small letters, or the NAME of a --build-context NAME=...
«>» jetson.yaml:4:7: error: an entry of skip: the text "d\n" holds a line break or another control character [bad-value]
    hint: write it in one line
`},
		{"all at once", `version: 9
packages: [a b, c d]
base: X
tests: {run: x}
`, `
«9» jetson.yaml:1:10: error: version 9 of jetson.yaml is not known: this jetkit reads version 1 [unknown-version]
    hint: write version: 1, or use a newer jetkit in the # syntax= line
«a b» jetson.yaml:2:12: error: packages: "a b" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«c d» jetson.yaml:2:17: error: packages: "c d" is not a package name [bad-value]
    hint: a name is made of letters, digits and . _ + -; a version or variant follows a colon (pytorch:2.8); *, ? and [ ] match several names
«X» jetson.yaml:3:7: error: base: "X" is not an image reference [bad-value]
    hint: write [registry/]name[:tag], in small letters, or the NAME of a --build-context NAME=...
«x» jetson.yaml:4:14: error: tests.run: unknown value "x" [bad-value]
    hint: it can be all, intermediate, final or none
`},
	})
}
