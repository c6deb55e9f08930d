package autotag

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"jetkit/cmd/internal/images"
	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/platform"
)

// The names of plan.Target.Arch.
const (
	archTegra = "tegra-aarch64"
	archSBSA  = "aarch64"
	archX86   = "x86_64"
)

// Fact is what an image says of itself, and where: "label io.jetkit.built-for.l4t",
// "env CUDA_VERSION", "tag". The zero Fact says nothing.
type Fact struct {
	Value string `json:"value,omitempty"`
	From  string `json:"from,omitempty"`
}

func (f Fact) known() bool { return f.Value != "" }

// Facts are what an image was made for.
type Facts struct {
	L4T    Fact `json:"l4t,omitzero"`
	CUDA   Fact `json:"cuda,omitzero"`
	Python Fact `json:"python,omitzero"`
	Ubuntu Fact `json:"ubuntu,omitzero"`
	Arch   Fact `json:"arch,omitzero"`
	// JetPack is the major number, where nothing tells the L4T.
	JetPack Fact `json:"jetpack,omitzero"`
	// SM are the compute capabilities, "72;87".
	SM Fact `json:"cuda_architectures,omitzero"`
	// Packages are those that a label lists; nil where none does.
	Packages []string `json:"packages,omitempty"`

	tag tagFacts
	// bad are labels of jetkit's that cannot be what jetkit wrote, and half what is
	// missing of those that it writes at the end of a build.
	bad, half []string
	failed    int
	skipped   int
}

const (
	builtFor = plan.LabelPrefix + "built-for."
	// maxLabel bounds a label that is looked at, in bytes.
	maxLabel = 16 << 10
)

// FactsOf collects what an image says of itself: its labels win over its environment, and
// that over its tag.
func FactsOf(image *images.Image) Facts {
	f := Facts{tag: parseTag(image.Tag)}
	labels := image.Labels
	if !image.Read {
		labels = image.Listed
	}
	f.labels(labels)
	f.env(image.Env)
	f.fill(&f.L4T, f.tag.L4T, "tag")
	f.fill(&f.CUDA, f.tag.CUDA, "tag")
	f.fill(&f.Python, f.tag.Python, "tag")
	f.fill(&f.Ubuntu, f.tag.Ubuntu, "tag")
	f.fill(&f.Arch, f.tag.Arch, "tag")
	if !f.Arch.known() && f.L4T.known() && f.tag.OCI != "amd64" {
		f.Arch = Fact{Value: ofRelease(f.L4T.Value).Arch.Value, From: "its L4T"}
	}
	return f
}

// fill sets a fact that nothing better has set.
func (f *Facts) fill(into *Fact, value, from string) {
	if value != "" && !into.known() {
		*into = Fact{Value: value, From: from}
	}
}

// ofRelease returns what a Jetson with an L4T has by default, and nothing for one that
// is in no table.
func ofRelease(l4t string) plan.Target {
	target, _, problems := platform.Resolve(platform.Request{L4T: platform.Asked{Value: l4t}, Platform: "linux/arm64"})
	if problems.HasErrors() {
		return plan.Target{Arch: plan.Value{Value: archOf(dotted.Of(l4t))}}
	}
	return target
}

// UnknownRelease returns the target of a Jetson with an L4T that is in no table. It reports
// false for what is no version.
func UnknownRelease(l4t string) (Target, bool) {
	v, ok := dotted.Parse(strings.TrimLeft(strings.ToLower(l4t), "r"))
	if !ok {
		return Target{}, false
	}
	return Target{Jetson: true, Target: plan.Target{L4T: plan.Value{Value: join(v)}, Arch: plan.Value{Value: archOf(v)}}}, true
}

// archOf returns what boards are with an L4T that is in no table: as those of its
// neighbours. Servers' packages begin with L4T 38.
func archOf(l4t version) string {
	const firstSBSA = 38
	switch {
	case len(l4t) == 0:
		return ""
	case l4t.Part(0) >= firstSBSA:
		return archSBSA
	}
	return archTegra
}

