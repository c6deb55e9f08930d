package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jetkit/cmd/internal/machine"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// The group of checks of the machine itself.
const groupMachine = "Machine"

var noJetson = &Kind{
	ID: "no-jetson", Severity: Note,
	Meaning: "The machine is no Jetson. Images for one can be built here, and not tested on its GPU.",
	Remedy:  "name the Jetson's release when you build: --l4t or --jetpack, with --platform linux/arm64",
	Source:  "docs/platforms.md",
}

var inContainer = &Kind{
	ID: "in-container", Severity: Note,
	Meaning: "jetkit runs in a container and sees of the host's files only what is mounted.",
	Remedy:  "run it on the host",
	Source:  "/.dockerenv is made by Docker, /run/.containerenv by Podman",
}

func checkBoard() Check {
	return &about{
		name: "board", group: groupMachine, description: "which board this is",
		kinds: []*Kind{noJetson, inContainer},
		check: func(_ context.Context, s *Subject) Result {
			board := s.Machine.Board()
			r := passed("%s", boardText(board))
			if !board.Jetson() {
				release, err := s.Machine.Release()
				if release == "" && err == nil && !s.Machine.Container() {
					r = r.add(noJetson.find("this is no Jetson").saw("the firmware calls it %q", orNone(board.Model)))
				}
			}
			if s.Machine.Container() {
				r = r.add(inContainer.find("jetkit runs in a container: it sees of the host only what is mounted").
					saw("there is /.dockerenv or /run/.containerenv"))
			}
			return r
		},
	}
}

