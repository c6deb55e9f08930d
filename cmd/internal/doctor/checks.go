package doctor

import (
	"maps"
	"slices"
)

// Checks lists all checks, in the order in which they are made and shown.
func Checks() []Check {
	return []Check{
		checkBoard(),
		checkRelease(),
		checkGPU(),
		checkMemory(),
		checkDisk(),
		checkPower(),
		checkCgroup(),
		checkUser(),
		checkDocker(),
		checkRuntime(),
		checkNetwork(),
		checkStore(),
		checkDevices(),
		checkToolkit(),
		checkCDI(),
		checkGPUTest(),
		checkBuilder(),
		checkBuildx(),
	}
}

// names lists the names of runtimes, sorted.
func names[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
