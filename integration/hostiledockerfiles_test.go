//go:build integration

package integration

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var hostileDockerfiles = map[string]hostileTree{
	"a heredoc with commands":             body("RUN <<'EOF' cat > /x\n$(touch /pwned)\n" + forgery + "\nEOF\n"),
	"a heredoc that never ends":           body("RUN <<EOF\ntrue\n").fails("package a: unterminated heredoc"),
	"a heredoc with a way out":            body("COPY <<x /../../../../copied\n$(touch /pwned)\nx\n"),
	"an escape of its own":                {tree: files{"packages/a/Dockerfile": "# escape=`\n" + plainPackage + "RUN true `\n && true\n"}},
	"triggers":                            body("ONBUILD RUN --security=insecure id\nONBUILD COPY ../../../outside/secret /x\n"),
	"triggers of the package before":      body("RUN true\n").with(files{"packages/a/Dockerfile": dockerfile("name: a\ndepends: b", "RUN true\n"), "packages/b/Dockerfile": dockerfile("name: b", "ONBUILD COPY ../../../outside/secret /copied\n")}).fails("package a failed in step 1/2 (packages/a/Dockerfile:6)"),
	"a mount of the machine":              body("RUN --mount=type=bind,from=127.0.0.1:1/host,target=/o cat /o/etc/passwd\n").fails("package a: 127.0.0.1:1/host: failed to do request"),
	"a mount with a path":                 body("RUN --mount=type=bind,from=../../outside,target=/o cat /o/secret\n").fails("invalid reference format"),
	"a mount over the machine's":          body("RUN --mount=type=tmpfs,target=/../../proc ls /proc/self/x || true\n").fails("package a failed in step 1/1"),
	"a mount for steps' first process":    body("RUN --mount=type=cache,target=/.jetkit-init true\n"),
	"a secret that nobody gave":           body("RUN --mount=type=secret,id=../../etc/passwd,required=true cat /run/secrets/*\n").fails("secret ../../etc/passwd: not found"),
	"an agent that nobody gave":           body("RUN --mount=type=ssh,required=true true\n").fails("unset ssh forward key default"),
	"a device that nobody gave":           body("RUN --device=/dev/mem test ! -e /dev/mem\n"),
	"a copy with ways out of an image":    body("COPY --from=@BASE@ /../../../../outside/secret /copied\n").fails("/outside/secret: no such file"),
	"an address of the machine":           body("ADD http://127.0.0.1:1/latest/meta-data/ /added\n").fails("connection refused"),
	"a file by its URL":                   body("ADD file:///etc/passwd /added\n").fails("\"/file:/etc/passwd\": not found"),
	"a repository by a program":           body("ADD ext::sh%20-c%20id /added\n").fails("not found"),
	"a repository that is an option":      body("ADD git@-oProxyCommand=touch:x.git /added\n").fails("not found"),
	"a checksum that is wrong":            body("ADD --checksum=sha256:../../x http://127.0.0.1:1/x /added\n").fails("package a: invalid checksum digest length"),
	"another image by an argument":        hostileTree{tree: files{"packages/a/Dockerfile": "ARG X=127.0.0.1:1/evil\nARG BASE_IMAGE=${X}\nFROM ${X}\n"}}.fails("package a: 127.0.0.1:1/evil: failed to do request"),
	"another image by a default":          hostileTree{tree: files{"packages/a/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE:+127.0.0.1:1/evil}\n"}}.fails("package a: 127.0.0.1:1/evil: failed to do request"),
	"a base with a command":               hostileTree{tree: files{"packages/a/Dockerfile": "FROM $(touch pwned)\n"}}.fails("FROM requires either one or three arguments"),
	"a platform with a path":              hostileTree{tree: files{"packages/a/Dockerfile": "ARG BASE_IMAGE\nFROM --platform=../../x ${BASE_IMAGE}\n"}}.fails("package a: failed to parse platform ../../x"),
	"a stage with a forged name":          body("FROM ${BASE_IMAGE} AS x\x1b]52;c;eA==\a\nRUN true\n").fails("invalid name for build stage"),
	"a folder with ways out":              body("WORKDIR ../../../../..\nCOPY Dockerfile ../../../copied\n"),
	"a user with a command":               body("USER $(touch pwned)\nRUN true\n").fails("unable to find user $(touch pwned)"),
	"an owner with a command":             body("COPY --chown=$(touch${IFS}pwned) Dockerfile /copied\n"),
	"a label that forges lines":           body("LABEL x=\"\\\n" + forgery + "\x1b]52;c;eA==\a\"\n"),
	"a shell that is not there":           body("SHELL [\"/pwned\", \"--help\"]\nRUN true\n").fails("package a failed in step 1/1 (packages/a/Dockerfile:7)"),
	"a signal that is an option":          body("STOPSIGNAL --help\n").fails("STOPSIGNAL requires exactly one argument"),
	"20,000 instructions":                 body(strings.Repeat("ENV X=1\n", 20_000)),
	"a line of four megabytes":            body("RUN : " + strings.Repeat("x", 4<<20) + "\n").says("[too-large]"),
	"words of words":                      body("ARG A=x\n" + doubled("A", 30) + "LABEL x=$A\n").fails("with the values of its variables, the Dockerfile is larger than 64 MiB up to here"),
	"a network that there is not":         body("RUN --network=container:1 id\n").fails("invalid network mode"),
	"an ignore file that takes for ever":  body("COPY . /all\n").with(files{"packages/a/.dockerignore": strings.Repeat(strings.Repeat("**/*a*", 12)+"b\n", 200), "packages/a/" + strings.Repeat("a", 200): "x"}),
	"an ignore file with ways out":        body("COPY . /all\n").with(files{"packages/a/.dockerignore": "!../../../outside/**\n!/etc/passwd\n"}),
	"an ignore file of 100,000 lines":     body("COPY . /all\n").with(files{"packages/a/.dockerignore": strings.Repeat("x*y?[a-z]\n!z\n", 50_000)}),
	"an ignore file with broken patterns": body("COPY . /all\n").with(files{"packages/a/.dockerignore": "[\n[]a]\n\\\n"}).fails("package a: syntax error in pattern"),
}

