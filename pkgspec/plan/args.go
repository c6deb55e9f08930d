package plan

import (
	"slices"
	"strings"
)

// proxyArgs reach RUN steps without becoming part of any cache key, in capital
// and in small letters.
// Source: https://docs.docker.com/reference/dockerfile/#predefined-args
var proxyArgs = []string{"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"}

// DebugArg is the build argument of those who debug a build step by step (docker buildx
// dap): jetkit then leaves it to the debugger when each step runs.
const DebugArg = "JETKIT_DEBUG"

// JobsCacheArg is the build argument that says where the jobs of a divided build keep
// their caches, with {job} for the name of each.
const JobsCacheArg = "JETKIT_JOBS_CACHE"

// IsBuilderArg reports whether a build argument says how to build, and is neither a
// setting of jetson.yaml nor meant for a package.
func IsBuilderArg(name string) bool {
	return name == DebugArg || name == JobsCacheArg || name == "SOURCE_DATE_EPOCH" || strings.HasPrefix(name, "BUILDKIT_") ||
		slices.Contains(proxyArgs, strings.ToUpper(name))
}
