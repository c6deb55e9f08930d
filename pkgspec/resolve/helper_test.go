package resolve

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"jetkit/pkgspec"
	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/internal/spectest"
	"jetkit/pkgspec/pkgmeta"
	"jetkit/pkgspec/plan"
)

// target is JetPack 6.2 as platform.Resolve gives it, but for the reasons.
var target = plan.Target{
	L4T: plan.Value{Value: "36.4.3"}, JetPack: plan.Value{Value: "6.2"}, CUDA: plan.Value{Value: "12.6"},
	Python: plan.Value{Value: "3.10"}, Ubuntu: plan.Value{Value: "22.04"}, Arch: plan.Value{Value: "tegra-aarch64"},
}

var base = plan.Value{Value: "ubuntu:22.04"}

// library is a small tree of packages in which things are as in
// jetson-containers': versions, aliases, variants and faults.
//
// Each paragraph is the header of one package; its folder is named like the
// package, without a colon.
const library = `
name: build-essential
test: test.sh

name: python:3.10
alias: python
depends: build-essential

name: python:3.12
depends: build-essential

name: numpy
depends: [build-essential, python]
test: test.py

name: pip_cache:cu126
alias: pip_cache
depends: build-essential

name: cuda:12.4
alias: cuda
depends: [build-essential]
requires: '==35.*'

name: cuda:12.6
alias: cuda
depends: [build-essential, pip_cache:cu126]
test: [test.sh, test.py --all]
build_args: {CUDA_VERSION: 12.6, MODE: full}

name: cuda:12.6-samples
alias: cuda:samples
depends: cuda:12.6

name: cmake:apt
depends: build-essential

name: cmake:pip
alias: cmake
depends: [build-essential, python]

name: pytorch:2.7
alias: torch:2.7
depends: [cuda, numpy, cmake]

name: pytorch:2.8
alias: [pytorch, torch, torch:2.8]
depends: [cuda, numpy, cmake]
test: test.py

name: torchvision:0.22
depends: [pytorch:2.7, numpy]

name: torchvision:0.23
alias: torchvision
depends: [pytorch:2.8, numpy]

name: torchaudio:2.7
depends: [torch:2.7]

name: torchaudio:2.8
alias: torchaudio
depends: [torch:2.8]

name: needs-old-cuda
depends: [numpy, cuda:12.4]

name: needs-missing
depends: [numpy, pytroch, 'ros:*', cmake:src]

name: disabled
disabled: its sources are gone
depends: nothing

name: needs-disabled
depends: disabled

name: a
depends: [numpy, b]

name: b
depends: c

name: c
depends: [python, a]

name: self
depends: self

name: faulty
depnds: numpy

name: bad-requirement
requires: banana

name: both-torches
depends: [torchvision, pytorch:2.7]

name: langchain
depends: numpy

name: langchain:samples
depends: langchain

name: uses-langchain
depends: langchain

name: old:1
alias: old
requires: ['==35.*', '>=cu124', x86_64]

name: old:2
alias: old
disabled: it was never finished

name: monitor
depends: [cuda, numpy]
gpu: false
test: test.py

name: camera
gpu: true
test: test.py

name: kernels:2
alias: kernels
depends: cuda
buildkit_device: true
test: test.sh

name: udev-rules
layers: chain

name: desktop
depends: [numpy, udev-rules]
layers: chain

name: lidar
buildkit_device: acme.org/lidar=0
test: test.sh
`

// libraryTree is the library as a built-in tree.
func libraryTree() pkgmeta.Tree { return treeOf(library) }

// treeOf makes a built-in tree of package headers.
func treeOf(headers string) pkgmeta.Tree {
	fsys := fstest.MapFS{}
	for header := range strings.SplitSeq(strings.TrimSpace(headers), "\n\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(header, "name: "), "\n")
		folder := strings.ReplaceAll(name, ":", "-")
		dockerfile := "#---\n# " + strings.ReplaceAll(header, "\n", "\n# ") + "\n#---\nFROM scratch\nARG CUDA_VERSION MODE ROS_DISTRO BUILT_FOR\n"
		fsys[folder+"/Dockerfile"] = &fstest.MapFile{Data: []byte(dockerfile)}
		for _, script := range []string{"test.py", "test.sh"} {
			if strings.Contains(header, script) {
				fsys[folder+"/"+script] = &fstest.MapFile{}
			}
		}
	}
	return pkgmeta.Tree{FS: fsys, Kind: plan.Builtin, Dir: "."}
}

// scanned scans trees.
func scanned(t *testing.T, trees ...pkgmeta.Tree) *catalog.Catalog {
	t.Helper()
	cat, problems := pkgmeta.Scan(context.Background(), trees, nil, pkgmeta.ScanOptions{})
	require.Empty(t, problems, printed(problems))
	return cat
}

// request makes a specification that asks for packages; "-name" leaves one out.
func request(names ...string) *pkgspec.Spec {
	spec := &pkgspec.Spec{File: "jetson.yaml", Build: pkgspec.Build{GPU: plan.GPUCDI}, Tests: pkgspec.Tests{Run: pkgspec.TestAll, GPU: plan.GPUCDI, Device: "nvidia.com/gpu=all"}}
	for i, name := range names {
		text := diag.Text{Value: name, At: diag.Range{File: "jetson.yaml", Start: diag.Position{Line: 3 + i, Column: 5}}}
		if rest, skip := strings.CutPrefix(name, "-"); skip {
			text.Value = rest
			spec.Skip = append(spec.Skip, text)
			continue
		}
		folder := ""
		if strings.HasPrefix(name, "./") {
			folder = name[2:]
		}
		spec.Packages = append(spec.Packages, pkgspec.PackageRef{Text: text, Folder: folder})
	}
	return spec
}

// chain returns the names of a plan's steps.
func chain(p *plan.Plan) string {
	var names []string
	for _, step := range p.Steps {
		names = append(names, step.Name)
	}
	return strings.Join(names, " ")
}

// printed returns diagnostics as users see them.
func printed(problems diag.List) string { return spectest.Printed(problems) }

// without leaves out what is said about the faulty package, which is in the
// library and so warned about every time.
func without(problems diag.List, file string) diag.List {
	var rest diag.List
	for _, d := range problems {
		if d.At.File != file {
			rest = append(rest, d)
		}
	}
	return rest
}
