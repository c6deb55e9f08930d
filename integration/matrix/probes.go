//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"jetkit/integration/harness"
)

// probe is one thing to try on each builder.
type probe struct {
	// name heads its column.
	name string
	// files are its project, with a package per folder of packages.
	files map[string]string
	args  []string
	// image has docker buildx build it, with the frontend's image; otherwise jetkit build does.
	image bool
	// push pushes the image, whose digest is then compared with that of the other builders.
	push bool
	// cache exports the cache, forgets it, and takes it from the registry again.
	cache bool
}

// cell is what came of a probe on a builder.
type cell struct {
	ok     bool
	digest string
	// message is what the user of a failed build sees.
	message string
	// difference is how the image differs from that of the first builder.
	difference string
}

// chain is a project of packages of all kinds: metadata from config.py, dependencies, tests, variables.
var chain = map[string]string{
	"jetson.yaml":               "packages: [tool, asked, app]\n",
	"packages/tool/Dockerfile":  dockerfile("name: tool\ntest: test.sh", "COPY tool /usr/local/bin/tool\nENV TOOL=1\nRUN useradd --system robot && tool > /etc/tool\n"),
	"packages/tool/tool":        "#!/bin/bash\necho \"tool ${TOOL-}\"\n",
	"packages/tool/test.sh":     "#!/bin/bash\nset -eu\nid robot\ntest \"$(tool)\" = 'tool 1'\necho kept > /data/tool\n",
	"packages/asked/config.py":  "import os\nfrom jetson_containers import L4T_VERSION\npackage['depends'] = ['tool']\npackage['build_args'] = {'ANSWER': f'{L4T_VERSION} on {os.uname().machine}'}\n",
	"packages/asked/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG ANSWER\nRUN echo \"$ANSWER\" > /etc/asked\n",
	"packages/app/Dockerfile":   dockerfile("name: app\ndepends: [tool, asked]\ntest: [test.sh, test.sh again]", "COPY --chown=robot . /app/\nRUN rm /etc/tool && mkdir -p /app/empty && ln -s ../etc/asked /app/link && chmod 4755 /usr/local/bin/tool\n"),
	"packages/app/test.sh":      "#!/bin/bash\nset -eu\ngrep '36.4.3 on ' /app/link\ntest \"$(stat -c %U /app/Dockerfile)\" = robot\ntest ! -e /etc/tool\necho \"seen ${1-}\" > /out/seen\n",
}

// probes are the columns, from left to right.
var probes = []probe{
	{name: "frontend image", files: chain, image: true, push: true},
	{name: "`layers: chain`", files: chain, push: true, args: []string{"--build-arg", "LAYERS=chain"}},
	{name: "`layers: packages`", files: chain, push: true, args: []string{"--build-arg", "LAYERS=packages"}},
	{name: "config.py", files: one("", "RUN test \"$ASKED\" = 8\n", map[string]string{
		"packages/one/config.py": "import os\npackage['build_args'] = {'ASKED': os.cpu_count()}\n",
	}, "ARG ASKED\n")},
	{name: "tests", files: one("test: test.sh\n", "RUN echo made > /made\n", map[string]string{
		"packages/one/test.sh": "#!/bin/sh\ntest \"$(cat /made)\" = made && echo kept > /data/kept\n",
	})},
	{name: "network `host`", args: []string{"--allow", "network.host"}, files: one("", `SHELL ["/bin/bash", "-c"]
RUN at=${http_proxy-http://REGISTRY}; at=${at#http://}; at=${at%/}; exec 3<>/dev/tcp/${at%:*}/${at##*:} || exit 1; \
    printf 'GET http://REGISTRY/v2/ HTTP/1.0\r\nHost: REGISTRY\r\n\r\n' >&3; grep '200 OK' <&3
`, map[string]string{"jetson.yaml": "packages: [one]\nbuild: {network: host}\n"})},
	{name: "`security.insecure`", args: []string{"--allow", "security.insecure"}, files: one("", "RUN mount -t tmpfs x /mnt\n", map[string]string{
		"jetson.yaml": "packages: [one]\nbuild: {privileged: one}\n",
	})},
	{name: "secret", args: []string{"--secret", "id=token,src=token.txt"}, files: one("", "RUN --mount=type=secret,id=token test \"$(cat /run/secrets/token)\" = hush\n", map[string]string{
		"token.txt": "hush",
	})},
	{name: "cache mounts", files: one("", "RUN --mount=type=cache,target=/c,sharing=locked echo kept > /c/kept\nRUN --mount=type=cache,target=/c,sharing=locked test \"$(cat /c/kept)\" = kept\n", nil)},
	{name: "CDI device", args: []string{"--allow", "device"}, files: one("test: test.sh\ngpu: true\nbuildkit_device: true\n", "RUN test \"$FAKE_GPU\" = orin\n", map[string]string{
		"packages/one/test.sh": "#!/bin/sh\ntest \"$FAKE_GPU\" = orin && test -c /dev/kmsg && test \"$(cat /usr/lib/fake-gpu/libcuda.so)\" = 540.4.0\n",
	})},
	{name: "cache export", files: chain, cache: true},
}

