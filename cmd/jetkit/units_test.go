package main

import (
	"bytes"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// The names are jetson-containers' own for these targets.
func TestImageName(t *testing.T) {
	target := func(l4t, arch, cuda, python, ubuntu string) plan.Target {
		return plan.Target{
			L4T: plan.Value{Value: l4t}, Arch: plan.Value{Value: arch}, CUDA: plan.Value{Value: cuda},
			Python: plan.Value{Value: python}, Ubuntu: plan.Value{Value: ubuntu},
		}
	}
	orin := target("36.4.3", "tegra-aarch64", "12.6", "3.10", "22.04")
	for _, test := range []struct {
		want   string
		pkg    catalog.Package
		target plan.Target
		python bool
	}{
		{"pytorch:2.8-r36.4.tegra-aarch64-cp310-cu126-22.04", catalog.Package{Name: "pytorch:2.8"}, orin, true},
		{"numpy:r36.4.tegra-aarch64-cu126-22.04", catalog.Package{Name: "numpy"}, orin, false},
		{"numpy:r36.3.0-cu124-22.04", catalog.Package{Name: "numpy"}, target("36.3.0", "tegra-aarch64", "12.4", "3.10", "22.04"), false},
		{"numpy:r35.2.1-cp38-cu114-20.04", catalog.Package{Name: "numpy"}, target("35.2.1", "tegra-aarch64", "11.4", "3.8", "20.04"), true},
		{"numpy:r38.2.arm64-sbsa-cp312-cu130-24.04", catalog.Package{Name: "numpy"}, target("38.2.0", "aarch64", "13.0", "3.12", "24.04"), true},
		{"numpy:amd64.x86_64-cu129-24.04", catalog.Package{Name: "numpy"}, target("38.2.0", "x86_64", "12.9", "3.12", "24.04"), false},
		{"numpy:r36.4.tegra-aarch64-cp314-cu126-22.04", catalog.Package{Name: "numpy"}, target("36.4.3", "tegra-aarch64", "12.6", "3.14t", "22.04"), true},
		{"ros:noetic-ros-base-l4t-r36.4.3", catalog.Package{Name: "ros:noetic-ros-base", Postfix: "l4t-r36.4.3"}, orin, true},
		{"a:my-1-end", catalog.Package{Name: "a:1", Prefix: "my", Postfix: "end"}, orin, true},
		{"a:my-end-1", catalog.Package{Name: "a", Prefix: "my", Postfix: "end+1"}, orin, true},
		{"myrobot:Humble-r36.4.tegra-aarch64-cu126-22.04", catalog.Package{Name: "MyRobot:Humble"}, orin, false},
		{"a:" + strings.Repeat("1", 128), catalog.Package{Name: "a", Postfix: strings.Repeat("1", 128)}, orin, false},
		{"", catalog.Package{Name: "a", Postfix: strings.Repeat("1", 129)}, orin, false},
		{"", catalog.Package{Name: "a:" + strings.Repeat("1", 100)}, orin, false},
		{"", catalog.Package{Name: "a..b"}, orin, false},
		{"", catalog.Package{Name: "a_"}, orin, false},
		{"", catalog.Package{Name: strings.Repeat("a", 300)}, orin, false},
		{"", catalog.Package{Name: "a", Postfix: "x y\x1b"}, orin, false},
	} {
		assert.Equal(t, test.want, imageName(&test.pkg, platform.BuiltIn().ForTree(test.target), test.python), test.pkg.Name)
	}
}

func TestExcerpt(t *testing.T) {
	text := []byte("one\r\ntwo\nthree\x1b[31m\nfour\nfive\n")
	at := func(first, last int) diag.Range {
		return diag.Range{File: "f", Start: diag.Position{Line: first, Column: 1}, End: diag.Position{Line: last}}
	}
	for want, r := range map[string]diag.Range{
		"":              at(0, 0),
		">1  2  3":      at(1, 1),
		"1  2 >3  4  5": at(3, 0),
		"1 >2 >3  4":    at(2, 3),
		"3  4 >5":       at(5, 99),
	} {
		var b bytes.Buffer
		excerpt(&b, r, text)
		var got []string
		for line := range strings.Lines(b.String()) {
			if number, rest, ok := strings.Cut(line, " | "); ok {
				mark := " "
				if strings.HasPrefix(rest, ">>>") {
					mark = ">"
				}
				got = append(got, mark+strings.TrimSpace(number))
			}
			assert.False(t, strings.ContainsRune(line, 0x1b), "%q steers the terminal", line)
		}
		assert.Equal(t, want, strings.TrimSpace(strings.Join(got, " ")), "%v", r)
	}
	var b bytes.Buffer
	excerpt(&b, at(6, 6), text)
	assert.LessOrEqual(t, b.Len(), 0, "a line beyond the file is shown as %q", b.String())
}

func TestParsePlatform(t *testing.T) {
	for text, want := range map[string]string{"linux/arm64": "linux/arm64", "arm64": "linux/arm64", "amd64": "linux/amd64"} {
		p, err := parsePlatform(text)
		if assert.NoError(t, err, "%s: %v", text, p) {
			assert.Equal(t, want, p.OS+"/"+p.Architecture, "%s: %v", text, p)
		}
	}
	p, err := parsePlatform("")
	require.NoError(t, err, "the machine's own: %v", p)
	assert.Equal(t, "linux", p.OS, "the machine's own: %v", p)
}

func TestBuildVersion(t *testing.T) {
	settings := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: modified}}
	}
	for want, info := range map[string]*debug.BuildInfo{
		"unknown":                          nil,
		"unknown, built from source":       {Main: debug.Module{Version: "(devel)"}},
		"v1.2.3":                           {Main: debug.Module{Version: "v1.2.3"}},
		"commit 0123456789ab":              {Settings: settings("false")},
		"commit 0123456789ab with changes": {Settings: settings("true")},
	} {
		assert.Equal(t, want, buildVersion(info))
	}
}
