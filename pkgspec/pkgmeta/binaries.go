package pkgmeta

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/pyreq"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

// maxConstraints and maxKernels bound what one package may say of its binaries.
const (
	maxConstraints = 100
	maxKernels     = 50
)

// kernelForm is a compute capability as nvcc has it, and whether it is there as text.
var kernelForm = regexp.MustCompile(`^(\d{2,3})(\+ptx)?$`)

// almostKernel takes away what other forms of a compute capability have beyond the digits.
var almostKernel = strings.NewReplacer("compute_", "", "sm_", "", ".", "")

// kernels reads a list of compute capabilities.
func (r *reader) kernels(key string, n *yamlnode.Node) (field, bool) {
	items, ok := r.list(key, n, someTexts)
	if len(items) > maxKernels {
		r.problems.Errorf(rules.TooLarge, n.At, "", "there are more than %d kernels", maxKernels)
		return field{}, false
	}
	for _, item := range items {
		if !kernelForm.MatchString(item.Value) {
			hint := "write ten times the compute capability, as nvcc's sm_ names have it: 87, or 120+ptx"
			if bare := almostKernel.Replace(strings.ToLower(item.Value)); kernelForm.MatchString(bare) {
				hint = "write " + bare
			}
			r.problems.Errorf(rules.BadValue, item.At, hint, "%s: %q is not a compute capability", key, item.Value)
			ok = false
		}
	}
	return field{items: items}, ok
}

// kernels returns compute capabilities that were checked.
func kernels(read field) []plan.Kernel {
	var list []plan.Kernel
	for _, item := range read.items {
		m := kernelForm.FindStringSubmatch(item.Value)
		if m == nil {
			continue
		}
		sm, _ := strconv.Atoi(m[1]) // three digits
		list = append(list, plan.Kernel{SM: sm, PTX: m[2] != "", At: item.At})
	}
	return list
}

// isDate reports whether a text is a day.
func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// constraints checks what the package says of Python projects, with its own build
// arguments in the place of their names.
func (c *checker) constraints(read field) {
	if len(read.items) > maxConstraints {
		c.p.Problems.Errorf(rules.TooLarge, read.at, "", "there are more than %d constraints", maxConstraints)
		return
	}
	for _, item := range read.items {
		_, err := pyreq.Expand(item.Value, c.p.BuildArgs)
		if wrong, ok := errors.AsType[*pyreq.Error](err); ok {
			c.p.Problems.Errorf(rules.BadValue, item.At, wrong.Hint, "constraints: %s", wrong.Message)
			continue
		}
		c.p.Constraints = append(c.p.Constraints, item)
	}
}
