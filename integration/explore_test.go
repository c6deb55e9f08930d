//go:build integration

package integration

import (
	"strings"
	"testing"
)

func TestExplore(t *testing.T) {
	t.Parallel()
	two := one("name: a", "CMD one\nRUN true\n").and(files{"packages/b/Dockerfile": dockerfile("name: b", "CMD two\n"), "jetson.yaml": "packages: [a, b]\ntests: {skip: [zz]}\n"})
	for name, c := range map[string]struct {
		tree files
		args []string
	}{
		"warnings":         {two, nil},
		"warnings multi":   {two, []string{"--build-arg", "BUILDKIT_MULTI_PLATFORM=1"}},
		"check":            {two, []string{"--check"}},
		"check skip":       {two, []string{"--check", "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=JSONArgsRecommended"}},
		"check error":      {two, []string{"--check", "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=error=true"}},
		"build error":      {two, []string{"--build-arg", "BUILDKIT_DOCKERFILE_CHECK=error=true"}},
		"bad check option": {two, []string{"--build-arg", "BUILDKIT_DOCKERFILE_CHECK=eror=true"}},
		"bad check line":   {one("name: a", "RUN true\n").and(files{"packages/a/Dockerfile": "# check=eror=true\n" + dockerfile("name: a", "RUN true\n")}), nil},
		"add checksum":     {one("name: a", "RUN true\nADD --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 https://raw.githubusercontent.com/x /x\n"), nil},
		"add bad digest":   {one("name: a", "RUN true\nADD --checksum=sha256:12 https://x.invalid/x /x\n"), nil},
		"add missing":      {one("name: a", "RUN true\nADD http://@REGISTRY@/nothing /x\n"), nil},
		"add git":          {one("name: a", "RUN true\nADD http://@REGISTRY@/nothing.git /x\n"), nil},
		"copy from":        {one("name: a", "RUN true\nCOPY --from=@REGISTRY@/no/such:1 / /x\n"), nil},
		"from missing":     {files{"jetson.yaml": "packages: [a]\n", "packages/a/Dockerfile": "#---\n# name: a\n#---\nARG BASE_IMAGE\nFROM @REGISTRY@/no/such:2 AS x\nFROM ${BASE_IMAGE}\nCOPY --from=x /a /b\n"}, nil},
		"target":           {two, []string{"--target", "bb"}},
		"target near":      {one("name: detector", "RUN true\n").and(files{"jetson.yaml": "packages: [detector]\n"}), []string{"--target", "detectr"}},
		"secret missing":   {one("name: a", "RUN --mount=type=secret,id=x,required=true cat /run/secrets/x\n"), nil},
		"ssh missing":      {one("name: a", "RUN --mount=type=ssh,required=true true\n"), nil},
		"missing user":     {one("name: a", "USER nobodyhere\nRUN true\n"), nil},
		"bad workdir":      {one("name: a", "RUN touch /f\nWORKDIR /f/x\n"), nil},
		"outline":          {one("name: a", "# FOO what it is\nARG FOO=1\nARG CUDA_VERSION\nRUN --mount=type=secret,id=x --mount=type=ssh true\n"), []string{"--call", "outline"}},
		"hostile":          {one("name: a\ntest: \"test.sh \\e[31m\\nERROR: build succeeded\"", "RUN echo \x1b[31mx\u202e\n").and(files{"packages/a/test.sh": script("false"), "packages/x\nERROR: build succeeded\x1b[2K/Dockerfile": dockerfile("name: b\nbad: 1", "CMD x\u202e\x1b[31m\n"), "jetson.yaml": "packages: [a, b]\n"}), nil},
		"hostile check":    {one("name: a\ntest: \"test.sh \\e[31m\\nERROR: build succeeded\"", "RUN echo \x1b[31mx\u202e\n").and(files{"packages/a/test.sh": script("false"), "packages/x\nERROR: build succeeded\x1b[2K/Dockerfile": dockerfile("name: b\nbad: 1", "CMD x\u202e\x1b[31m\n"), "jetson.yaml": "packages: [a, b]\n"}), []string{"--check"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := failure{tree: c.tree}.project2(t).try(t, with(c.args...))
			t.Logf("EXIT %d\nOUT\n%s\nERR\n%s", b.ExitCode, b.Stdout, b.Stderr)
		})
	}
}

func (f failure) project2(t *testing.T) *project {
	tree := files{}
	for k, v := range f.tree {
		tree[k] = strings.ReplaceAll(v, "@REGISTRY@", shared.Registry)
	}
	return newProject(t, tree)
}
