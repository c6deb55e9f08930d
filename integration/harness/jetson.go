//go:build linux

package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// Jetson is a folder that looks to NVIDIA's container toolkit like the root of a Jetson with JetPack 6: the lists of
// what a container gets (csv files), the driver's libraries and links, and device nodes. The libraries can be loaded,
// but do nothing except say so; the device nodes are further nodes of /dev/null's device.
type Jetson struct {
	// Root is the folder.
	Root string

	env *Env
}

// DriverDir is the folder of a JetPack 6 driver's libraries. It is on no loader's default path.
const DriverDir = "/usr/lib/aarch64-linux-gnu/nvidia"

// jetsonLists are, by file, a small part of a JetPack 6.2 host's lists, of each kind of line at least one. See
// https://github.com/NVIDIA/nvidia-container-toolkit/blob/v1.20.1/internal/platform-support/tegra/csv/mount_spec.go
var jetsonLists = map[string][]string{
	"devices.csv": {
		"dev, /dev/nvhost-gpu",
		"dev, /dev/nvmap",
		"dev, /dev/not-on-this-board", // the lists are those of all boards: what is missing is left out
	},
	"drivers.csv": {
		"lib, " + DriverDir + "/libcuda.so.1.1",
		"lib, " + DriverDir + "/libnvrm_gpu.so",
		"sym, /usr/lib/aarch64-linux-gnu/libcuda.so",
		"sym, " + DriverDir + "/libcuda.so",
		"sym, " + DriverDir + "/libcuda.so.1",
		"dir, /lib/firmware/tegra23x",
	},
	"l4t.csv": {
		"lib, /usr/share/vulkan/icd.d/nvidia_icd.json",
	},
}

// jetsonLinks are the links of such a host, by path.
var jetsonLinks = map[string]string{
	"/usr/lib/aarch64-linux-gnu/libcuda.so": "nvidia/libcuda.so",
	DriverDir + "/libcuda.so":               "libcuda.so.1.1",
	DriverDir + "/libcuda.so.1":             "libcuda.so.1.1",
}

// JetsonFiles are the paths that a step with the device sees, and the image must not have.
func JetsonFiles() []string {
	return []string{
		DriverDir + "/libcuda.so.1.1", DriverDir + "/libcuda.so.1", DriverDir + "/libcuda.so", DriverDir + "/libnvrm_gpu.so",
		"/usr/lib/aarch64-linux-gnu/libcuda.so", "/lib/firmware/tegra23x", "/usr/share/vulkan/icd.d/nvidia_icd.json",
		"/dev/nvhost-gpu", "/dev/nvmap",
	}
}

// NewJetson makes the folder. Its libraries are compiled here, because ldconfig takes notice of real ones only.
func (e *Env) NewJetson(ctx context.Context, root string) (*Jetson, error) {
	j := &Jetson{Root: root, env: e}
	written := map[string]string{
		"/etc/nv_tegra_release":                   "# R36 (release), REVISION: 4.3\n",
		"/lib/firmware/tegra23x/gr.bin":           "firmware\n",
		"/usr/share/vulkan/icd.d/nvidia_icd.json": "{}\n",
	}
	for name, lines := range jetsonLists {
		written[csvFolder+"/"+name] = strings.Join(lines, "\n") + "\n"
	}
	var errs []error
	for name, content := range written {
		errs = append(errs, j.write(name, content, 0o644))
	}
	for name, target := range jetsonLinks {
		errs = append(errs, os.MkdirAll(filepath.Dir(j.path(name)), 0o755), os.Symlink(target, j.path(name)))
	}
	for _, name := range []string{"/dev/nvhost-gpu", "/dev/nvmap"} {
		errs = append(errs, os.MkdirAll(filepath.Dir(j.path(name)), 0o755),
			syscall.Mknod(j.path(name), syscall.S_IFCHR|0o666, nullDevice), os.Chmod(j.path(name), 0o666))
	}
	errs = append(errs,
		j.install(ctx, "nvidia-ctk"),
		j.install(ctx, "nvidia-cdi-hook"),
		j.compile(ctx, DriverDir+"/libcuda.so.1.1", "libcuda.so.1"),
		j.compile(ctx, DriverDir+"/libnvrm_gpu.so", "libnvrm_gpu.so"))
	return j, errors.Join(errs...)
}

// nullDevice is what the kernel calls /dev/null: major 1, minor 3.
const nullDevice = 1<<8 | 3

// csvFolder is where JetPack keeps the lists.
const csvFolder = "/etc/nvidia-container-runtime/host-files-for-container.d"

func (j *Jetson) path(name string) string { return filepath.Join(j.Root, name) }

