package webcam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"jetkit/pkgspec/diag"
)

// pipeline is a running one.
type pipeline struct {
	process
	camera Camera
	cmd    *exec.Cmd
	log    string
	ended  chan struct{} // closed when it has ended
}

// Start loads the module and starts a pipeline for each camera. If it fails, all of it is undone. Pipelines that end by
// themselves are reported to warnings.
func (w *Webcams) Start(ctx context.Context, warnings io.Writer) (err error) {
	if err := w.save(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Stop())
		}
	}()
	load := w.Load()
	cmd := exec.CommandContext(ctx, load[0], load[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(load, " "), err, bytes.TrimSpace(out))
	}
	if err := w.awaitDevices(ctx); err != nil {
		return err
	}
	w.release, w.stopping = make(chan struct{}), make(chan struct{})
	for _, camera := range w.Cameras {
		p, err := w.start(camera)
		if err != nil {
			return err
		}
		w.started = append(w.started, p)
		if err := w.save(); err != nil {
			return err
		}
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	for _, p := range w.started {
		go p.watch(w.stopping, warnings)
	}
	return nil
}

// awaitDevices waits until udev has made the webcams' devices.
func (w *Webcams) awaitDevices(ctx context.Context) error {
	for _, camera := range w.Cameras {
		for tries := 0; !w.setup.Machine.Exists(camera.Webcam); tries++ {
			if tries > 50 {
				return fmt.Errorf("%s was loaded, and there is no %s", module, camera.Webcam)
			}
			if err := sleep(ctx, pause); err != nil {
				return err
			}
		}
	}
	return nil
}

// start starts one pipeline, in a group of its own: a terminal's Ctrl-C is for the container. It ends with this program,
// however that ends: the kernel sees to it, and takes the thread that started it for the parent.
func (w *Webcams) start(camera Camera) (*pipeline, error) {
	log, err := os.OpenFile(w.log(camera), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	words := w.Pipeline(camera)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(withoutDisplay(os.Environ()), "LC_ALL=C")
	cmd.SysProcAttr = endsWithParent()
	started, release := make(chan error), w.release
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- cmd.Start()
		<-release
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	p := &pipeline{process{cmd.Process.Pid, startOf(cmd.Process.Pid)}, camera, cmd, w.log(camera), make(chan struct{})}
	go func() {
		_ = cmd.Wait() // what went wrong is in the log
		close(p.ended)
	}()
	return p, nil
}

// withoutDisplay leaves DISPLAY out: parts of GStreamer would look for an X server.
func withoutDisplay(env []string) []string {
	return slices.DeleteFunc(env, func(variable string) bool { return strings.HasPrefix(variable, "DISPLAY=") })
}

// settle waits until the pipelines play, and a moment longer: a camera that is in use fails then. One that says nothing
// is waited for no longer than five seconds.
func (w *Webcams) settle(ctx context.Context) error {
	for range 50 {
		if err := w.failed(); err != nil {
			return err
		}
		if !slices.ContainsFunc(w.started, func(p *pipeline) bool { return !p.plays() }) {
			break
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
	if err := sleep(ctx, 3*pause); err != nil {
		return err
	}
	return w.failed()
}

// plays reports whether gst-launch has said that the pipeline runs.
func (p *pipeline) plays() bool {
	dt, err := os.ReadFile(p.log)
	return err == nil && bytes.Contains(dt, []byte("PLAYING"))
}

// failed returns what is wrong with a pipeline that has ended.
func (w *Webcams) failed() error {
	for _, p := range w.started {
		select {
		case <-p.ended:
			return fmt.Errorf("the pipeline of %s ended: %s; its log is %s. If the camera hangs: sudo systemctl restart nvargus-daemon",
				p.camera.Device, lastLine(p.log), p.log)
		default:
		}
	}
	return nil
}

// watch reports a pipeline that ends before it is told to.
func (p *pipeline) watch(stopping <-chan struct{}, warnings io.Writer) {
	<-p.ended
	select {
	case <-stopping:
	default:
		fmt.Fprintf(warnings, "warning: csi2webcam: the pipeline of %s ended: %s\n", p.camera.Device, diag.Clean(lastLine(p.log)))
	}
}

// Stop ends the pipelines and unloads the module. What could not be undone is left noted, for the next start.
func (w *Webcams) Stop() error {
	if w.release != nil {
		defer func() { w.release = nil }()
		close(w.stopping)
		for _, p := range w.started {
			_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		}
		for _, p := range w.started {
			select {
			case <-p.ended:
			case <-time.After(50 * pause):
				_ = p.cmd.Process.Kill()
				<-p.ended
			}
		}
		close(w.release)
	}
	if err := w.removeModule(context.Background()); err != nil {
		return fmt.Errorf("the webcams could not be undone, the next start tries again: %w", err)
	}
	return os.Remove(stateFile(w.setup.State))
}

// sleep waits, or until the context is done.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// lastLine returns the last line of a log that has something in it.
func lastLine(file string) string {
	dt, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	dt = bytes.TrimSpace(dt)
	if len(dt) == 0 {
		return "it said nothing"
	}
	return string(dt[bytes.LastIndexByte(dt, '\n')+1:])
}
