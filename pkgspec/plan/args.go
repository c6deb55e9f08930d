package plan

import (
	"slices"
	"strings"
)

// proxyArgs reach RUN steps without becoming part of any cache key, in capital
// and in small letters.
// Source: https://docs.docker.com/reference/dockerfile/#predefined-args
var proxyArgs = []string{"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"}

// IsBuilderArg tells whether a build argument is for BuildKit itself, and not
// for jetkit or a package.
func IsBuilderArg(name string) bool {
	return name == "SOURCE_DATE_EPOCH" || strings.HasPrefix(name, "BUILDKIT_") ||
		slices.Contains(proxyArgs, strings.ToUpper(name))
}
