//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/teststep"
)

// robot is built with a tool that its runtime image does not need.
func robot(image string) files {
	return files{
		"jetson.yaml": "packages: [robot]\nimage:\n" + image,
		"packages/tool/Dockerfile": dockerfile("name: tool\ntest: test.sh",
			"RUN head -c 20M /dev/urandom > /usr/local/tool\nENV TOOL=/usr/local/tool\nLABEL tool=yes\n"),
		"packages/tool/test.sh": script("test -s $TOOL"),
		"packages/robot/Dockerfile": dockerfile("name: robot\ndepends: tool\ntest: test.sh", `RUN mkdir -p /opt/robot-1/bin /home/robot/models /usr/local/lib/robots \
 && echo '@ID@' > /opt/robot-1/bin/robot && chmod 751 /opt/robot-1/bin/robot && chown 1000:1000 /opt/robot-1/bin/robot \
 && ln -s robot /opt/robot-1/bin/alias && ln -s robot-1 /opt/robot \
 && echo so > /usr/local/lib/librobot.so.1 && ln -s librobot.so.1 /usr/local/lib/librobot.so && echo other > /usr/local/lib/other.so \
 && echo model > /home/robot/models/one && touch -d @1000000000 /opt/robot-1/bin/robot
ENV ROBOT=/opt/robot PATH=/opt/robot/bin:$PATH
ENTRYPOINT ["cat", "/opt/robot/bin/robot"]
WORKDIR /home/robot
`),
		"packages/robot/test.sh": script("test -n \"$ROBOT\"\nif [ -e /usr/local/tool ]; then echo on the chain; else echo on the runtime image; fi"),
	}
}

// A runtime image has of the packages what jetson.yaml lists, on another base, is tested, and is configured as they set it.
func TestRuntimeImage(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"chain", "packages"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			on := runtimeBase(t)
			p := newProject(t, robot("  from: [/opt/robot, /usr/local/lib/librobot.so*, /home/robot]\n  base: "+on+"\n  labels: {mine: yes}\n"))
			layers := arg("LAYERS=" + form)
			b := p.build(t, layers, pushTimeless("runtime"))
			assertContains(t, b.output(t, "[test robot] test.sh"), "on the chain")
			assertContains(t, b.output(t, "[test robot on image] test.sh"), "on the runtime image")
			assert.Equal(t, []string{"[test robot on image] test.sh", "[test robot] test.sh", "[test tool] test.sh"}, b.tests(), "the tool is in no runtime image")

			assert.Equal(t, p.id+"\n", b.file(t, "/opt/robot/bin/robot"), "a link is copied as what it leads to")
			assert.Equal(t, "so\n", b.file(t, "/usr/local/lib/librobot.so.1"))
			assert.Equal(t, "model\n", b.file(t, "/home/robot/models/one"))
			assert.Equal(t, "other\n", b.file(t, "/base"), "the base is another")
			b.assertAbsent(t, "/usr/local/tool", "/usr/local/lib/other.so", "/opt/robot-1/bin/robot")

			config := b.config(t)
			assert.Contains(t, config.Config.Env, "ROBOT=/opt/robot")
			assert.Contains(t, config.Config.Env, "TOOL=/usr/local/tool", "it is a package's")
			assert.Contains(t, config.Config.Env, "ON=base")
			assert.Equal(t, []string{"cat", "/opt/robot/bin/robot"}, config.Config.Entrypoint)
			assert.Empty(t, config.Config.Cmd, "the entrypoint of the packages drops the base's command")
			assert.Equal(t, "/home/robot", config.Config.WorkingDir)
			assert.Equal(t, []string{"yes", "yes", "base"}, []string{config.Config.Labels["mine"], config.Config.Labels["tool"], config.Config.Labels["on"]})

			assert.Equal(t, &teststep.ManifestRuntime{Base: on, Files: []string{"/opt/robot", "/usr/local/lib/librobot.so*", "/home/robot"}}, b.manifest(t).Runtime)
			assertContains(t, p.build(t, layers, with("--call", "jetson.lock")).Stdout, on)

			again := p.build(t, layers, pushTimeless("again"))
			again.assertExecuted(t)
			assert.Equal(t, b.digest(t), again.digest(t))
			whole := p.build(t, layers, with("--target", "robot"), pushTimeless("whole"))
			assert.NotEmpty(t, whole.file(t, "/usr/local/lib/other.so"), "--target is the package's stage, with all files")
			assert.Less(t, imageSize(t, b), imageSize(t, whole)-19<<20, "without the tool")
		})
	}
}

