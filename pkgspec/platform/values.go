package platform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/dotted"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// chooseUbuntu takes the user's Ubuntu or the release's.
func (r *resolver) chooseUbuntu() {
	asked := r.req.Ubuntu
	if !asked.given() {
		if r.row != nil {
			r.target.Ubuntu = r.ofRelease("ubuntu", r.row.Ubuntu)
		}
		return
	}
	u := r.tables.ubuntu(asked.Value)
	if u == nil && r.req.Python.given() && ubuntuNumber.MatchString(asked.Value) {
		r.warnf(asked, rules.UnlistedUbuntu, "check that there is an image ubuntu:"+asked.Value+", or give a base", "Ubuntu %s is in no table; it is taken as given", asked.Value)
		u = &ubuntuRelease{Release: asked.Value}
	}
	if u == nil {
		r.errorf(asked, rules.UnknownUbuntu, r.ubuntuHint(asked.Value), "unknown Ubuntu release %q", asked.Value)
		return
	}
	r.target.Ubuntu = asked.value(u.Release)
	if r.row != nil {
		r.checkUbuntu(u.Release)
	}
}

// ubuntuNumber is what the number of an Ubuntu looks like.
var ubuntuNumber = regexp.MustCompile(`^[1-9][0-9]\.(04|10)$`)

// ubuntuHint names the known releases, and the likely one.
func (r *resolver) ubuntuHint(text string) string {
	names := make([]string, 0, 2*len(r.tables.ubuntus))
	for _, u := range r.tables.ubuntus {
		names = append(names, u.Release)
	}
	known := "known are " + diag.And(names)
	for _, u := range r.tables.ubuntus {
		names = append(names, u.Codename)
		if strings.HasPrefix(text, u.Release+".") {
			return fmt.Sprintf("write %s, without the point release", u.Release)
		}
	}
	if near := diag.DidYouMean(text, names); near != "" {
		return near + " " + known
	}
	return known
}

// checkUbuntu reports an Ubuntu that the base image or the board rules out. A
// newer Ubuntu than the board's is normal on a plain Ubuntu base; an older one
// is not, because the Jetson's driver libraries are mounted into the container.
func (r *resolver) checkUbuntu(ubuntu string) {
	if ubuntu == r.row.Ubuntu {
		return
	}
	asked := r.req.Ubuntu
	if r.tegraBase() && !r.req.Base.given() {
		problem := r.errorf(asked, rules.UbuntuNotInBase,
			fmt.Sprintf("leave ubuntu out, or give a base image with Ubuntu %s as base", ubuntu),
			"the base image of L4T %s, %s, holds Ubuntu %s, not %s", r.row.L4T, r.row.Base, r.row.Ubuntu, ubuntu)
		r.relateRelease(problem)
		return
	}
	if r.isJetson() && dotted.Of(ubuntu).Compare(dotted.Of(r.row.Ubuntu)) < 0 {
		problem := r.warnf(asked, rules.OldUbuntu,
			"the board's driver libraries are mounted into the container and need a C library as new as the board's; use Ubuntu "+r.row.Ubuntu+" or newer",
			"Ubuntu %s is older than the Ubuntu %s of L4T %s", ubuntu, r.row.Ubuntu, r.row.L4T)
		r.relateRelease(problem)
	}
}

// choosePython takes the user's Python or that of the target's Ubuntu.
func (r *resolver) choosePython() {
	asked := r.req.Python
	if !asked.given() {
		if u := r.tables.ubuntu(r.target.Ubuntu.Value); u != nil {
			r.target.Python = plan.Value{Value: u.Python, Reason: "default of Ubuntu " + u.Release, Source: u.Source}
		}
		return
	}
	bare, free := cutFreeThreaded(asked.Value)
	v, ok := dotted.Parse(bare)
	oldest := dotted.Of(r.tables.releases[0].Python)
	switch {
	case !ok || len(v) < 2 || len(v) > 3:
		r.errorf(asked, rules.InvalidPython, pythonHint(asked.Value), "%q is not a Python version", asked.Value)
	case v.Compare(oldest) < 0:
		hint := fmt.Sprintf("the oldest Python on a Jetson is %s", oldest)
		if v.Part(0) == 3 && v.Part(1) == 1 {
			hint = "did you mean 3.10? A number loses its last zero where it is not quoted"
		}
		r.errorf(asked, rules.UnknownPython, hint, "Python %s is too old for every target", asked.Value)
	case free && v.Compare(firstFreeThreaded) < 0:
		r.errorf(asked, rules.UnknownPython, "free-threaded Pythons begin with 3.13t", "there is no free-threaded Python %s", v.MajorMinor())
	case free:
		r.target.Python = asked.value(v.MajorMinor() + freeThreaded)
	default:
		r.target.Python = asked.value(v.MajorMinor())
	}
}

// freeThreaded ends the version of a Python without the global lock: 3.14t.
const freeThreaded = "t"

// firstFreeThreaded is the first Python with such a build.
var firstFreeThreaded = version{3, 13}

// cutFreeThreaded takes the mark of a free-threaded Python off: "3.14t" and
// jetson-containers' other spelling, "3.14-nogil".
func cutFreeThreaded(text string) (bare string, free bool) {
	lower := strings.ToLower(text)
	if bare, free = strings.CutSuffix(lower, "-nogil"); free {
		return bare, true
	}
	return strings.CutSuffix(lower, freeThreaded)
}