// labels reads jetkit's labels.
func (f *Facts) labels(labels map[string]string) {
	ours := false
	get := func(key string) string {
		value, ok := labels[plan.LabelPrefix+key]
		ours = ours || ok
		if len(value) > maxLabel {
			f.bad = append(f.bad, fmt.Sprintf("label %s%s is longer than %d KiB", plan.LabelPrefix, key, maxLabel>>10))
			return ""
		}
		return value
	}
	number := func(into *Fact, key string) {
		value := get("built-for." + key)
		if _, ok := dotted.Parse(value); !ok && value != "" {
			f.bad = append(f.bad, fmt.Sprintf("label %s%s is no version: %.40q", builtFor, key, value))
			return
		}
		f.fill(into, value, "label "+builtFor+key)
	}
	number(&f.L4T, "l4t")
	number(&f.CUDA, "cuda")
	number(&f.Python, "python")
	number(&f.Ubuntu, "ubuntu")
	f.fill(&f.SM, get("built-for.cuda_architectures"), "label "+builtFor+"cuda_architectures")
	if arch := get("built-for.arch"); arch != "" {
		if platform.OCI(arch) == "" {
			f.bad = append(f.bad, fmt.Sprintf("label %sarch is no arch: %.40q", builtFor, arch))
		} else {
			f.fill(&f.Arch, arch, "label "+builtFor+"arch")
		}
	}
	if packages := strings.Fields(get("packages")); len(packages) > 0 {
		f.Packages = packages
	}
	digest, passed, skipped, failed := get("plan"), get("tests.passed"), get("tests.skipped"), get("tests.failed")
	if !ours {
		return
	}
	for _, label := range []struct{ key, value string }{{"plan", digest}, {"packages", strings.Join(f.Packages, " ")}, {"tests.passed", passed}, {"tests.skipped", skipped}} {
		if label.value == "" {
			f.half = append(f.half, plan.LabelPrefix+label.key)
		}
	}
	f.skipped, f.failed = f.count("tests.skipped", skipped), f.count("tests.failed", failed)
	f.count("tests.passed", passed)
}

// count reads a label that is a number.
func (f *Facts) count(key, value string) int {
	if value == "" {
		return 0
	}
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		f.bad = append(f.bad, fmt.Sprintf("label %s%s is no number: %.40q", plan.LabelPrefix, key, value))
	}
	return int(n)
}

// indexPath is the end of jetson-containers' package indexes: /jp6/cu126, /sbsa/cu130/24.04.
var indexPath = regexp.MustCompile(`/(?:jp(\d)|(sbsa))/cu(\d{1,2})(\d)(?:/|$)`)

// env reads variables that NVIDIA's, jetson-containers' and others' images set. What
// cannot be read says nothing: the variables are not jetkit's.
func (f *Facts) env(list []string) {
	env := map[string]string{}
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		if len(value) <= maxLabel {
			env[name] = value
		}
	}
	number := func(into *Fact, name string) {
		value := strings.TrimLeft(strings.ToLower(env[name]), "r")
		if _, ok := dotted.Parse(value); ok {
			f.fill(into, value, "env "+name)
		}
	}
	number(&f.L4T, "L4T_VERSION")
	number(&f.CUDA, "CUDA_VERSION")
	if digits := env["CUDA_INSTALLED_VERSION"]; len(digits) == 3 && strings.Trim(digits, "0123456789") == "" {
		f.fill(&f.CUDA, digits[:2]+"."+digits[2:], "env CUDA_INSTALLED_VERSION")
	}
	number(&f.Python, "PYTHON_VERSION")
	switch env["NVARCH"] {
	case "sbsa":
		f.fill(&f.Arch, archSBSA, "env NVARCH")
	case "x86_64":
		f.fill(&f.Arch, archX86, "env NVARCH")
	}
	for _, name := range []string{"TAR_INDEX_URL", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"} {
		m := indexPath.FindStringSubmatch(env[name])
		if m == nil {
			continue
		}
		f.fill(&f.JetPack, m[1], "env "+name)
		f.fill(&f.CUDA, m[3]+"."+m[4], "env "+name)
		if m[2] != "" {
			f.fill(&f.Arch, archSBSA, "env "+name)
		}
	}
}
