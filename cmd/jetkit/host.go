package main

import (
	"fmt"

	"jetkit/cmd/internal/machine"
	"jetkit/pkgspec/platform"
)

// probeRelease asks the machine for its L4T version. The answer is empty on a
// machine that is no Jetson.
func probeRelease(m *machine.Machine) (platform.Asked, error) {
	version, err := m.Release()
	if err != nil {
		return platform.Asked{}, fmt.Errorf("reading the L4T version of this machine: %w; name the release with --l4t, or leave the file alone with --no-host", err)
	}
	if version == "" {
		return platform.Asked{}, nil
	}
	return platform.Asked{Value: version, From: machine.ReleaseFile}, nil
}
