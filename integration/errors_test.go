//go:build integration

package integration

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failure is a build that must fail.
type failure struct {
	tree files
	// attrs are build arguments and other frontend options.
	attrs map[string]string
	// says are parts of the message.
	says []string
	// at are the places that the error points at, "file:line".
	at []string
	// shows is the line that buildx marks with >>>.
	shows string
	// runs are the steps that may run before; none if the packages don't even resolve.
	runs []string
	// output is what the failing step wrote.
	output string
}

// one returns a tree of one package "a".
func one(header, body string) files {
	return files{"jetson.yaml": "packages: [a]\n", "packages/a/Dockerfile": dockerfile(header, body)}
}

// and adds files to a tree.
func (f files) and(more files) files {
	f = maps.Clone(f)
	maps.Copy(f, more)
	return f
}

var failures = map[string]failure{
	"a failing test": {
		tree: one("name: a\ngroup: pumps\ntest: [ok.sh, test.sh --full]", "RUN echo @ID@ > /a\n").and(files{
			"packages/a/ok.sh":   script("true"),
			"packages/a/test.sh": script("echo 'pump 3 leaks'\nexit 3"),
		}),
		says:   []string{`test "test.sh --full" of package a failed on its own stage with exit code 3 (declared at packages/a/Dockerfile:4:17)`},
		at:     []string{"packages/a/Dockerfile:4"},
		shows:  "# test: [ok.sh, test.sh --full]",
		runs:   []string{"[a 1/1] RUN echo @ID@ > /a", "[test a] ok.sh"},
		output: "pump 3 leaks",
	},
	"a file that an inherited ONBUILD copies": {
		tree: files{
			"jetson.yaml":                "packages: [first, second]\n",
			"packages/first/Dockerfile":  dockerfile("name: first", "RUN echo @ID@ > /first\nONBUILD COPY settings.yaml /settings\n"),
			"packages/second/Dockerfile": dockerfile("name: second\ndepends: first", "RUN echo second\n"),
		},
		says: []string{"package second failed in step 1/2 (packages/second/Dockerfile:6)", "settings.yaml", "COPY settings.yaml /settings is an ONBUILD instruction of package first"},
		at:   []string{"packages/second/Dockerfile:6"},
		runs: []string{"[first 1/1] RUN echo @ID@ > /first"},
	},
	"a folder onto a link of merged /usr": {
		tree: one("name: a", "RUN rm -rf /bin2 && ln -s usr/bin /bin2 && echo @ID@ > /a\nCOPY rootfs/ /\n").and(files{"packages/a/rootfs/bin2/tool": "x"}),
		says: []string{"package a failed in step 2/2 (packages/a/Dockerfile:7)", "/bin2 is a folder in what is copied", "COPY rootfs/bin2/ /bin2/"},
		at:   []string{"packages/a/Dockerfile:7"},
		runs: []string{"[a 1/2] RUN rm -rf /bin2 && ln -s usr/bin /bin2 && echo @ID@ > /a"},
	},
	"a failing RUN": {
		tree:   one("name: a", "RUN echo @ID@ > /a\nRUN echo compiling && \\\n    echo 'no such header' && \\\n    false\n"),
		says:   []string{"package a failed in step 2/2 (packages/a/Dockerfile:7)", "echo compiling", "exit code: 1"},
		at:     []string{"packages/a/Dockerfile:7"},
		shows:  "RUN echo compiling && \\",
		runs:   []string{"[a 1/2] RUN echo @ID@ > /a"},
		output: "no such header",
	},
	"a need that is not declared": {
		tree: files{
			"jetson.yaml":               "packages: [paper, knife, app]\nlayers: packages\n",
			"packages/paper/Dockerfile": dockerfile("name: paper", "RUN echo @ID@ > /paper\n"),
			"packages/knife/Dockerfile": dockerfile("name: knife", "RUN ln -s true /usr/bin/knife && echo @ID@ > /knife\n"),
			"packages/app/Dockerfile":   dockerfile("name: app", "RUN knife --of @ID@\n"),
		},
		says: []string{
			"package app failed in step 1/1 (packages/app/Dockerfile:6)", "exit code: 127",
			"\npackage app is built on what it needs. In a chain it would also have had: knife, paper\n",
			"  if it uses one of them, add that to the depends of app (packages/app/Dockerfile:2:9), or list app in layers.chain of jetson.yaml",
		},
		at:     []string{"packages/app/Dockerfile:6"},
		shows:  "RUN knife --of",
		runs:   []string{"[paper 1/1] RUN echo @ID@ > /paper", "[knife 1/1] RUN ln -s true /usr/bin/knife && echo @ID@ > /knife"},
		output: "knife: not found",
	},
	"a need of a test that is not declared": {
		tree: files{
			"jetson.yaml":               "packages: [paper, app]\nlayers: packages\n",
			"packages/paper/Dockerfile": dockerfile("name: paper", "RUN echo @ID@ > /paper\n"),
			"packages/app/Dockerfile":   dockerfile("name: app\ntest: test.sh", "RUN echo @ID@ > /app\n"),
			"packages/app/test.sh":      script("cat /paper"),
		},
		says: []string{`test "test.sh" of package app failed on its own stage with exit code 1`, "In a chain it would also have had: paper\n"},
		at:   []string{"packages/app/Dockerfile:3"},
		runs: []string{"[paper 1/1] RUN echo @ID@ > /paper", "[app 1/1] RUN echo @ID@ > /app", "[test app on image] test.sh"}, // the image has both
	},
	"a failing COPY": {
		tree:  one("name: a", "COPY missing.txt /a\n"),
		says:  []string{"package a", "missing.txt", "not found"},
		at:    []string{"packages/a/Dockerfile:6"},
		shows: "COPY missing.txt /a",
	},
	"an unknown instruction": {
		tree:  one("name: a", "RUN true\nCOPPY x /x\n"),
		says:  []string{"package a", "unknown instruction: COPPY (did you mean COPY?)"},
		at:    []string{"packages/a/Dockerfile:7"},
		shows: "COPPY x /x",
	},
	"a package that does not exist": {
		tree:  files{"jetson.yaml": "packages:\n  - lidar\n  - lidr-tools\n"}.and(files{"packages/lidar-tools/Dockerfile": dockerfile("name: lidar-tools", ""), "packages/lidar/Dockerfile": dockerfile("name: lidar", "RUN true\n")}),
		says:  []string{"there is no package lidr-tools [missing-package]", "did you mean lidar-tools?"},
		at:    []string{"jetson.yaml:5"},
		shows: "  - lidr-tools",
	},
	"a dependency that does not exist": {
		tree:  one("name: a\ndepends: [nmupy]", "RUN true\n"),
		says:  []string{"a needs nmupy, but there is no such package", "did you mean numpy?", "jetson.yaml:3:12: a is requested"},
		at:    []string{"packages/a/Dockerfile:3", "jetson.yaml:3"},
		shows: "# depends: [nmupy]",
	},
	"a cycle": {
		tree: one("name: a\ndepends: b", "RUN true\n").and(files{
			"packages/b/Dockerfile": dockerfile("name: b\ndepends: c", "RUN true\n"),
			"packages/c/Dockerfile": dockerfile("name: c\ndepends: a", "RUN true\n"),
		}),
		says:  []string{"in a circle: a -> b -> c -> a", "b needs c", "c needs a", "a is requested"},
		at:    []string{"packages/a/Dockerfile:3", "packages/b/Dockerfile:3", "packages/c/Dockerfile:3"},
		shows: "# depends: b",
	},
	"a mistyped key": {
		tree:  files{"jetson.yaml": "packages: [ninja]\nskipp: [x]\n"},
		says:  []string{`unknown key "skipp"`, "did you mean skip?"},
		at:    []string{"jetson.yaml:4"},
		shows: "skipp: [x]",
	},
	"an unknown L4T minor": {
		tree:  files{"jetson.yaml": "target: {l4t: 36.9.1}\npackages: [ninja]\n"},
		says:  []string{"36.9.1"},
		at:    []string{"jetson.yaml:2"},
		shows: "target: {l4t: 36.9.1}",
	},
	"two errors at once": {
		tree: files{"jetson.yaml": "packages: [a, nnumpy]\n"}.and(files{"packages/a/Dockerfile": dockerfile("name: a\ntest: tset.sh", "RUN true\n"), "packages/a/test.sh": script("true")}),
		says: []string{"2 problems", "no test script tset.sh", "did you mean test.sh?", "there is no package nnumpy", "did you mean numpy?"},
		at:   []string{"jetson.yaml:3", "packages/a/Dockerfile:3"},
	},
	"an unknown named context": {
		tree:  files{"jetson.yaml": "packages: [ninja]\nsources: [{context: extra}, builtin]\n"},
		says:  []string{`there is no named context "extra"`, "--build-context extra=DIR"},
		at:    []string{"jetson.yaml:4"},
		shows: "sources: [{context: extra}, builtin]",
	},
	"a folder that is not there": {
		tree:  files{"jetson.yaml": "packages: [./arm]\n"},
		says:  []string{"there is no folder arm in the build context"},
		at:    []string{"jetson.yaml:3"},
		shows: "packages: [./arm]",
	},
	"a base image that does not exist": {
		tree:  files{"jetson.yaml": "packages: [a]\nbase: @REGISTRY@/no/such:1\n", "packages/a/Dockerfile": dockerfile("name: a", "RUN true\n")},
		attrs: map[string]string{"build-arg:BASE_IMAGE": ""},
		says:  []string{"base image ", "/no/such:1", "jetson.yaml:4", "not found"},
		at:    []string{"jetson.yaml:4"},
		shows: "base: ",
	},
	"a test script that is a link out of the package": {
		tree: one("name: a\ntest: test.sh", "RUN true\n").and(files{
			"packages/a/test.sh": "-> ../../outside.sh",
			"outside.sh":         script("true"),
		}),
		says:  []string{"test.sh is a link to ../../outside.sh, outside the package's folder [path-outside]"},
		at:    []string{"packages/a/Dockerfile:3", "jetson.yaml:3"},
		shows: "# test: test.sh",
	},
	"a requirement that does not hold": {
		tree:  one("name: a\nrequires: '>=39'", "RUN true\n"),
		says:  []string{"39", "36.4.3", "a is requested"},
		at:    []string{"packages/a/Dockerfile:3", "jetson.yaml:3"},
		shows: "# requires: '>=39'",
	},
	"a wrong build argument": {
		tree:  one("name: a", "RUN true\n"),
		attrs: map[string]string{"build-arg:TEST_GPU": "nvidia"},
		says:  []string{`--build-arg TEST_GPU: unknown value "nvidia"`, "cdi, runtime or skip"},
	},
	"an unknown target": {
		tree:  one("name: a", "RUN true\n"),
		attrs: map[string]string{"target": "b"},
		says:  []string{"--target b: the chain has no such package", "did you mean a?"},
		at:    []string{"jetson.yaml:3"},
		shows: "packages: [a]",
	},
	"a download that does not exist": {
		tree:  one("name: a", "ADD http://127.0.0.1:1/nothing /x\n"),
		says:  []string{"package a failed in step 1/1 (packages/a/Dockerfile:6)", "connection refused"},
		at:    []string{"packages/a/Dockerfile:6"},
		shows: "ADD http://127.0.0.1:1/nothing /x",
	},
	"options for checks that there are not": {
		tree:  one("name: a", "RUN true\n").and(files{"packages/a/Dockerfile": "# check=eror=true\n" + dockerfile("name: a", "RUN true\n")}),
		says:  []string{`package a: reading its check options: invalid check option "eror"`},
		at:    []string{"packages/a/Dockerfile:1"},
		shows: "# check=eror=true",
	},
	"a warning of the file that is to be an error": {
		tree:  one("name: a", "RUN true\n").and(files{"jetson.yaml": "packages: [a]\nargs: {MODEL: big}\n"}),
		attrs: map[string]string{"build-arg:BUILDKIT_DOCKERFILE_CHECK": "error=true"},
		says:  []string{"args: no Dockerfile of the chain has an ARG MODEL, so it has no effect [unused-arg]"},
		at:    []string{"jetson.yaml:4"},
		shows: "args: {MODEL: big}",
	},
	"a finding that is to be an error": {
		tree:  one("name: a", "CMD x\n"),
		attrs: map[string]string{"build-arg:BUILDKIT_DOCKERFILE_CHECK": "error=true"},
		says:  []string{"package a: lint violation found for rules: JSONArgsRecommended"},
		at:    []string{"packages/a/Dockerfile:6"},
		shows: "CMD x",
	},
	"YAML that is none": {
		tree:  files{"jetson.yaml": "packages: [ninja\ntests: {run: all}\n"},
		says:  []string{"[yaml-syntax]"},
		at:    []string{"jetson.yaml:3"},
		shows: "packages: [ninja",
	},
	"a repository that nobody knows": {
		tree:  files{"jetson.yaml": "packages: [a]\nsources: [{git: jetson-container}]\n"},
		says:  []string{"no repository is known as jetson-container [unknown-repository]", "did you mean jetson-containers?"},
		at:    []string{"jetson.yaml:4"},
		shows: "sources: [{git: jetson-container}]",
	},
	"a repository that is not there": {
		tree:  files{"jetson.yaml": "packages: [a]\nsources: [{git: 'http://127.0.0.1:1/a.git#v1:p'}]\n"},
		says:  []string{"http://127.0.0.1:1/a.git#v1:p cannot be fetched: ", "[unreachable-source]"},
		at:    []string{"jetson.yaml:4"},
		shows: "sources: ",
	},
	"a lock for another platform": {
		tree: one("name: a", "RUN true\n").and(files{"jetson.lock": `{"version": 1}`}),
		says: []string{"the lock has no linux/", "[lock-differs]"},
	},
	"a lock of another jetkit": {
		tree:  one("name: a", "RUN true\n").and(files{"jetson.lock": `{"version": 2}`}),
		says:  []string{"the lock has the version 2, and this jetkit reads 1"},
		at:    []string{"jetson.lock:1"},
		shows: `{"version": 2}`,
	},
	"no lock where one is wanted": {
		tree:  one("name: a", "RUN true\n").and(files{"jetson.yaml": "packages: [a]\nlocked: true\n"}),
		says:  []string{"there is no jetson.lock [missing-lock]"},
		at:    []string{"jetson.yaml:4"},
		shows: "locked: true",
	},
	"a secret that nobody gives": {
		tree:  one("name: a", "RUN --mount=type=secret,id=token,required=true true\n"),
		says:  []string{"package a failed in step 1/1", "secret token: not found", "add --secret id=token,src=FILE"},
		at:    []string{"packages/a/Dockerfile:6"},
		shows: "RUN --mount=type=secret",
	},
	"a test that does not end": {
		tree: one("name: a\ntest: test.sh", "RUN echo @ID@ > /a\n").and(files{"jetson.yaml": "packages: [a]\ntests: {timeout: 1s}\n", "packages/a/test.sh": script("echo waiting\nsleep 60")}),
		says: []string{`test "test.sh" of package a did not end within 1s on its own stage`},
		at:   []string{"packages/a/Dockerfile:3"}, shows: "# test: test.sh",
		runs: []string{"[a 1/1] RUN echo @ID@ > /a"}, output: "waiting",
	},
	"a test that is killed": {
		tree: one("name: a\ntest: test.sh", "RUN echo @ID@ > /a\n").and(files{"packages/a/test.sh": script("kill -9 $$")}),
		says: []string{`test "test.sh" of package a failed on its own stage`},
		at:   []string{"packages/a/Dockerfile:3"}, shows: "# test: test.sh",
		runs: []string{"[a 1/1] RUN echo @ID@ > /a"},
	},
	"packages that change one file": {
		tree: files{
			"jetson.yaml":             "packages: [one, two]\nlayers: packages\n",
			"packages/one/Dockerfile": dockerfile("name: one", "RUN echo one @ID@ > /file\n"),
			"packages/two/Dockerfile": dockerfile("name: two", "RUN echo two @ID@ > /file\n"),
		},
		says: []string{"/file", "one", "two"},
		at:   []string{"jetson.yaml:3"},
		runs: []string{"[one 1/1] RUN echo one @ID@ > /file", "[two 1/1] RUN echo two @ID@ > /file"},
	},
	"a secret of a test that nobody gives": {
		tree: one("name: a\ntest: test.sh", "RUN echo @ID@ > /a\n").and(files{"jetson.yaml": "packages: [a]\ntests: {secrets: [{id: token, env: TOKEN, packages: [a]}]}\n", "packages/a/test.sh": script("true")}),
		says: []string{`test "test.sh" of package a failed`, "secret token: not found", "jetson.yaml:4:19 asks for it"},
		at:   []string{"packages/a/Dockerfile:3"}, shows: "# test: test.sh",
		runs: []string{"[a 1/1] RUN echo @ID@ > /a"},
	},
	"a version that there is not": {
		tree:  files{"jetson.yaml": "packages: ['ninja:9']\n"},
		says:  []string{"there is no package ninja:9 [missing-package]"},
		at:    []string{"jetson.yaml:3"},
		shows: "packages: ['ninja:9']",
	},
	"a package that is listed twice": {
		tree:  one("name: a", "RUN true\n").and(files{"jetson.yaml": "packages: [a, a]\n"}),
		says:  []string{"packages: \"a\" is listed twice [duplicate-package]"},
		at:    []string{"jetson.yaml:3"},
		shows: "packages: [a, a]",
	},
	"steps that may not be privileged": {
		tree: one("name: a", "RUN true\n").and(files{"jetson.yaml": "packages: [a]\nbuild: {privileged: [a]}\n"}),
		says: []string{"security.insecure is not allowed", "add --allow security.insecure to the command"},
		at:   []string{"packages/a/Dockerfile:2"},
	},
	"JSON that is none": {
		tree:  one("", "").and(files{"packages/a/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n", "packages/a/config.json": "{\"name\": \"a\",}\n"}),
		says:  []string{"[json-syntax]"},
		at:    []string{"packages/a/config.json:1", "jetson.yaml:3"},
		shows: `{"name": "a",}`,
	},
	"metadata of a wrong type": {
		tree:  one("name: a", "RUN true\n").and(files{"packages/a/config.yaml": "name: a\ndepends: {numpy: 2}\n", "packages/a/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"}),
		says:  []string{"[wrong-type]"},
		at:    []string{"packages/a/config.yaml:2", "jetson.yaml:3"},
		shows: "depends: {numpy: 2}",
	},
}