// doubled makes an argument twice as long, some times.
func doubled(name string, times int) string {
	return strings.Repeat("ARG "+name+"=$"+name+"$"+name+"\n", times)
}

// hostileArchives are what ADD unpacks.
func hostileArchives(t *testing.T) map[string]hostileTree {
	t.Helper()
	added := func(entries ...tar.Header) hostileTree {
		return body("ADD x.tar /added/\nRUN test ! -e /found -a ! -e /etc/found\n").with(files{"packages/a/x.tar": archiveOf(t, entries...)})
	}
	return map[string]hostileTree{
		"ways out":             added(tar.Header{Name: "../../../../found"}),
		"absolute names":       added(tar.Header{Name: "/found"}),
		"a link to follow":     added(tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, tar.Header{Name: "l/found"}).fails("no such file or directory"),
		"a link out to follow": added(tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "../../../../../.."}, tar.Header{Name: "l/found"}),
		"a hard link out":      added(tar.Header{Name: "l", Typeflag: tar.TypeLink, Linkname: "../../../../../../etc/passwd"}).fails("no such file or directory"),
		"devices":              added(tar.Header{Name: "d", Typeflag: tar.TypeBlock, Devmajor: 8}),
		"half an archive":      body("ADD x.tar /added/\n").with(files{"packages/a/x.tar": archiveOf(t, tar.Header{Name: "x", Size: 5000})[:1000]}).fails("unexpected EOF"),
		"64 MB of zeros":       body("ADD x.gz /added/\n").with(files{"packages/a/x.gz": zeros(t)}),
	}
}

func archiveOf(t *testing.T, entries ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, entry := range entries {
		entry.Mode = 0o644
		require.NoError(t, w.WriteHeader(&entry))
		_, err := w.Write(make([]byte, entry.Size))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String()
}

// zeros is an archive of a file that is a thousand times as large.
func zeros(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(archiveOf(t, tar.Header{Name: "zeros", Size: 64 << 20})))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}