// boardText names a board: "NVIDIA Jetson AGX Orin Developer Kit (tegra234, p3701-0005 Jetson AGX Orin 64GB)".
func boardText(b machine.Board) string {
	var more []string
	if b.SoC != "" {
		more = append(more, b.SoC)
	}
	if b.Module != "" {
		more = append(more, b.Module+" "+b.Name)
	}
	text := diag.Clean(b.Model)
	if text == "" {
		text = "unknown board"
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

func orNone(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

var (
	releaseMissing = &Kind{
		ID: "release-missing", Severity: Error,
		Meaning: "The board is a Jetson, and " + machine.ReleaseFile + " is missing: nothing can tell which images fit.",
		Remedy:  "in a container, mount the file: jetkit run does; on the Jetson itself, install the package nvidia-l4t-core again",
		Source:  "jetson-containers: l4t_version.py reads the same file",
	}
	releaseBroken = &Kind{
		ID: "release-broken", Severity: Error,
		Meaning: machine.ReleaseFile + " exists and its first line is not of the form that NVIDIA writes.",
		Remedy:  "compare it with a Jetson's: \"# R36 (release), REVISION: 4.3, …\"; until then name the release with --l4t",
		Source:  "the forms listed in jetson-containers: l4t_version.py",
	}
	releaseUnknown = &Kind{
		ID: "release-unknown", Severity: Warning,
		Meaning: "This L4T release is in no table of jetkit's: its CUDA, Python and base image are guessed from the nearest one, or cannot be.",
		Remedy:  "give its facts in jetson.yaml (docs/target.md#facts-of-your-own), or upgrade jetkit",
		Source:  "docs/releases.md",
	}
	releaseOld = &Kind{
		ID: "release-old", Severity: Warning,
		Meaning: "JetPack 4 is too old for GPUs in builds: its container toolkit knows no CDI, and its runtime no mode.",
		Remedy:  "build on a newer machine with TEST_GPU=skip, and only run the images here",
		Source:  "docs/gpu.md#toolkit-per-l4t",
	}
	boardMismatch = &Kind{
		ID: "board-mismatch", Severity: Warning,
		Meaning: "The release is not one for this board: images would be compiled for other GPUs.",
		Remedy:  "install a JetPack that supports the board",
		Source:  "docs/releases.md, column boards",
	}
	kernelMismatch = &Kind{
		ID: "kernel-mismatch", Severity: Warning,
		Meaning: "The running kernel is not the release's: after an upgrade without a restart, or with a kernel of your own, the driver's libraries and the kernel do not fit each other.",
		Remedy:  "restart the machine; with a kernel of your own check that NVIDIA's modules were built for it",
		Source:  "NVIDIA's release notes: Linux 4.9 with L4T 32, 5.10 with 34 and 35, 5.15 with 36, 6.8 with 38 and 39",
	}
)

// kernels are the kernels of the releases, by the release's major number.
var kernels = map[int][2]int{32: {4, 9}, 34: {5, 10}, 35: {5, 10}, 36: {5, 15}, 38: {6, 8}, 39: {6, 8}}

func checkRelease() Check {
	return &about{
		name: "release", group: groupMachine, description: "L4T and JetPack, and whether kernel and board go with them",
		kinds: []*Kind{releaseMissing, releaseBroken, releaseUnknown, releaseOld, boardMismatch, kernelMismatch},
		check: func(_ context.Context, s *Subject) Result { return release(s.Machine) },
	}
}

// jetsonPlatform is what every Jetson's images are built for.
const jetsonPlatform = "linux/arm64"

func release(m *machine.Machine) Result {
	board := m.Board()
	l4t, err := m.Release()
	switch {
	case err != nil:
		return Result{}.add(releaseBroken.find("the L4T release cannot be read").saw("%s", diag.Clean(err.Error())).at(machine.ReleaseFile, 1))
	case l4t == "" && board.Jetson():
		return Result{}.add(releaseMissing.find("there is no %s", machine.ReleaseFile).saw("the board is %s", boardText(board)))
	case l4t == "":
		return skipped("no Jetson")
	}
	target, _, problems := platform.Resolve(platform.Request{L4T: platform.Asked{Value: l4t}, Platform: jetsonPlatform})
	r := passed("L4T %s, JetPack %s", l4t, orUnknown(target.JetPack.Value))
	for _, p := range problems {
		r = r.add(releaseUnknown.find("%s", diag.Clean(p.Message)).saw("%s: L4T %s", machine.ReleaseFile, l4t).at(machine.ReleaseFile, 1))
	}
	v := parseVersion(l4t)
	if v.older(34) {
		r = r.add(releaseOld.find("L4T %s (JetPack 4) is too old for GPUs in builds", l4t).saw("%s: L4T %s", machine.ReleaseFile, l4t).at(machine.ReleaseFile, 1))
	}
	if f, found := boardFits(board, target); found {
		r = r.add(f)
	}
	if kernel := m.Kernel(); kernel != "" {
		want, known := kernels[v[0]]
		have := parseVersion(kernel)
		if known && len(have) > 1 && [2]int{have[0], have[1]} != want {
			r = r.add(kernelMismatch.find("the kernel is %s, and L4T %s has Linux %d.%d", diag.Clean(kernel), l4t, want[0], want[1]).
				saw("/proc/sys/kernel/osrelease: %s", diag.Clean(kernel)))
		}
	}
	return r
}

// boardFits reports a release that is not for the board.
func boardFits(board machine.Board, target plan.Target) (Finding, bool) {
	archs := strings.Split(target.CUDAArchitectures.Value, ";")
	if board.SM == 0 || target.CUDAArchitectures.Value == "" || slices.Contains(archs, strconv.Itoa(board.SM)) {
		return Finding{}, false
	}
	return boardMismatch.find("L4T %s is not for this board: its GPU has the compute capability %s", target.L4T.Value, capability(board.SM)).
		saw("%s; L4T %s is for %s", boardText(board), target.L4T.Value, strings.Join(archs, ", ")), true
}

// capability writes a compute capability as NVIDIA does: "8.7".
func capability(sm int) string { return fmt.Sprintf("%d.%d", sm/10, sm%10) }

func orUnknown(value string) string {
	if value == "" {
		return "unknown"
	}
	return value
}
