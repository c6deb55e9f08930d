//go:build integration

package integration

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What Dockerfiles of packages may hold, each with the file of the image that shows it.
func TestDockerfileFeatures(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml": `packages: [parts, service, last]
image:
  cmd: [--port, "80"]
  env: {ROS_DOMAIN_ID: 7, MODE: file, NEXT: "of ${MODE}${LEVEL}"}
  ports: [9000-9001/udp]
  volumes: [/maps]
  stop_signal: SIGQUIT
  healthcheck: {test: test -e /parts, interval: 45s}
  annotations: {org.example.team: arms, org.example.both: file}
  labels: {org.example.title: robot}
  workdir: /data-of-file
`,
		"packages/parts/Dockerfile": dockerfile("name: parts", `
FROM ${BASE_IMAGE} AS build
ARG VERSION=1.2
RUN mkdir /build && echo built-$VERSION > /build/part
FROM scratch AS files
COPY part.txt /other
FROM ${BASE_IMAGE}
COPY --from=build /build/part /parts/part
COPY --from=files /other /parts/other
COPY <<END /parts/heredoc
heredoc of @ID@
END
RUN <<END
set -e
echo run-heredoc > /parts/run
END
RUN --mount=type=cache,target=/cache echo cached > /cache/x && cp /cache/x /parts/cache
RUN --mount=type=bind,from=build,source=/build,target=/mnt cp /mnt/part /parts/bind
RUN --mount=type=bind,target=/ctx cp /ctx/part.txt /parts/context
`),
		"packages/parts/part.txt": "a part\n",
		"packages/service/Dockerfile": dockerfile("name: service\ndepends: parts", `
ARG OF_THIS_STEP=set
RUN useradd --create-home robot
ENV MODE=service LEVEL=1
LABEL org.example.service=yes org.example.title=service
SHELL ["/bin/bash", "-c"]
EXPOSE 8080
VOLUME /srv/volume
STOPSIGNAL SIGINT
WORKDIR /srv/app
ENTRYPOINT ["/usr/bin/service"]
CMD ["--port", "1"]
USER robot
`),
		"packages/last/Dockerfile": dockerfile("name: last\ndepends: service\ntest: test.sh", `
RUN [[ -n $MODE ]] && echo "$(id -un) $(pwd) $MODE $LEVEL ${OF_THIS_STEP-unset}" > /home/robot/last
ENV LEVEL=2
`),
		"packages/last/test.sh": script(`echo "$(id -un) $(pwd) $MODE $LEVEL $ROS_DOMAIN_ID"`),
	})
	b := p.build(t, push(), arg("TESTS=final"), with("--annotation", "org.example.both=option", "--annotation", "org.example.option=yes"))
	for name, want := range map[string]string{
		"/parts/part": "built-1.2", "/parts/other": "a part", "/parts/heredoc": "heredoc of " + p.id, "/parts/run": "run-heredoc",
		"/parts/cache": "cached", "/parts/bind": "built-1.2", "/parts/context": "a part",
		"/home/robot/last": "robot /srv/app service 1 unset", // ARGs end with their package
	} {
		assert.Equal(t, want+"\n", b.file(t, name), name)
	}
	b.assertAbsent(t, "/cache/x", "/mnt/part", "/ctx", "/build")
	assert.Equal(t, "robot /data-of-file file 2 7", b.output(t, "[test last on image] test.sh"), "the test's surroundings")

	c := b.config(t).Config
	assert.Equal(t, "robot", c.User, "user")
	assert.Equal(t, "/usr/bin/service", strings.Join(c.Entrypoint, " "), "entry point")
	assert.Equal(t, "--port 80", strings.Join(c.Cmd, " "), "command")
	assert.Equal(t, "/bin/bash -c", strings.Join(c.Shell, " "), "shell")
	assert.Equal(t, "/data-of-file", c.WorkingDir, "workdir")
	assert.Equal(t, "SIGQUIT", c.StopSignal, "stop signal")
	assert.Equal(t, "robot", c.Labels["org.example.title"], "label of the file")
	assert.Equal(t, "yes", c.Labels["org.example.service"], "label of a package")
	assert.ElementsMatch(t, []string{"LEVEL=2", "MODE=file", "ROS_DOMAIN_ID=7", "NEXT=of service2"}, c.Env[1:], "environment")
	assert.Equal(t, map[string]struct{}{"8080/tcp": {}, "9000/udp": {}, "9001/udp": {}}, c.ExposedPorts)
	assert.Equal(t, map[string]struct{}{"/srv/volume": {}, "/maps": {}}, c.Volumes)
	assert.Equal(t, &v1.HealthConfig{Test: []string{"CMD-SHELL", "test -e /parts"}, Interval: 45 * time.Second}, c.Healthcheck)

	image, err := shared.Image(t.Context(), b.image, "")
	require.NoError(t, err)
	manifest, err := image.Manifest()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"org.example.team": "arms", "org.example.both": "file", "org.example.option": "yes"}, manifest.Annotations)
}

func TestDockerignore(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":               "packages: [a]\n",
		"packages/a/Dockerfile":     dockerfile("name: a\ntest: tests/check.sh", "COPY . /a/\n"),
		"packages/a/.dockerignore":  "tests\n**/*.log\n!keep.log\n",
		"packages/a/kept.txt":       "kept @ID@\n",
		"packages/a/keep.log":       "kept\n",
		"packages/a/sub/build.log":  "dropped\n",
		"packages/a/tests/check.sh": script("test -e /a/kept.txt; test -e /test/tests/data.txt; test ! -e /a/tests"),
		"packages/a/tests/data.txt": "for the test only\n",
	})
	b := p.build(t, push())
	assert.Equal(t, "kept "+p.id+"\n", b.file(t, "/a/kept.txt"), "kept.txt")
	assert.Equal(t, "kept\n", b.file(t, "/a/keep.log"), "keep.log")
	b.assertAbsent(t, "/a/tests/check.sh", "/a/sub/build.log")
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	p := newProject(t, one("name: a", `RUN --mount=type=secret,id=token,required=true sha256sum < /run/secrets/token > /a
RUN --mount=type=secret,id=token,env=TOKEN test -n "$TOKEN"
RUN test ! -e /run/secrets/token && test -z "${TOKEN-}"
`))
	secret := "hunter2-of-" + p.id
	p.write(t, files{"token.txt": secret})
	flags := []string{"--secret", "id=token,src=token.txt"}
	b := p.build(t, push(), with(flags...))
	assert.GreaterOrEqual(t, len(b.file(t, "/a")), 64, "the step did not see the secret")
	b.assertAbsent(t, "/run/secrets/token")
	graph := p.build(t, with(flags...), with("--call", "jetson.llb,format=json")).Stdout
	assertContains(t, graph, "token")
	for what, text := range map[string]string{
		"progress": b.Stderr, "configuration": mustJSON(t, b.config(t)), "graph": graph,
		"manifest": b.file(t, "/usr/share/jetkit/manifest.json"),
	} {
		assert.NotContains(t, text, secret, "the %s has the secret", what)
	}
	b = p.fail(t, with("--no-cache"))
	assertContains(t, b.Stderr, "secret token: not found", "packages/a/Dockerfile:6")
}

// Links of a package lead nowhere outside of it: neither to the host nor to its neighbours.
func TestLinksStayInThePackage(t *testing.T) {
	t.Parallel()
	host := t.TempDir()
	writeFiles(t, host, "", files{"host.txt": "host-secret\n"})
	p := newProject(t, files{
		"jetson.yaml": "packages: [a]\n",
		"packages/a/Dockerfile": dockerfile("name: a\ntest: test.sh", `COPY . /a/
RUN --mount=type=bind,target=/ctx cat /ctx/up /a/up /ctx/host /a/host /ctx/dir/foreign.txt > /seen 2>/dev/null; cat /a/inside
`),
		"packages/a/real.txt": "real @ID@\n",
		"packages/a/inside":   "-> real.txt",
		"packages/a/up":       "-> ../../private/foreign.txt",
		"packages/a/dir":      "-> ../../private",
		"packages/a/host":     "-> " + filepath.Join(host, "host.txt"),
		"packages/a/test.sh":  script("grep real /a/inside; grep real /test/inside; cat /test/up /test/host /test/dir/foreign.txt > /out/seen 2>/dev/null || true"),
		"private/foreign.txt": "foreign-secret\n",
	})
	b := p.build(t, push())
	assert.Equal(t, "real "+p.id+"\n", b.file(t, "/a/inside"), "link inside the package")
	assert.Empty(t, b.file(t, "/seen"), "what the build saw")
	assert.Empty(t, b.file(t, "/usr/share/jetkit/tests/001-a-test.sh-package/seen"), "what the test saw")
	// Copying a link by its name must not follow it out of the package either.
	for _, link := range []string{"up", "host", "dir"} {
		p.write(t, files{"packages/a/Dockerfile": dockerfile("name: a\ntest: []", "COPY "+link+" /copied\n")})
		if b := p.try(t, push()); b.Err() == nil {
			dt, err := shared.ImageFile(t.Context(), b.image, "/copied")
			assert.False(t, err == nil && strings.Contains(string(dt), "-secret"), "COPY %s brought %q", link, dt)
			b.assertAbsent(t, "/copied/foreign.txt")
		}
	}
}

func TestSeveralPlatforms(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml":            "target: {l4t: 36.4.3}\npackages: [a]\nbase: scratch\ntests: none\n",
		"packages/a/Dockerfile":  dockerfile("name: a", "ARG TARGETARCH CUDA_ARCH\nCOPY a.${TARGETARCH}.txt /a\nLABEL cuda_arch=$CUDA_ARCH\n"),
		"packages/a/a.amd64.txt": "for amd64\n",
		"packages/a/a.arm64.txt": "for arm64\n",
	})
	b := p.build(t, push(), noBase(), with("--platform", "linux/amd64,linux/arm64"))
	for platform, arch := range map[string]string{"linux/amd64": "x86_64", "linux/arm64": "tegra-aarch64"} {
		config := configFor(t, b.image, platform)
		assert.Equal(t, platform, "linux/"+config.Architecture, "architecture")
		assert.Equal(t, arch, config.Config.Labels["io.jetkit.built-for.arch"], "arch of the target")
		assert.Equal(t, arch, config.Config.Labels["cuda_arch"], "CUDA_ARCH")
	}
	b.step(t, "[linux/amd64 a 1/1] COPY a.amd64.txt /a")
	b.step(t, "[linux/arm64 a 1/1] COPY a.arm64.txt /a")
}