// pythonHint returns a hint on how to write a Python version.
func pythonHint(text string) string {
	lower := strings.ToLower(text)
	for _, prefix := range []string{"python", "py", "cp", ""} {
		if digits, ok := strings.CutPrefix(lower, prefix); ok {
			if v, ok := parseJoined(digits, 1); ok {
				return "write " + v.String()
			}
		}
	}
	return "write major and minor number, as in 3.10"
}

// chooseCUDA takes the user's CUDA, if the release can run it, or the
// release's own.
func (r *resolver) chooseCUDA() {
	asked := r.req.CUDA
	if asked.given() {
		v, ok := parseCUDA(asked.Value)
		if ok {
			r.target.CUDA = asked.value(v.String())
			r.checkCUDA(v)
			return
		}
		r.errorf(asked, rules.InvalidCUDA, r.cudaHint(asked.Value), "%q is not a CUDA version", asked.Value)
		return
	}
	if r.row != nil {
		r.target.CUDA = r.ofRelease("cuda", r.row.CUDA)
	}
}

// cudaHint returns a hint on how to write a CUDA version.
func (r *resolver) cudaHint(text string) string {
	if v, ok := dotted.Parse(text); ok && len(v) == 1 && r.row != nil && dotted.Of(r.row.CUDA).HasPrefix(v) {
		return "write the minor number too, as in " + r.row.CUDA
	}
	return "write major and minor number, as in 12.6 or cu126"
}

// checkCUDA reports a CUDA that the Jetson cannot run or is unlikely to. Up to
// L4T 35 CUDA is part of the Jetson's system and only NVIDIA's published
// upgrades work; from 36 on the container brings its own, as far as NVIDIA
// packages one that the release can use.
func (r *resolver) checkCUDA(v version) {
	if r.row == nil || !r.isJetson() || v.String() == r.row.CUDA && r.row.smOf == "" {
		return
	}
	own := dotted.Of(r.row.CUDA)
	_, lost := r.tables.compilable(r.row.SM, v) // reported with the architectures
	limit := r.tables.cudaLimit(r.row.version(), v)
	var problem *diag.Diagnostic
	tied := r.target.Arch.Value == archTegra && r.row.version().Part(0) < 36
	switch {
	case tied && slices.Contains(r.row.CUDAUpgrades, v.String()):
		problem = r.warnf(r.req.CUDA, rules.CUDAUpgrade, "cuDNN and TensorRT of the base image stay those for CUDA "+r.row.CUDA,
			"CUDA %s is an upgrade of the CUDA %s that L4T %s brings", v, r.row.CUDA, r.row.L4T)
	case tied:
		problem = r.errorf(r.req.CUDA, rules.CUDATiedToL4T, r.tiedHint(v.String()),
			"L4T %s has CUDA %s: up to L4T 35 CUDA comes with the board's system, and CUDA %s cannot run there", r.row.L4T, r.row.CUDA, v)
	case limit != nil:
		problem = r.errorf(r.req.CUDA, rules.CUDANotForL4T, r.limitHint(v.String(), limit), "L4T %s cannot use CUDA %s: %s", r.row.L4T, v, limit.Reason).
			Relate(diag.Range{}, "source: %s", limit.Source)
	case v.Part(0) < own.Part(0) && len(lost) == 0:
		problem = r.warnf(r.req.CUDA, rules.OldCUDA, "leave cuda out to get "+r.row.CUDA,
			"CUDA %s is older than L4T %s, which came with CUDA %s: few packages are built for this pair", v, r.row.L4T, r.row.CUDA)
	default:
		return
	}
	r.relateRelease(problem)
}

// tiedHint returns a hint on how to get another CUDA than the one tied to the release.
func (r *resolver) tiedHint(cuda string) string {
	hint := "leave cuda out"
	if len(r.row.CUDAUpgrades) > 0 {
		hint += ", take one of NVIDIA's upgrades (" + diag.And(r.row.CUDAUpgrades) + ")"
	}
	if names := r.tables.jetpacksWithCUDA(cuda); len(names) > 0 {
		return hint + ", or choose a JetPack with CUDA " + cuda + ": " + diag.Or(names)
	}
	return hint + ", or choose JetPack 6 or later, where containers bring their own CUDA"
}

// limitHint returns a hint on how to get a CUDA that the release can use, or a release that
// can use the CUDA.
func (r *resolver) limitHint(cuda string, limit *cudaLimit) string {
	hint := "leave cuda out to get " + r.row.CUDA
	if cuda == r.row.CUDA { // of a release that the user describes
		hint = "use a CUDA before " + limit.BeforeCUDA
	}
	if names := r.tables.jetpacksWithCUDA(cuda); len(names) > 0 {
		return hint + ", or choose a JetPack with CUDA " + cuda + ": " + diag.Or(names)
	}
	return hint + ", or choose JetPack 7 or later"
}

// chooseLibraries takes cuDNN and TensorRT of the release. They go with its
// CUDA: for another one their versions are not known here.
func (r *resolver) chooseLibraries() {
	if r.row == nil {
		return
	}
	r.target.CUDNN = r.library("cudnn", r.row.CUDNN)
	r.target.TensorRT = r.library("tensorrt", r.row.TensorRT)
}

// library is one library that goes with the release's CUDA.
func (r *resolver) library(field, version string) plan.Value {
	if cuda := r.target.CUDA.Value; cuda != "" && cuda != r.row.CUDA {
		return plan.Value{Reason: fmt.Sprintf("not known for CUDA %s on L4T %s: its package decides", cuda, r.row.L4T)}
	}
	return r.ofRelease(field, version)
}
