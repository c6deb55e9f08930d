package plan

import "regexp"

// DefaultDevice is the CDI name of all GPUs, as nvidia-ctk writes it into the
// specification of a Jetson and of any other machine.
const DefaultDevice = "nvidia.com/gpu=all"

// DevicePattern is the syntax of CDI's parser.ParseQualifiedName
// (tags.cncf.io/container-device-interface), and of what BuildKit takes beside
// it (solver/llbsolver/cdidevices): "*" for all devices of a kind, and a kind
// alone for its first device.
const DevicePattern = `^[A-Za-z]([\w.-]*[A-Za-z0-9])?/[A-Za-z]([\w.-]*[A-Za-z0-9])?(=(\*|[A-Za-z0-9]([\w.:-]*[A-Za-z0-9])?))?$`

var devicePattern = regexp.MustCompile(DevicePattern)

// IsDevice reports whether a text can be the name of a CDI device for a step:
// "vendor.com/class=name", "vendor.com/class=*" or "vendor.com/class".
func IsDevice(name string) bool { return devicePattern.MatchString(name) }