func (j *Jetson) write(name, content string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(j.path(name)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(j.path(name), []byte(content), mode)
}

// compile makes a library that prints its soname when it is loaded.
func (j *Jetson) compile(ctx context.Context, name, soname string) error {
	source := filepath.Join(j.Root, "library.c")
	code := fmt.Sprintf("#include <unistd.h>\n__attribute__((constructor)) static void loaded(void) {\n"+
		"  static const char text[] = %q;\n  if (write(1, text, sizeof text - 1) < 0) return;\n}\n", "loaded the host's "+soname+"\n")
	if err := os.WriteFile(source, []byte(code), 0o644); err != nil {
		return err
	}
	_, err := j.env.output(ctx, "gcc", "-shared", "-fPIC", "-s", "-Wl,-soname,"+soname, "-o", j.path(name), source)
	return errors.Join(err, os.Remove(source))
}

// install copies a program of NVIDIA's, and the C library it needs, to where a Jetson has it.
func (j *Jetson) install(ctx context.Context, name string) error {
	program := j.env.tool(name)
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("%w: run integration/setup.sh (make setup)", err)
	}
	linked, err := j.env.output(ctx, "ldd", program)
	if err != nil {
		return err
	}
	errs := []error{j.copyFile(program, "/usr/bin/"+name)}
	for _, match := range libraryPath.FindAllStringSubmatch(linked, -1) {
		errs = append(errs, j.copyFile(match[1], match[1]))
	}
	return errors.Join(errs...)
}

var libraryPath = regexp.MustCompile(`(/\S+) \(0x`)

func (j *Jetson) copyFile(from, name string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return j.write(name, string(content), 0o755)
}

// WriteCDISpec generates a CDI specification with the command that NVIDIA documents, run with the Jetson as its root
// directory, and has nvidia-ctk put the Jetson's folder before the host's paths. The option --driver-root would do it at
// once, but with it the links of "sym" lines get the folder into their names inside of the container too.
func (j *Jetson) WriteCDISpec(ctx context.Context, file string) error {
	generate := j.env.run(ctx, command{
		argv: []string{"chroot", j.Root, "/usr/bin/nvidia-ctk", "cdi", "generate", "--mode=csv", "--output=/etc/cdi/nvidia.yaml"},
		env:  []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
	})
	if err := generate.Err(); err != nil {
		return err
	}
	_, err := j.env.output(ctx, j.env.tool("nvidia-ctk"), "cdi", "transform", "root", "--from=/", "--to="+j.Root+"/",
		"--input="+j.path("/etc/cdi/nvidia.yaml"), "--output="+file)
	return err
}

// Runtime makes a program in dir that runs containers as examples/builder/nvidia-runc does, with the configuration beside
// it, changed to look for this Jetson's files. The mode is "csv", "cdi" or "jit-cdi". It is for
// [DaemonOptions].RuntimeBinary.
func (j *Jetson) Runtime(dir, mode, specDir string) (string, error) {
	program := filepath.Join(dir, "nvidia-runc")
	return program, errors.Join(
		j.configure(dir, mode, specDir, "true"),
		writeProgram(program, fmt.Sprintf("#!/bin/sh\nXDG_CONFIG_HOME=%q PATH=%q:$PATH exec %q \"$@\"\n",
			dir, filepath.Dir(j.env.tool("nvidia-container-runtime")), filepath.Join(j.env.repo, "examples/builder/nvidia-runc"))))
}

// DockerRuntime makes a program nvidia-container-runtime that gives this Jetson's GPU to Docker's containers, in csv mode.
// It returns the program's folder, for [DockerdOptions].Programs.
func (j *Jetson) DockerRuntime(dir string) (string, error) {
	programs := filepath.Join(dir, "bin")
	return programs, errors.Join(
		os.MkdirAll(programs, 0o755),
		j.configure(dir, "csv", filepath.Join(dir, "cdi"), "runc"),
		writeProgram(filepath.Join(programs, "nvidia-container-runtime"),
			fmt.Sprintf("#!/bin/sh\nXDG_CONFIG_HOME=%q exec %q \"$@\"\n", dir, j.env.tool("nvidia-container-runtime"))))
}

func writeProgram(file, script string) error { return os.WriteFile(file, []byte(script), 0o755) }

// configure writes the runtime's configuration below dir: the example's, with this Jetson's files, and with the program
// that runs containers in the end.
func (j *Jetson) configure(dir, mode, specDir, runs string) error {
	example, err := os.ReadFile(filepath.Join(j.env.repo, "examples/builder/nvidia-container-runtime.toml"))
	if err != nil {
		return err
	}
	config := string(example)
	for _, change := range []struct{ from, to string }{
		{`ldconfig = "@/sbin/ldconfig.real"`, fmt.Sprintf("root = %q", j.Root)}, // Debian's ldconfig is no script
		{`mode = "csv"`, fmt.Sprintf("mode = %q\nlog-level = \"debug\"\ndebug = %q", mode, filepath.Join(dir, "runtime.log"))},
		{`runtimes = ["true"]`, fmt.Sprintf("runtimes = [%q]", runs)},
	} {
		if !strings.Contains(config, change.from) {
			return fmt.Errorf("examples/builder/nvidia-container-runtime.toml has no %s", change.from)
		}
		config = strings.Replace(config, change.from, change.to, 1)
	}
	config += fmt.Sprintf(`
[nvidia-ctk]
path = %q

[nvidia-container-runtime.modes.csv]
mount-spec-path = %q

[nvidia-container-runtime.modes.cdi]
spec-dirs = [%q]
`, j.path("/usr/bin/nvidia-ctk"), j.path(csvFolder), specDir)
	folder := filepath.Join(dir, "nvidia-container-runtime")
	return errors.Join(
		os.MkdirAll(folder, 0o755),
		os.WriteFile(filepath.Join(folder, "config.toml"), []byte(config), 0o644))
}
