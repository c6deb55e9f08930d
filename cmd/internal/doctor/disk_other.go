//go:build !linux

package doctor

import "errors"

// diskSpace is not known on other systems, which are no Jetson.
func diskSpace(string) (free, total int64, err error) {
	return 0, 0, errors.New("the room on disks is known on Linux only")
}
