package webcam

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Webcams are the CSI cameras of a machine, and what was started for them.
type Webcams struct {
	Cameras []Camera

	setup   Setup
	started []*pipeline
	// stopping is closed before the pipelines are told to end, and release after they have: the threads that they belong
	// to can go then.
	stopping, release chan struct{}
}

// patience is how long a program may take that only looks.
const patience = 10 * time.Second

// Find looks for CSI cameras, and checks everything that webcams need. It changes nothing, and reports all that is
// wrong at once.
func Find(ctx context.Context, setup Setup) (*Webcams, error) {
	w := &Webcams{setup: setup}
	if err := errors.Join(w.checkPrograms(), w.checkModule(ctx), w.checkElements(ctx), w.checkDaemon()); err != nil {
		return nil, err
	}
	if setup.State == "" {
		return nil, errors.New("there is no folder of your own to note what has to be undone: set XDG_RUNTIME_DIR or HOME")
	}
	if err := w.findCameras(ctx); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *Webcams) checkPrograms() error {
	var errs []error
	for _, need := range []struct{ program, pkg string }{
		{"v4l2-ctl", "v4l-utils"}, {"gst-launch-1.0", "gstreamer1.0-tools"}, {"gst-inspect-1.0", "gstreamer1.0-tools"}, {"modprobe", "kmod"},
	} {
		if missing(need.program) {
			errs = append(errs, fmt.Errorf("%s is not installed: sudo apt install %s", need.program, need.pkg))
		}
	}
	if !w.setup.Root && missing("sudo") {
		errs = append(errs, errors.New("only root can load a module, and there is no sudo"))
	}
	return errors.Join(errs...)
}

// checkModule checks that the module can be loaded, and that nobody else has.
func (w *Webcams) checkModule(ctx context.Context) error {
	if w.loaded() && !w.abandoned() {
		return fmt.Errorf("the module %s is loaded already: its devices are somebody else's. Pass them by --device, or unload it: sudo modprobe -r %s", module, module)
	}
	if missing("modinfo") {
		return errors.New("modinfo is not installed: sudo apt install kmod")
	}
	if run(ctx, "modinfo", module) != nil {
		return fmt.Errorf("there is no module %s for this kernel: sudo apt install v4l2loopback-dkms", module)
	}
	return nil
}

func (w *Webcams) loaded() bool { return w.setup.Machine.Exists("/sys/module/" + module) }

func (w *Webcams) checkElements(ctx context.Context) error {
	if missing("gst-inspect-1.0") {
		return nil // said already
	}
	var errs []error
	for _, element := range slices.Sorted(maps.Keys(elements)) {
		if run(ctx, "gst-inspect-1.0", "--exists", element) != nil {
			errs = append(errs, fmt.Errorf("GStreamer has no %s: sudo apt install %s", element, elements[element]))
		}
	}
	return errors.Join(errs...)
}

func (w *Webcams) checkDaemon() error {
	if !w.setup.Machine.Exists("/tmp/argus_socket") {
		return errors.New("nvargus-daemon, which CSI cameras are read by, does not run: sudo systemctl start nvargus-daemon")
	}
	return nil
}

// findCameras asks each video device for its formats.
func (w *Webcams) findCameras(ctx context.Context) error {
	const prefix = "/dev/video"
	var numbers []int
	for _, name := range w.setup.Machine.Glob(prefix + "[0-9]*") {
		if number, err := strconv.Atoi(strings.TrimPrefix(name, prefix)); err == nil {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	next := 0
	for _, number := range numbers {
		next = number + 1
		device := prefix + strconv.Itoa(number)
		formats, err := output(ctx, "v4l2-ctl", "-d", w.setup.Machine.Path(device), "--list-formats-ext")
		if err != nil || !rawFormats.MatchString(formats) { // some devices are no cameras
			continue
		}
		w.Cameras = append(w.Cameras, Camera{Device: device, Sensor: len(w.Cameras)})
	}
	if len(w.Cameras) == 0 {
		return fmt.Errorf("this machine has no CSI camera: v4l2-ctl --list-formats-ext shows raw pictures (RG10 and the like) of none of %d devices %s*", len(numbers), prefix)
	}
	if len(w.Cameras) > most {
		return fmt.Errorf("there are %d CSI cameras, and %s makes no more than %d devices", len(w.Cameras), module, most)
	}
	for i := range w.Cameras {
		w.Cameras[i].number = next + i
		w.Cameras[i].Webcam = prefix + strconv.Itoa(next+i)
	}
	return nil
}

// Devices returns the cameras' own devices, and those of the webcams.
func (w *Webcams) Devices() (csi, webcams []string) {
	for _, camera := range w.Cameras {
		csi = append(csi, camera.Device)
		webcams = append(webcams, camera.Webcam)
	}
	return csi, webcams
}

// log returns where a pipeline writes what it says.
func (w *Webcams) log(camera Camera) string {
	return filepath.Join(w.setup.State, "csi-"+filepath.Base(camera.Device)+".log")
}

// run runs a program that only looks, without its output.
func run(ctx context.Context, name string, args ...string) error {
	_, err := output(ctx, name, args...)
	return err
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	return string(out), err
}
