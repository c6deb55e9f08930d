package autotag

import (
	"strings"
	"testing"

	"jetkit/pkgspec/dotted"

	"github.com/stretchr/testify/assert"
)

// TestParseTag reads tags as they are on Docker Hub under dustynv, and those that
// jetson-containers gives to images and stages today.
func TestParseTag(t *testing.T) {
	tegra := func(f tagFacts) tagFacts { f.Arch, f.OCI = archTegra, "arm64"; return f }
	sbsa := func(f tagFacts) tagFacts { f.Arch, f.OCI = archSBSA, "arm64"; return f }
	for tag, want := range map[string]tagFacts{
		"r36.4.0":                            {L4T: "36.4.0"},
		"2.7-r36.4.0-cu128-24.04":            {L4T: "36.4.0", CUDA: "12.8", Ubuntu: "24.04"},
		"0.8.6-r36.4-cu128-24.04":            {L4T: "36.4", CUDA: "12.8", Ubuntu: "24.04"},
		"humble-desktop-l4t-r36.4.0":         {L4T: "36.4.0"},
		"jazzy-ros-base-r36.4.0-cu128-24.04": {L4T: "36.4.0", CUDA: "12.8", Ubuntu: "24.04"},
		"r36.4.3-cu128-cp312-24.04":          {L4T: "36.4.3", CUDA: "12.8", Python: "3.12", Ubuntu: "24.04"},
		"r35.4.1-cp310":                      {L4T: "35.4.1", Python: "3.10"},
		"r36.2.0-20240315":                   {L4T: "36.2.0"},
		"0.6.6.post1-builder-r36.4.0":        {L4T: "36.4.0", Builder: true},
		"builder-r35.4.1":                    {L4T: "35.4.1", Builder: true},
		"24.4.1-r36.2.0":                     {L4T: "36.2.0"},
		"2.6-amd64-cu128-24.04":              {CUDA: "12.8", Ubuntu: "24.04", Arch: archX86, OCI: "amd64"},
		"x86_64":                             {Arch: archX86, OCI: "amd64"},
		"0.8.6-sbsa-cu128":                   sbsa(tagFacts{CUDA: "12.8"}),
		"2.8-r36.4.tegra-aarch64-cu126-22.04": tegra(tagFacts{
			L4T: "36.4", CUDA: "12.6", Ubuntu: "22.04",
		}),
		"r38.4.arm64-sbsa-cu130-24.04":        sbsa(tagFacts{L4T: "38.4", CUDA: "13.0", Ubuntu: "24.04"}),
		"amd64.x86_64-cu132-24.04":            {CUDA: "13.2", Ubuntu: "24.04", Arch: archX86, OCI: "amd64"},
		"25.06-py3-igpu":                      tegra(tagFacts{}),
		"r36.4-cu126-22.04-build-essential":   {L4T: "36.4", CUDA: "12.6", Ubuntu: "22.04", Stage: "build-essential"},
		"r36.4-cu126-22.04-python_3.10":       {L4T: "36.4", CUDA: "12.6", Ubuntu: "22.04", Stage: "python_3.10"},
		"r32.7.1-ros-foxy":                    {L4T: "32.7.1", Stage: "ros-foxy"},
		"R36.4.0":                             {L4T: "36.4.0"},
		"app_r36.2.0":                         {L4T: "36.2.0"},
		"latest":                              {},
		"22.06":                               {},
		"22.04":                               {},
		"36.4.0":                              {},
		"r1":                                  {},
		"r36.4.3.2.1.9":                       {},
		"cu1":                                 {},
		"":                                    {},
		"-":                                   {},
		"---r36.4.0---":                       {L4T: "36.4.0"},
		"r99999999999999999999":               {},
		"cu99999999":                          {},
		strings.Repeat("r36.4.0-", 3) + "cu1": {L4T: "36.4.0", Stage: "cu1"},
	} {
		assert.Equal(t, want, parseTag(tag), tag)
	}
}

// FuzzParseTag holds that any text is a tag that is read without a fault, and that what it
// says are versions.
func FuzzParseTag(f *testing.F) {
	for _, tag := range []string{"2.7-r36.4.0-cu128-24.04", "r38.4.arm64-sbsa-cu130-24.04", "a_r36.2.0-x", "\xff-r36-\x00", "cp312t-24.04"} {
		f.Add(tag)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		facts := parseTag(tag)
		for _, text := range []string{facts.L4T, facts.CUDA, facts.Python, facts.Ubuntu} {
			if _, ok := dotted.Parse(text); !ok && text != "" {
				t.Errorf("%q: %q is no version", tag, text)
			}
		}
	})
}

func TestNatural(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"0.9", "0.10", -1},
		{"0.10", "0.9", 1},
		{"1.0", "1.0", 0},
		{"1.0", "1.0.1", -1},
		{"b5283", "b999", 1},
		{"007", "7", 0},
		{"a", "b", -1},
		{"", "a", -1},
		{strings.Repeat("9", 500), strings.Repeat("9", 501), -1},
	} {
		assert.Equal(t, test.want, natural(test.a, test.b), "%s, %s", test.a, test.b)
	}
}
