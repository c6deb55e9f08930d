//go:build integration

package integration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var hostileTrees = map[string]hostileTree{
	// Links
	"a Dockerfile that is a link out":         hostileTree{tree: files{"packages/a/Dockerfile": "-> " + outside + "Dockerfile"}}.says("[path-outside]"),
	"an absolute link as Dockerfile":          hostileTree{tree: files{"packages/a/Dockerfile": "-> /etc/passwd"}}.says("[path-outside]"),
	"a link over a link":                      hostileTree{tree: files{"packages/a/Dockerfile": "-> one", "packages/a/one": "-> " + outside + "Dockerfile"}}.says("[path-outside]"),
	"a Dockerfile that is a link to itself":   hostileTree{tree: files{"packages/a/Dockerfile": "-> Dockerfile"}}.says("[unreadable]"),
	"a configuration that is a link out":      hostileTree{tree: files{"packages/a/Dockerfile": plainPackage, "packages/a/config.yaml": "-> " + outside + "config.yaml"}}.says("[unreadable]"),
	"a JSON configuration that is a link out": hostileTree{tree: files{"packages/a/Dockerfile": plainPackage, "packages/a/config.json": "-> " + outside + "config.json"}}.says("[unreadable]"),
	"a package that is a link out":            hostileTree{tree: files{"packages/a": "-> ../../outside/pkg"}}.says("there is no package a"),
	"packages that are a link out":            hostileTree{tree: files{"packages": "-> ../outside"}}.says("there is no package a"),
	"a folder of the request that is a link":  hostileTree{tree: files{"jetson.yaml": "packages: [./a]\n", "a": "-> ../outside/pkg"}}.says("there is no folder a"),
	"a source that is a link out":             hostileTree{tree: files{"jetson.yaml": "packages: [a]\nsources: [{dir: tree}]\n", "tree": "-> ../outside"}}.says("there is no folder tree"),
	"a test that is a link out":               configured("name: a\ntest: test.sh\n", files{"packages/a/test.sh": "-> " + outside + "test.sh"}).says("[path-outside]"),
	"a test that is an absolute link":         configured("name: a\ntest: test.sh\n", files{"packages/a/test.sh": "-> /etc/passwd"}).says("[path-outside]"),
	"an ignore file that is a link out":       body("COPY . /all\n").with(files{"packages/a/.dockerignore": "-> " + outside + "ignore"}),
	"a file to copy that is a link out":       body("COPY link /copied\n").with(files{"packages/a/link": "-> " + outside + "secret"}).fails("not found"),
	"a file to copy that is an absolute link": body("COPY link /copied\n").with(files{"packages/a/link": "-> /etc/hostname-of-nobody"}).fails("not found"),
	"a folder with links to copy":             body("COPY dir /copied/\n").with(files{"packages/a/dir/link": "-> ../" + outside + "secret", "packages/a/dir/abs": "-> /etc/shadow"}),
	"a folder that is a link to copy from":    body("COPY link/secret /copied\n").with(files{"packages/a/link": "-> " + outside}).fails("not found"),
	"a link that is added":                    body("ADD link /added\n").with(files{"packages/a/link": "-> " + outside + "secret"}).fails("not found"),
	"a link into another package":             body("COPY link /copied\n").with(files{"packages/a/link": "-> ../b/private", "packages/b/private": "theirs\n", "packages/b/Dockerfile": plainPackage}).fails("not found"),

	// Paths
	"a Dockerfile outside":              configured("name: a\ndockerfile: "+outside+"Dockerfile\n", nil).says("[path-outside]"),
	"an absolute Dockerfile":            configured("name: a\ndockerfile: /etc/passwd\n", nil).says("[path-outside]"),
	"a Dockerfile above":                configured("name: a\ndockerfile: ../b/Dockerfile\n", files{"packages/b/Dockerfile": plainPackage}).says("[path-outside]"),
	"a test outside":                    configured("name: a\ntest: "+outside+"test.sh\n", nil).says("[path-outside]"),
	"a test with a way out in it":       configured("name: a\ntest: sub/../../../../outside/test.sh\n", nil).says("[path-outside]"),
	"an absolute test":                  configured("name: a\ntest: /bin/sh\n", nil).says("[path-outside]"),
	"a folder of the request above":     hostileTree{tree: files{"jetson.yaml": "packages: [./../outside/pkg]\n"}}.says("is outside of the build context"),
	"an absolute folder of the request": hostileTree{tree: files{"jetson.yaml": "packages: [/etc]\n"}}.says("is absolute"),
	"a source above":                    hostileTree{tree: files{"jetson.yaml": "packages: [a]\nsources: [{dir: ../outside}]\n"}}.says("is outside of the build context"),
	"a repository on the machine":       hostileTree{tree: files{"jetson.yaml": "packages: [a]\nsources: [{git: 'file:///etc'}]\n"}}.says("not by file"),
	"a repository that is an option":    hostileTree{tree: files{"jetson.yaml": "packages: [a]\nsources: [{git: '--upload-pack=id'}]\n"}}.says("neither a URL nor the name"),
	"a ref that is an option":           hostileTree{tree: files{"jetson.yaml": "packages: [a]\nsources: [{git: 'https://127.0.0.1:1/a#--upload-pack=id'}]\n"}}.says("is not the name of a branch"),
	"a repository by a program":         hostileTree{tree: files{"jetson.yaml": "packages: [a]\nsources: [{git: 'ext::sh -c id'}]\n"}}.says("[bad-value]"),
	"a lock with a way out":             body("RUN true\n").with(files{"jetson.lock": `{"version": 1, "pins": {"git": {"x": "../../outside"}}}`}).says("is neither a commit nor a digest"),

	// Names and values
	"a name with a path":                 configured("name: ../../outside\n", nil).says("[bad-name]").fails("there is no package a"),
	"a name with a shell's words":        configured("name: '$(touch pwned)'\n", nil).says("[bad-name]").fails("there is no package a"),
	"a name with a line break":           configured("name: \"a\\nRUN id\"\n", nil).says("[bad-name]").fails("there is no package a"),
	"a name with an escape sequence":     configured("name: \"a\\e]52;c;b3duZWQ=\\a\"\n", nil).says("[bad-name]").fails("there is no package a"),
	"a name that is an option":           configured("name: --privileged\n", nil).says("there is no package a"),
	"a name that nobody can write":       configured("name: \"\\u202Ea\"\n", nil).says("there is no package a"),
	"a name of 10,000 letters":           configured("name: "+strings.Repeat("a", 10_000)+"\n", nil).says("there is no package a"),
	"an alias with a path":               configured("name: a\nalias: ../../b\n", nil).says("[bad-name]"),
	"a dependency with a path":           configured("name: a\ndepends: ../../outside/pkg\n", nil).says("[bad-name]"),
	"a test with a shell's words":        configured("name: a\ntest: 'test.sh; cat /etc/passwd'\n", files{"packages/a/test.sh": script("true")}).says("[missing-file]"),
	"a test that is a substitution":      configured("name: a\ntest: $(id)\n", nil).says("[missing-file]"),
	"a build argument with a line break": configured("name: a\nbuild_args: {X: \"1\\nRUN id\"}\n", files{"packages/a/Dockerfile": plainPackage + "ARG X\nRUN echo \"$X\" > /x\n"}),
	"a build argument with quotes":       configured("name: a\nbuild_args: {X: '\"; touch /pwned; \"'}\n", files{"packages/a/Dockerfile": plainPackage + "ARG X\nRUN echo \"$X\" > /x; test ! -e /pwned\n"}),
	"a name of a build argument":         configured("name: a\nbuild_args: {'X;id': 1}\n", nil).says("[bad-name]"),
	"a billion laughs":                   configured("a: &a [x, y]\nb: &b ["+strings.Repeat("*a,", 9)+"]\nc: &c ["+strings.Repeat("*b,", 9)+"]\nd: &d ["+strings.Repeat("*c,", 9)+"]\ne: &e ["+strings.Repeat("*d,", 9)+"]\nname: a\ndepends: ["+strings.Repeat("*e,", 9)+"]\n", nil).says("[unknown-key]"),
	"an alias of itself":                 configured("name: a\ndepends: &a [*a]\n", nil).says("[alias-cycle]"),
	"lists in lists":                     configured("name: a\ndepends: "+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+"\n", nil).says("[too-deep]"),
	"a type of Python's":                 configured("name: !!python/object/apply:os.system [id]\n", nil).says("[wrong-type]"),
	"bytes that are no text":             configured("name: a\xff\xfe\n", nil).says("[bad-character]"),
	"zeros":                              configured("name: a\x00\n", nil).says("[bad-character]"),
	"a large number":                     configured("name: a\ntest_timeout: 99999999999999999999s\n", nil).says("[bad-value]"),

	// Dockerfiles
	"a copy from above":                body("COPY ../../../outside/secret /copied\n").fails("not found"),
	"a copy of the machine's file":     body("COPY /etc/passwd /copied\n").fails("not found"),
	"an addition from above":           body("ADD ../../../outside/secret /added\n").fails("not found"),
	"a mount from above":               body("RUN --mount=type=bind,source=../../../outside,target=/o cat /o/secret\n").fails("not found"),
	"a mount of the machine's folder":  body("RUN --mount=type=bind,source=/etc,target=/o cat /o/shadow\n").fails("not found"),
	"a cache mount with a path":        body("RUN --mount=type=cache,id=../../../outside,target=/c ls /c > /listed\n"),
	"a step that wants privileges":     body("RUN --security=insecure id\n").fails("security.insecure is not allowed"),
	"a step that wants the network":    body("RUN --network=host id\n").fails("network.host is not allowed"),
	"a frontend of its own":            {tree: files{"packages/a/Dockerfile": "# syntax=127.0.0.1:1/evil\n" + plainPackage}, build: "ignored-syntax"},
	"a copy from the client's folders": body("COPY --from=context . /copied\n").fails("context"),
	"an escape sequence in a step":     body("RUN printf '\\033]52;c;b3duZWQ=\\a' > /x\nRUN : \x1b]52;c;b3duZWQ=\a\n"),
}

// TestHostileTrees plans and builds each tree.
func TestHostileTrees(t *testing.T) {
	t.Parallel()
	assert.GreaterOrEqual(t, len(hostileTrees), 60)
	for name, h := range hostileTrees {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h.attack(t)
		})
	}
}
