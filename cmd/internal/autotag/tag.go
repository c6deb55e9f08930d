package autotag

import (
	"regexp"
	"slices"
	"strings"

	"jetkit/pkgspec/platform"
)

// tagFacts is what a tag says, by the rules of jetson-containers: the package's version or
// variant, then what the image is for, such as "2.7-r36.4.0-cu128-24.04".
type tagFacts struct {
	L4T, CUDA, Python, Ubuntu string
	// Arch is an arch of plan.Target, and OCI an architecture of image configurations.
	Arch, OCI string
	// Builder says that the image was made to build wheels.
	Builder bool
	// Stage is the package whose build left the image, for a step of a build by
	// jetson-containers: it names them "TAG-PACKAGE".
	Stage string
}

var (
	cudaWord   = regexp.MustCompile(`^cu(\d{1,2})(\d)$`)
	pythonWord = regexp.MustCompile(`^cp(\d)(\d{1,2})t?$`)
	ubuntuWord = regexp.MustCompile(`^[12]\d\.04$`)
	dateWord   = regexp.MustCompile(`^20\d{6}$`)
)

// wordOf joins the architectures that are written with a hyphen to one word.
var wordOf = strings.NewReplacer("arm64-sbsa", "sbsa", "aarch64-sbsa", "sbsa", "tegra-aarch64", "tegra", "amd64.x86_64", "amd64")

// parseTag reads a tag. Any text is one: what it does not say is empty.
func parseTag(tag string) tagFacts {
	var f tagFacts
	var rest []string
	for word := range strings.SplitSeq(wordOf.Replace(strings.ToLower(tag)), "-") {
		if f.word(word, len(rest) > 0 || f.anything()) {
			continue
		}
		if f.anything() {
			rest = append(rest, word)
			continue
		}
		f.Builder = f.Builder || word == "builder"
		for part := range strings.SplitSeq(word, "_") { // "foo_r36.2.0"
			if l4t, _, ok := platform.L4TWord(part); ok {
				f.L4T = l4t
			}
		}
	}
	if i := slices.IndexFunc(rest, func(w string) bool { return w != "" }); i >= 0 {
		f.Stage = strings.Join(rest[i:], "-")
	}
	return f
}

// anything reports whether the tag has said what the image is for.
func (f *tagFacts) anything() bool {
	return f.L4T != "" || f.CUDA != "" || f.Python != "" || f.Arch != "" || f.OCI != ""
}

// word reads one word, and reports false for one that does not say what the image is
// for. An Ubuntu release is one only behind others: versions of packages look alike.
func (f *tagFacts) word(word string, behind bool) bool {
	if l4t, arch, ok := platform.L4TWord(word); ok {
		if f.L4T == "" {
			f.L4T = l4t
		}
		f.arch(arch)
		return true
	}
	if m := cudaWord.FindStringSubmatch(word); m != nil {
		f.CUDA = m[1] + "." + m[2]
		return true
	}
	if m := pythonWord.FindStringSubmatch(word); m != nil {
		f.Python = m[1] + "." + m[2]
		return true
	}
	if f.arch(word) {
		return true
	}
	if behind && ubuntuWord.MatchString(word) {
		f.Ubuntu = word
		return true
	}
	return behind && dateWord.MatchString(word)
}

// arch reads a word for an architecture.
func (f *tagFacts) arch(word string) bool {
	switch word {
	case "tegra", "igpu":
		f.Arch, f.OCI = archTegra, "arm64"
	case "sbsa":
		f.Arch, f.OCI = archSBSA, "arm64"
	case "arm64", "aarch64":
		f.OCI = "arm64"
	case "amd64", "x86_64":
		f.Arch, f.OCI = archX86, "amd64"
	default:
		return false
	}
	return true
}
