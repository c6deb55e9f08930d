package doctor

import (
	"context"

	"jetkit/pkgspec/diag"
)

var gpuTestFailed = &Kind{
	ID: "gpu-test", Severity: Error,
	Meaning: "A container that was started with the GPU does not find the driver's library libcuda.so.1 or the GPU's device nodes.",
	Remedy:  "look at the findings of runtime, toolkit and cdi first",
	Source:  "what docs.nvidia.com/datacenter/cloud-native/container-toolkit: sample workload does with nvidia-smi, which Jetsons up to JetPack 6 lack",
}

// gpuScript runs in the container: it says what it found, and fails if that is not
// enough.
const gpuScript = `found=0
for f in /dev/nvhost-gpu /dev/nvhost-ctrl-gpu /dev/nvmap /dev/nvidiactl /dev/nvidia0; do
  if [ -e "$f" ]; then echo "$f"; found=1; fi
done
[ "$found" = 1 ] || { echo "none of the GPU's device nodes is there" >&2; exit 1; }
for f in /usr/lib/*-linux-gnu/libcuda.so.1 /usr/lib/*-linux-gnu/nvidia/libcuda.so.1 /usr/lib/*-linux-gnu/tegra/libcuda.so.1 /usr/lib64/libcuda.so.1; do
  if [ -e "$f" ]; then echo "$f"; exit 0; fi
done
echo "the driver's library libcuda.so.1 is not there" >&2
exit 1
`

func checkGPUTest() Check {
	return &about{
		name: "gpu-test", group: groupNVIDIA, description: "a container with the GPU, in an image that is there (--gpu-test IMAGE)",
		kinds: []*Kind{gpuTestFailed},
		check: func(ctx context.Context, s *Subject) Result {
			if s.TestImage == "" {
				return skipped("no image was named with --gpu-test")
			}
			e := s.docker(ctx)
			if why := e.why(); why != "" {
				return skipped("%s", why)
			}
			if _, err := s.run(ctx, "docker", "image", "inspect", "--format", "{{.Id}}", "--", s.TestImage); err != nil {
				return skipped("the image %s is not there, and nothing is pulled", diag.Clean(s.TestImage))
			}
			args := []string{"run", "--rm", "--pull", "never", "--network", "none"}
			if _, registered := e.info.Runtimes[nvidiaRuntime]; registered {
				args = append(args, "--runtime", nvidiaRuntime, "--env", "NVIDIA_VISIBLE_DEVICES=all", "--env", "NVIDIA_DRIVER_CAPABILITIES=all")
			} else {
				args = append(args, "--gpus", "all")
			}
			args = append(args, "--entrypoint", "/bin/sh", s.TestImage, "-c", gpuScript)
			said, err := s.run(ctx, "docker", args...)
			if err != nil {
				return Result{}.add(gpuTestFailed.find("a container of %s does not get the GPU", diag.Clean(s.TestImage)).saw("%s", diag.Clean(err.Error())))
			}
			return passed("a container found %s", firstLine(said))
		},
	}
}
