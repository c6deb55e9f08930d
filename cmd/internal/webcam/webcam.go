// Package webcam makes webcams of a Jetson's CSI cameras: programs that know only V4L2 cannot read raw pictures. The
// kernel's module v4l2loopback gives a device for each camera, and a GStreamer pipeline writes its pictures there.
package webcam

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"jetkit/cmd/internal/machine"
)

// Resolution is the size of pictures in pixels, and how many there are in a second.
type Resolution struct{ Width, Height, FPS int }

// The defaults are jetson-containers'.
var (
	DefaultCapture = Resolution{1640, 1232, 30}
	DefaultOutput  = Resolution{1280, 720, 30}
)

var resolutionForm = regexp.MustCompile(`^([1-9]\d{0,4})x([1-9]\d{0,4})@([1-9]\d{0,2})$`)

// ParseResolution reads WIDTHxHEIGHT@FPS: "1280x720@30".
func ParseResolution(text string) (Resolution, error) {
	found := resolutionForm.FindStringSubmatch(text)
	if found == nil {
		return Resolution{}, fmt.Errorf("%q is no resolution of the form WIDTHxHEIGHT@FPS, such as 1280x720@30", text)
	}
	var numbers [3]int
	for i := range numbers {
		numbers[i], _ = strconv.Atoi(found[i+1]) // it has at most five digits
	}
	return Resolution{numbers[0], numbers[1], numbers[2]}, nil
}

func (r Resolution) String() string { return fmt.Sprintf("%dx%d@%d", r.Width, r.Height, r.FPS) }

// Setup is what cameras are looked for with.
type Setup struct {
	Machine         *machine.Machine
	Capture, Output Resolution
	// State is the user's own folder in which is noted what has to be undone, and where the pipelines' logs are.
	State string
	// Root reports whether the user is root; others load the module by sudo.
	Root bool
}

// Camera is a CSI camera that becomes a webcam.
type Camera struct {
	Device string // its own: /dev/video0
	Sensor int    // its number among the CSI cameras
	Webcam string // the device it can be read from: /dev/video2
	number int    // that of Webcam
}

const module = "v4l2loopback"

// most is how many devices the module makes: MAX_DEVICES in
// https://github.com/umlaeute/v4l2loopback/blob/main/v4l2loopback.c
const most = 8

// Load returns the command that loads the module, with one device for each camera. The options are lists with a value
// for each device: exclusive_caps=1 alone would hold for the first one only.
func (w *Webcams) Load() []string {
	var numbers, caps, labels []string
	for i, camera := range w.Cameras {
		numbers = append(numbers, strconv.Itoa(camera.number))
		caps = append(caps, "1")
		labels = append(labels, "Cam"+strconv.Itoa(i+1))
	}
	return w.asRoot("modprobe", module, "devices="+strconv.Itoa(len(w.Cameras)), "video_nr="+strings.Join(numbers, ","),
		"exclusive_caps="+strings.Join(caps, ","), "card_label="+strings.Join(labels, ","))
}

func (w *Webcams) unload() []string { return w.asRoot("modprobe", "-r", module) }

func (w *Webcams) asRoot(words ...string) []string {
	if w.setup.Root {
		return words
	}
	return append([]string{"sudo"}, words...)
}

// Pipeline returns the command that writes a camera's pictures to its webcam, as JPEG, which V4L2 programs know.
func (w *Webcams) Pipeline(camera Camera) []string {
	in, out := w.setup.Capture, w.setup.Output
	queue := []string{"queue", "max-size-buffers=1", "leaky=downstream"}
	size := fmt.Sprintf("width=%d,height=%d", out.Width, out.Height)
	raw := "video/x-raw," + size + ",format=I420"
	elements := [][]string{
		{"nvarguscamerasrc", "sensor-id=" + strconv.Itoa(camera.Sensor)},
		{fmt.Sprintf("video/x-raw(memory:NVMM),format=NV12,width=%d,height=%d,framerate=%d/1", in.Width, in.Height, in.FPS)},
		queue,
		{"nvvidconv"},
	}
	if in.FPS != out.FPS { // nvvidconv changes the size, not the rate
		elements = append(elements, []string{raw}, []string{"videorate"})
	}
	elements = append(elements,
		[]string{fmt.Sprintf("%s,framerate=%d/1", raw, out.FPS)},
		queue,
		[]string{"nvjpegenc"},
		queue,
		[]string{"multipartmux"},
		[]string{"multipartdemux", "single-stream=1"},
		[]string{fmt.Sprintf("image/jpeg,%s,parsed=(boolean)true,colorimetry=(string)2:4:7:1,framerate=(fraction)%d/1,sof-marker=(int)0", size, out.FPS)},
		[]string{"v4l2sink", "device=" + w.setup.Machine.Path(camera.Webcam), "sync=false"},
	)
	words := []string{"gst-launch-1.0", "-v"}
	for i, element := range elements {
		if i > 0 {
			words = append(words, "!")
		}
		words = append(words, element...)
	}
	return words
}

// elements are the parts of a pipeline that not every GStreamer has, and their packages.
var elements = map[string]string{
	"nvarguscamerasrc": "nvidia-l4t-gstreamer",
	"nvvidconv":        "nvidia-l4t-gstreamer",
	"nvjpegenc":        "nvidia-l4t-gstreamer",
	"multipartmux":     "gstreamer1.0-plugins-good",
	"v4l2sink":         "gstreamer1.0-plugins-good",
}

// rawFormats are the codes of raw pictures, as V4L2 has them: the order of the colours and the bits of each. Webcams
// give none of them. https://docs.kernel.org/userspace-api/media/v4l/pixfmt-bayer.html
var rawFormats = regexp.MustCompile(`'(RG|BG|GB|GR|BA)(10|12|14|16|81)'`)

// missing reports whether there is no such program.
func missing(program string) bool {
	_, err := exec.LookPath(program)
	return err != nil
}
