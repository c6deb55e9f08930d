package pkgspec

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/plan"
)

func TestRuntimeImage(t *testing.T) {
	s := load(t, "packages: a\nimage:\n  from: [/opt/robot/, '/usr/lib/libx.so*', python]\n  base: ubuntu:22.04\n", nil)
	assert.Equal(t, plan.Image{
		From: []plan.ImageFile{{Path: "/opt/robot", At: on(3, 10, 21)}, {Path: "/usr/lib/libx.so*", At: on(3, 23, 42)}, {Path: "python", At: on(3, 44, 50)}},
		Base: "ubuntu:22.04", BaseAt: on(4, 9, 21),
	}, s.Image)
	s = load(t, "packages: a\nimage: {from: /opt/robot}\n", args{"IMAGE_FROM": "/a, /b", "IMAGE_BASE": "scratch"})
	assert.Equal(t, plan.Image{From: []plan.ImageFile{{Path: "/a"}, {Path: "/b"}}, Base: "scratch"}, s.Image)
	assert.Equal(t, []plan.Override{
		{Key: "image.base", Arg: "IMAGE_BASE", New: "scratch"},
		{Key: "image.from", Arg: "IMAGE_FROM", Old: "/opt/robot", New: "/a, /b"},
	}, s.Overrides)
}

func TestRuntimeImageProblems(t *testing.T) {
	checkProblems(t, []problem{
		{"a runtime image", `packages: a
image:
  from: [opt/robot, $VIRTUAL_ENV/bin, /opt/$ROBOT, "/opt/*/x", "/opt/[", /opt/../etc, /etc/, pyhton]
  base: Ubuntu
`, `
«opt/robot» jetson.yaml:3:10: error: image.from: "opt/robot" is not an absolute path [bad-value]
    hint: write absolute paths of the chain, such as /opt/robot or /usr/lib/libfoo.so*, and python for the interpreter with its packages
«$VIRTUAL_ENV/bin» jetson.yaml:3:21: error: image.from: "$VIRTUAL_ENV/bin" is not an absolute path [bad-value]
    hint: write absolute paths of the chain, such as /opt/robot or /usr/lib/libfoo.so*, and python for the interpreter with its packages
«/opt/$ROBOT» jetson.yaml:3:39: error: image.from: variables of "/opt/$ROBOT" are not replaced [bad-value]
    hint: write absolute paths of the chain, such as /opt/robot or /usr/lib/libfoo.so*, and python for the interpreter with its packages
«"/opt/*/x"» jetson.yaml:3:52: error: image.from: "/opt/*/x" has a pattern in the name of a folder: only the last part of a path can be one [bad-value]
    hint: name the folders one by one
«"/opt/["» jetson.yaml:3:64: error: image.from: "/opt/[" is not a pattern [bad-value]
    hint: write absolute paths of the chain, such as /opt/robot or /usr/lib/libfoo.so*, and python for the interpreter with its packages
«/etc/» jetson.yaml:3:87: warning: image.from: /etc is listed twice [no-effect]
    hint: remove one of them
«pyhton» jetson.yaml:3:94: error: image.from: "pyhton" is not an absolute path [bad-value]
    hint: did you mean python?
«Ubuntu» jetson.yaml:4:9: error: image.base: "Ubuntu" is not an image reference [bad-value]
    hint: write [registry/]name[:tag], in small letters, or the NAME of a --build-context NAME=...
`},
		{"a base for nothing", "packages: a\nimage: {base: ubuntu:22.04}\n", `
«ubuntu:22.04» jetson.yaml:2:15: warning: image.base has no effect without image.from [no-effect]
    hint: list in image.from what of the packages the image gets, or leave it out
`},
		{"nothing of the packages", "packages: a\nimage: {from: [], base: ubuntu:22.04}\n", `
«[]» jetson.yaml:2:15: error: image.from: the list is empty [bad-value]
    hint: leave it out for an image of the whole chain
`},
	})
}