func one(header, body string, more map[string]string, declared ...string) map[string]string {
	files := map[string]string{"jetson.yaml": "packages: [one]\n", "packages/one/Dockerfile": dockerfile("name: one\n"+strings.TrimSuffix(header, "\n"), strings.Join(declared, "")+body)}
	maps.Copy(files, more)
	return files
}

func dockerfile(header, body string) string {
	var b strings.Builder
	b.WriteString("#---\n")
	for line := range strings.Lines(strings.TrimSpace(header) + "\n") {
		b.WriteString("# " + line)
	}
	b.WriteString("#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n" + body)
	return b.String()
}

// probe builds one project on one builder.
func (m *matrix) probe(ctx context.Context, daemon *harness.Daemon, name string, p probe) cell {
	dir := filepath.Join(m.env.Root, "projects", name, wordless.ReplaceAllString(p.name, "-"))
	if err := m.write(dir, p); err != nil {
		return cell{message: err.Error()}
	}
	image := m.env.Ref("out:" + name + wordless.ReplaceAllString(p.name, "-"))
	args := append([]string{"build", "-f", "jetson.yaml", "--progress=plain", "--provenance=false", "--build-arg", "BASE_IMAGE=" + m.base, "--build-arg", "PYTHON_IMAGE=" + m.python}, p.args...)
	output := "type=cacheonly"
	if p.push {
		args = append(args, "--build-arg", "SOURCE_DATE_EPOCH=1700000000")
		output = "type=image,push=true,rewrite-timestamp=true,name=" + image
	}
	args = append(args, "--output", output)
	if p.cache {
		return m.throughRegistry(ctx, daemon, dir, args, image)
	}
	result := m.build(ctx, daemon, dir, p.image, args)
	if err := result.Err(); err != nil {
		return m.failure(p, result)
	}
	if !p.push {
		return cell{ok: true}
	}
	pushed, err := m.env.Image(ctx, image, "")
	if err != nil {
		return cell{message: err.Error()}
	}
	digest, err := pushed.Digest()
	if err != nil {
		return cell{message: err.Error()}
	}
	return cell{ok: true, digest: digest.String()}
}

// throughRegistry exports the cache, empties the builder, and builds again with what was exported.
func (m *matrix) throughRegistry(ctx context.Context, daemon *harness.Daemon, dir string, args []string, image string) cell {
	export := m.build(ctx, daemon, dir, false, append(args, "--cache-to", "type=registry,mode=max,ref="+image))
	if export.Err() != nil {
		return m.failure(probe{name: "cache export"}, export)
	}
	prune := m.env.BuildxCommand(ctx, harness.BuildxRun{Daemon: daemon, Args: []string{"prune", "--all", "--force"}})
	if prune.Err() != nil {
		return m.failure(probe{name: "docker buildx prune"}, prune)
	}
	again := m.build(ctx, daemon, dir, false, append(args, "--cache-from", "type=registry,ref="+image))
	if again.Err() != nil {
		return m.failure(probe{name: "cache import"}, again)
	}
	if !strings.Contains(again.Stderr, "importing cache manifest") || ranAgain.MatchString(again.Stderr) {
		return cell{message: "steps ran again, with the exported cache at hand"}
	}
	return cell{ok: true}
}