// runtimeBase is an image to build runtime images on.
func runtimeBase(t *testing.T) string {
	t.Helper()
	p := newProject(t, one("name: a", "RUN echo other > /base\nENV ON=base\nLABEL on=base\nCMD [\"base\"]\n"))
	return p.build(t, push()).image
}

// imageSize is the size of the layers of a pushed image.
func imageSize(t *testing.T, b *built) int64 {
	t.Helper()
	image, err := shared.Image(t.Context(), b.image, "")
	require.NoError(t, err)
	layers, err := image.Layers()
	require.NoError(t, err)
	var sum int64
	for _, layer := range layers {
		size, err := layer.Size()
		require.NoError(t, err)
		sum += size
	}
	return sum
}

// The word python stands for an interpreter that runs, with the packages that apt and pip installed, wherever they are.
func TestRuntimeImageWithPython(t *testing.T) {
	t.Parallel()
	p := newProject(t, files{
		"jetson.yaml": "packages: [app]\nbase: " + pythonImage(t) + "\nimage: {from: [python], base: '" + base(t) + "'}\n",
		"packages/app/Dockerfile": dockerfile("name: app\ntest: test.py", `RUN echo 'name = "apt"' > /usr/lib/python3/dist-packages/fromapt.py \
 && echo 'name = "pip"' > /usr/local/lib/python3.11/dist-packages/frompip.py \
 && printf '#!/usr/bin/python3\nprint("program")\n' > /usr/local/bin/program && chmod +x /usr/local/bin/program && cp /bin/true /usr/local/sbin/tool \
 && python3 -m venv --without-pip /opt/venv && echo 'name = "venv"' > $(echo /opt/venv/lib/python3*/site-packages)/fromvenv.py
ENV VIRTUAL_ENV=/opt/venv
`),
		"packages/app/test.py": `import bz2, ctypes, curses, decimal, hashlib, lzma, readline, sqlite3, ssl, uuid, xml.parsers.expat, zlib
import os, shutil, subprocess
import fromapt, frompip
sqlite3.connect(":memory:").execute("select 1")
hashlib.sha256(b"").hexdigest()
assert frompip.name == "pip"
assert subprocess.run(["program"], check=True, capture_output=True, text=True).stdout == "program\n"
subprocess.run(["/opt/venv/bin/python", "-c", "import fromvenv"], check=True)
print("tool:", shutil.which("tool"))
`,
	})
	b := p.build(t, noBase(), push())
	assertContains(t, b.output(t, "[test app] test.py"), "tool: /usr/local/sbin/tool")
	assertContains(t, b.output(t, "[test app on image] test.py"), "tool: None")
}

// What a runtime image lacks, or cannot have, is told with its place.
func TestRuntimeImageErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		image, test string
		want        []string
	}{
		{
			"  from:\n  - /opt/robot\n  - /opt/robbot\n", "",
			[]string{"copying /opt/robbot of image.from out of the chain failed (jetson.yaml:7)", "no package of the chain makes /opt/robbot"},
		},
		{"  from: /opt/robot*/none*\n", "", []string{"has a pattern in the name of a folder"}},
		{"  from: /usr/none*\n", "", []string{"copying /usr/none* of image.from out of the chain failed (jetson.yaml:5)", "no package of the chain makes /usr/none*"}},
		{
			"  from: /opt/robot\n", "test -e /usr/local/lib/other.so",
			[]string{`test "test.sh" of package robot failed on the finished image`, "of the packages, the image has only what image.from lists"},
		},
		{"  from: /opt/robot\n  base: " + shared.Ref("nobody:has") + "\n", "", []string{"jetson.yaml:6", "nobody:has (image.base)", "not found"}},
	} {
		tree := robot(c.image)
		if c.test != "" {
			tree["packages/robot/test.sh"] = script(c.test)
		}
		assertContains(t, newProject(t, tree).fail(t).Stderr, c.want...)
	}
}
