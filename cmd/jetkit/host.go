package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"

	"jetkit/pkgspec/platform"
)

// releaseLine is the first line of a Jetson's release file:
// "# R36 (release), REVISION: 4.3, GCID: ...".
var releaseLine = regexp.MustCompile(`^# R(\d+) \(release\), REVISION: (\d+(?:\.\d+)*)`)

// probeRelease asks the machine for its L4T version. The answer is empty on a
// machine that is no Jetson.
func probeRelease(file string) (platform.Asked, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return platform.Asked{}, nil
	}
	if err != nil {
		return platform.Asked{}, fmt.Errorf("reading the L4T version of this machine (--no-host leaves it alone): %w", err)
	}
	defer f.Close()
	version, err := parseRelease(f)
	if err != nil {
		return platform.Asked{}, fmt.Errorf("%s: %w; name the release with --l4t, or leave the file alone with --no-host", file, err)
	}
	return platform.Asked{Value: version, From: file}, nil
}

// parseRelease finds the version in a release file: "36.4.3".
func parseRelease(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	m := releaseLine.FindStringSubmatch(line)
	if m == nil {
		return "", fmt.Errorf("the first line is not of the form %q", "# R36 (release), REVISION: 4.3, ...")
	}
	return m[1] + "." + m[2], nil
}