// ranAgain matches the progress of a RUN step of a package that was not cached.
var ranAgain = regexp.MustCompile(`(?m)^#\d+ \[(?:tool|asked|app) \d+/\d+\] RUN .*\n(?:#\d+ .*\n)*?#\d+ DONE`)

func (m *matrix) build(ctx context.Context, daemon *harness.Daemon, dir string, image bool, args []string) harness.Result {
	if image {
		return m.env.Buildx(ctx, harness.BuildxRun{Daemon: daemon, Dir: dir, Args: append(args[1:], ".")})
	}
	return m.env.Jetkit(ctx, harness.JetkitRun{Dir: dir, Args: args, Env: []string{"BUILDKIT_HOST=" + daemon.Addr}})
}

// failure is the cell of a failed build, with what its user sees.
func (m *matrix) failure(p probe, result harness.Result) cell {
	say("%s: no", p.name)
	if m.verbose {
		say("%v", result.Err())
	}
	text := result.Stderr
	if i := strings.LastIndex(text, "\nERROR: "); i >= 0 {
		text = text[i+1:]
	}
	if m := byRunc.FindString(result.Stderr); m != "" {
		text = m + "\n" + text
	}
	text = strings.ReplaceAll(strings.TrimSpace(text), m.env.Registry, "registry.example.com")
	return cell{message: identity.ReplaceAllString(strings.ReplaceAll(text, m.env.Root, "/var/lib/jetkit"), "…")}
}

// byRunc matches what a runtime writes into the output of a step that it cannot start.
var byRunc = regexp.MustCompile(`(?:runc|crun)\S* (?:run|create) failed: .*|OCI runtime \S+ failed: .*|run: unrecognized option .*`)

// identity matches what is another in each run, such as the folder of a step.
var identity = regexp.MustCompile(`/executor/[a-z0-9]{25}|buildkit\d+`)

var wordless = regexp.MustCompile(`[^a-z]+`)

// write writes a probe's project, with the target of this machine.
func (m *matrix) write(dir string, p probe) error {
	arch := map[string]string{"amd64": "x86_64", "arm64": "sbsa"}[runtime.GOARCH]
	files := map[string]string{}
	for name, text := range p.files {
		files[name] = strings.ReplaceAll(text, "REGISTRY", m.env.Registry)
	}
	files["jetson.yaml"] = fmt.Sprintf("# syntax=%s\ntarget: {l4t: 36.4.3, arch: %s}\n%s", m.frontend, arch, files["jetson.yaml"])
	return writeTree(dir, files)
}

// writeDevice gives a daemon a made-up GPU: a variable, a file, and a device node that every machine has and steps do not.
func writeDevice(d *harness.Daemon, root string) error {
	driver := filepath.Join(root, "libcuda.so")
	if err := os.WriteFile(driver, []byte("540.4.0\n"), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.CDISpecDir, "nvidia.yaml"), fmt.Appendf(nil, `cdiVersion: "0.6.0"
kind: nvidia.com/gpu
devices:
  - name: all
    containerEdits:
      env: [FAKE_GPU=orin]
      deviceNodes: [{path: /dev/kmsg}]
      mounts: [{hostPath: %s, containerPath: /usr/lib/fake-gpu/libcuda.so, options: [ro, nosuid, nodev, bind]}]
`, driver), 0o644)
}

// writeTree writes files below a folder; what begins as a script is a program.
func writeTree(dir string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			return err
		}
	}
	return nil
}
