//go:build integration

package integration

import "strings"

// argued is a package that writes a build argument into its image, and gets it.
func argued(nameAndValue string) hostileTree {
	return body("ARG X\nRUN echo \"$X\" > /x; test ! -e pwned -a ! -e /pwned\n").giving("--build-arg", nameAndValue)
}

var hostileArguments = map[string]hostileTree{
	"a line break":             argued("X=1\nRUN touch /pwned\n" + forgery),
	"a substitution":           argued("X=$(touch /pwned)`touch /pwned`"),
	"quotes":                   argued(`X=";touch /pwned;'touch /pwned'"`),
	"100,000 letters":          argued("X=" + strings.Repeat("x", 100_000)),
	"an escape sequence":       argued("X=\x1b]52;c;eA==\a"),
	"bytes that are no text":   argued("X=\xff\xfe"),
	"no name":                  argued("=1").says("write NAME=VALUE").fails("empty key"),
	"a name with a shell's":    argued("X;touch /pwned=1").says("[bad-value]"),
	"a preloaded library":      argued("LD_PRELOAD=/pwned.so"),
	"a path":                   argued("PATH=/pwned"),
	"an option as package":     argued("PACKAGES=--help").says("[bad-value]"),
	"another option":           argued("PACKAGES=-rf").says("[bad-value]"),
	"a command as package":     argued("PACKAGES=$(touch pwned)").says("[bad-value]"),
	"a package of two lines":   argued("PACKAGES=a\n" + forgery).says("[bad-value]"),
	"a folder above":           argued("PACKAGES=./../outside/pkg").says("[bad-value]"),
	"folders above":            argued("PACKAGE_DIRS=../outside").says("[bad-value]"),
	"a pattern without end":    argued("SKIP_PACKAGES=" + strings.Repeat("*a", 5000) + "*b"),
	"a base that is an option": argued("BASE_IMAGE=--privileged").says("is not an image reference [bad-value]").fails("is not an image reference [bad-value]"),
	"a base with a command":    argued("BASE_IMAGE=$(touch pwned)").says("is not an image reference [bad-value]").fails("is not an image reference [bad-value]"),
	"a base of a folder":       argued("BASE_IMAGE=../outside").says("is not an image reference [bad-value]").fails("is not an image reference [bad-value]"),
	"layers with a path":       argued("LAYERS=../../x").says("[bad-value]"),
	"a limit before now":       argued("TEST_TIMEOUT=-1s").says("[bad-value]"),
	"jobs with a command":      argued("MAX_JOBS=1;touch pwned"),
	"a time without end":       argued("SOURCE_DATE_EPOCH=" + strings.Repeat("9", 40)).fails("it must be a number of seconds"),
	"a release with a path":    argued("L4T_VERSION=../../outside").says("is not an L4T release").fails("is not an L4T release"),
	"a CUDA with a command":    argued("CUDA_VERSION=12.6$(touch pwned)").says("[invalid-cuda]"),
	"a CUDA without end":       argued("CUDA_VERSION=" + strings.Repeat("9", 50_000) + ".1").says("is not a CUDA version").fails("is not a CUDA version"),
	"a secret without a name":  argued("GIT_AUTH_TOKEN="),
	"a device with a path":     argued("TEST_DEVICE=../../dev/mem").says("[bad-value]"),
	"data without end":         argued("TEST_DATA=" + strings.Repeat("x", 5000)),
	"a context with a path":    body("COPY --from=../../x / /all\n").giving("--build-context", "../../x=@DIR@/packages").fails("invalid context name"),
	"a context with links out": body("COPY --from=extra . /all\nRUN cat /all/link /all/dir/secret > /read || true\n").
		with(files{"extra/link": "-> ../../outside/secret", "extra/dir": "-> ../../outside"}).giving("--build-context", "extra=@DIR@/extra"),
	"packages of a context that are links": hostileTree{tree: files{"jetson.yaml": "packages: [a]\nsources: [{context: extra}]\n", "extra/a": "-> ../../outside/pkg"}}.
		giving("--build-context", "extra=@DIR@/extra").says("[missing-package]"),
	"a Dockerfile of a context that is a link": hostileTree{tree: files{"jetson.yaml": "packages: [a]\nsources: [{context: extra}]\n", "extra/a/Dockerfile": "-> ../../../outside/Dockerfile"}}.
		giving("--build-context", "extra=@DIR@/extra").says("[path-outside]"),
}
