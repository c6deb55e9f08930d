package plan

import (
	"cmp"
	"strconv"
	"strings"

	"jetkit/pkgspec/diag"
)

// Resources are what RUN steps may take; a zero field is no limit.
type Resources struct {
	// Memory is in bytes.
	Memory int64 `json:"memory,omitempty"`
	// CPUs is a number of processors, with up to two decimal places: "1.5".
	CPUs string `json:"cpus,omitempty"`
	// Jobs is how many jobs the tools of a build are told to run at once. It is the one that
	// what a step makes may depend on.
	Jobs int `json:"jobs,omitempty"`
	// At is where the file gives memory, or else one of the others.
	At diag.Range `json:"at,omitzero"`
}

// With returns the resources with those of others that say something.
func (r Resources) With(others Resources) Resources {
	if others.Memory > 0 || r.Memory == 0 {
		r.At = others.At
	}
	return Resources{cmp.Or(others.Memory, r.Memory), cmp.Or(others.CPUs, r.CPUs), cmp.Or(others.Jobs, r.Jobs), r.At}
}

// cpuPeriod is the time, in microseconds, that a quota of processors is a part of: what Docker
// takes for --cpus.
const cpuPeriod = 100_000

// CPUQuota returns how many microseconds of processors steps may take in each period; zero is
// no limit.
func (r Resources) CPUQuota() (quota int64, period uint64) {
	n, err := strconv.ParseFloat(r.CPUs, 64)
	if err != nil {
		return 0, 0
	}
	return int64(n * cpuPeriod), cpuPeriod
}

// String says what steps may take: "2GiB of memory, 1.5 processors, 2 jobs at once".
func (r Resources) String() string {
	var texts []string
	if r.Memory > 0 {
		texts = append(texts, SizeText(r.Memory)+" of memory")
	}
	if r.CPUs != "" {
		texts = append(texts, r.CPUs+" processors")
	}
	if r.Jobs > 0 {
		texts = append(texts, strconv.Itoa(r.Jobs)+" jobs at once")
	}
	return strings.Join(texts, ", ")
}