// excerpts matches the place above each piece of source that buildx prints.
var excerpts = regexp.MustCompile(`(?m)^(\S+:\d+)\n-{20}\n`)

func TestErrors(t *testing.T) {
	t.Parallel()
	texts := &errorTexts{texts: map[string]string{}}
	t.Cleanup(func() { texts.compare(t) })
	for _, name := range slices.Sorted(maps.Keys(failures)) {
		f := failures[name]
		t.Run("buildx, "+name, func(t *testing.T) {
			t.Parallel()
			p := f.project(t)
			var options []buildOption
			for key, value := range f.attrs {
				if option, ok := strings.CutPrefix(key, "build-arg:"); ok {
					options = append(options, arg(option+"="+value))
				} else {
					options = append(options, with("--"+key, value))
				}
			}
			b := p.fail(t, options...)
			assertContains(t, b.Stderr, f.says...)
			texts.add(name, p, b.Stderr)
			var got []string
			for _, m := range excerpts.FindAllStringSubmatch(b.Stderr, -1) {
				got = append(got, m[1])
			}
			assert.ElementsMatch(t, f.at, got, "excerpts of buildx")
			if f.shows != "" {
				assertContains(t, b.Stderr, ">>> "+f.shows)
			}
			f.checkSteps(t, p, b)
			assertContains(t, strings.Join(b.outputs(), "\n"), f.output)
		})
		t.Run("in process, "+name, func(t *testing.T) {
			t.Parallel()
			p := f.project(t)
			b, err := p.buildInProcess(t, inProcess{attrs: f.attrs})
			require.Error(t, err, "the build should fail")
			assertContains(t, err.Error(), f.says...)
			var got []string
			for _, s := range errdefs.Sources(err) {
				if len(s.GetRanges()) > 0 {
					got = append(got, fmt.Sprintf("%s:%d", s.GetInfo().GetFilename(), s.GetRanges()[0].GetStart().GetLine()))
				}
			}
			assert.ElementsMatch(t, f.at, got, "sources")
			f.checkSteps(t, p, b)
		})
	}
}

func (f failure) project(t *testing.T) *project {
	t.Helper()
	tree := maps.Clone(f.tree)
	tree["jetson.yaml"] = strings.ReplaceAll(tree["jetson.yaml"], "@REGISTRY@", shared.Registry)
	return newProject(t, tree)
}

// checkSteps checks that nothing ran that should not.
func (f failure) checkSteps(t *testing.T, p *project, b *built) {
	t.Helper()
	for _, name := range b.executed() {
		assert.Contains(t, f.runs, strings.ReplaceAll(name, p.id, "@ID@"), "the step %q ran", name)
	}
}

// outputs returns what all steps wrote.
func (b *built) outputs() []string {
	var lines []string
	for _, s := range b.steps {
		lines = append(lines, s.Output...)
	}
	return lines
}
