package platform

import (
	"fmt"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
)

// resolver carries one request through the phases of Resolve.
type resolver struct {
	req    Request
	tables *Tables

	target   plan.Target
	base     plan.Value
	problems diag.List

	// oci is the architecture that the platform names: "arm64", "amd64" or
	// empty if it names none.
	oci string
	// askedArch is what the user gave as arch; nil if nothing or nonsense.
	askedArch *archName
	// row is the release in use; nil until it is known.
	row *release
	// named reports whether the user named the release, and exact whether row is
	// that release and not merely the nearest known.
	named, exact bool
}

// Resolve turns what the user asked into the target, as one unit, and the
// image to start from. Every value comes with its reason and, if it is a fact
// and not a choice of the user's, with its source.
//
// It is a pure function of req and the tables: it reads no environment and
// looks at no host. All problems are reported at once. When they hold an error
// the target has only the values that could still be determined.
func Resolve(req Request) (target plan.Target, base plan.Value, problems diag.List) {
	r := &resolver{req: req.trimmed(), tables: req.Tables.orBuiltIn()}
	r.readPlatform()
	r.readArch()
	r.chooseRelease()
	r.chooseArch()
	r.chooseUbuntu()
	r.choosePython()
	r.chooseCUDA()
	r.chooseLibraries()
	r.chooseArchitectures()
	r.chooseBase()
	return r.target, r.base, r.problems.Sorted()
}

// trimmed removes the spaces around every value, so that blank means not given.
func (req Request) trimmed() Request {
	for _, a := range []*Asked{&req.L4T, &req.JetPack, &req.CUDA, &req.Python, &req.Ubuntu, &req.Arch, &req.Base} {
		a.Value = strings.TrimSpace(a.Value)
	}
	return req
}

// given reports whether the user said anything.
func (a Asked) given() bool { return a.Value != "" }

// reason returns who chose the value, and how it was written if that differs.
func (a Asked) reason(value string) string {
	from := a.From
	if from == "" {
		from = "given"
	}
	if value != a.Value {
		from += ", written " + a.Value
	}
	return from
}

// value is a value of the user's, in its normal form.
func (a Asked) value(normal string) plan.Value {
	return plan.Value{Value: normal, Reason: a.reason(normal)}
}

// by names the origin of a value that stands in no file, whose position the
// diagnostic therefore cannot show: " (--build-arg CUDA_VERSION)".
func (a Asked) by() string {
	if a.At.File != "" || a.From == "" {
		return ""
	}
	return " (" + a.From + ")"
}

// errorf reports an error about one of the user's values.
func (r *resolver) errorf(a Asked, rule diag.Rule, hint, format string, args ...any) *diag.Diagnostic {
	return r.problems.Errorf(rule, a.At, hint, "%s%s", fmt.Sprintf(format, args...), a.by())
}

// warnf reports a warning about one of the user's values.
func (r *resolver) warnf(a Asked, rule diag.Rule, hint, format string, args ...any) *diag.Diagnostic {
	return r.problems.Warnf(rule, a.At, hint, "%s%s", fmt.Sprintf(format, args...), a.by())
}

// relate adds the place where another value was given to a problem, if it
// stands in a file.
func relate(problem *diag.Diagnostic, a Asked, key string) {
	if a.given() && a.At.File != "" {
		problem.Relate(a.At, "%s: %s is given here", key, a.Value)
	}
}

// relateRelease adds the place where the release was named.
func (r *resolver) relateRelease(problem *diag.Diagnostic) {
	if r.req.L4T.given() {
		relate(problem, r.req.L4T, "l4t")
		return
	}
	relate(problem, r.req.JetPack, "jetpack")
}

// ofRelease returns a value of the release in use.
func (r *resolver) ofRelease(field, value string) plan.Value {
	reason := "default of L4T " + r.row.L4T
	if field == "jetpack" {
		reason = "JetPack of L4T " + r.row.L4T
	}
	if !r.exact {
		reason += ", the nearest known to " + r.target.L4T.Value
	}
	if value == "" {
		return plan.Value{Reason: "not documented for L4T " + r.row.L4T, Source: r.row.Source}
	}
	return plan.Value{Value: value, Reason: r.row.mark(field, reason), Source: r.row.Source}
}

// isJetson reports whether the target is a Jetson, and not a PC or an ARM server
// that takes a release's numbers as defaults.
func (r *resolver) isJetson() bool {
	return r.named && r.target.Arch.Value != "" && r.target.Arch.Value != archX86
}

// chooseBase picks the image to start from: the user's, the release's, or for
// everything but Tegra plain Ubuntu.
func (r *resolver) chooseBase() {
	switch {
	case r.req.Base.given():
		r.base = r.req.Base.value(r.req.Base.Value)
	case r.row == nil || r.target.Arch.Value == "":
		return
	case r.tegraBase():
		r.base = r.ofRelease("base", r.row.Base)
	case r.target.Ubuntu.Value != "":
		r.base = plan.Value{
			Value:  "ubuntu:" + r.target.Ubuntu.Value,
			Reason: "plain Ubuntu " + r.target.Ubuntu.Value + ": CUDA is installed on top",
			Source: "dusty-nv/jetson-containers: jetson_containers/l4t_version.py",
		}
	}
}

// tegraBase reports whether the target starts from an image of NVIDIA's that
// holds the Jetson's CUDA, and with it one fixed Ubuntu.
func (r *resolver) tegraBase() bool {
	return r.row != nil && r.target.Arch.Value == archTegra && !strings.HasPrefix(r.row.Base, "ubuntu:")
}
