package chain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// NVIDIA's CDI hooks write some files anew before every step, into the step's own
// file system: drop-ins for the linker, under random names, ldconfig's private
// cache, which is never the same twice, and a link that two hooks disagree about.
// Source: NVIDIA/nvidia-container-toolkit v1.20, internal/ldconfig; tried.
var rewritten = []string{
	"/etc/ld.so.conf.d/*-nvcr-*.conf",
	"/var/cache/ldconfig/aux-cache",
	"/usr/lib/*-linux-gnu/nvidia/libcuda.so",
	"/usr/lib/*-linux-gnu/tegra/libcuda.so",
}

// CleanStep is the program that RUN steps with a GPU are run by. It runs a command
// and then removes what the hooks wrote, while the step lasts, since afterwards it
// would be part of a layer, and ends as the command did. A step of another user
// than root's leaves the files where they are.
const CleanStep = "/.jetkit-step"

// addCleanStep puts the program into a file system.
func addCleanStep() *llb.FileAction {
	script := fmt.Sprintf("#!/bin/sh\n\"$@\"\nstatus=$?\nrm -f %s 2>/dev/null\nexit $status\n", strings.Join(rewritten, " "))
	return llb.Mkfile(CleanStep, 0o755, []byte(script))
}

// withCleanStep gives a configuration whose shell, which RUN steps are run by,
// cleans up after them.
func withCleanStep(image *dockerspec.DockerOCIImage) *dockerspec.DockerOCIImage {
	with := *image
	shell := image.Config.Shell
	if len(shell) == 0 {
		shell = []string{"/bin/sh", "-c"} // Docker's default
	}
	with.Config.Shell = slices.Concat([]string{CleanStep}, shell)
	return &with
}

// keepCleanStep gives a Dockerfile whose SHELL instructions keep the cleanup, in
// the stages that build on the step before.
func keepCleanStep(dockerfile []byte) ([]byte, error) {
	ast, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return nil, err
	}
	stages, _, err := instructions.Parse(ast.AST, nil)
	if err != nil {
		return nil, err
	}
	word, err := json.Marshal(CleanStep)
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(dockerfile, []byte("\n"))
	onBase := map[string]bool{}
	for _, stage := range stages {
		if !strings.Contains(stage.BaseName, "BASE_IMAGE") && !onBase[strings.ToLower(stage.BaseName)] {
			continue
		}
		onBase[strings.ToLower(stage.Name)] = true
		for _, command := range stage.Commands {
			if shell, ok := command.(*instructions.ShellCommand); ok {
				line := &lines[shell.Location()[0].Start.Line-1]
				*line = bytes.Replace(*line, []byte("["), slices.Concat([]byte("["), word, []byte(", ")), 1)
			}
		}
	}
	return bytes.Join(lines, nil), nil
}
