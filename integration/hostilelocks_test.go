//go:build integration

package integration

import "strings"

func locked(text string) hostileTree {
	return body("RUN true\n").with(files{"jetson.lock": text})
}

const someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

var hostileLocks = map[string]hostileTree{
	"a list":                     locked(`[1, 2]`).says("[wrong-type]"),
	"null":                       locked(`null`).says("[wrong-type]"),
	"a version without end":      locked(`{"version": ` + strings.Repeat("1", 100_000) + `}`).says("[unknown-version]"),
	"lists in lists":             locked(`{"version": 1, "pins": ` + strings.Repeat("[", 50_000)).says("[too-deep]"),
	"a key twice":                locked(`{"version": 1, "version": 1}`).says("[duplicate-key]"),
	"a link out":                 locked("-> ../outside/secret").says("which is no file of its folder").fails("which is no file of its folder"),
	"a link to the machine":      locked("-> /etc/passwd").says("which is no file of its folder").fails("which is no file of its folder"),
	"32 megabytes":               locked(`{"version": 1, "x": "` + strings.Repeat("x", 32<<20) + `"}`).says("[too-large]").fails("jetson.lock is larger than 4 MiB"),
	"more behind it":             locked(`{"version": 1} x`).says("[json-syntax]"),
	"a digest of another kind":   locked(`{"version": 1, "pins": {"images": {"x": "md5:0123456789abcdef0123456789abcdef"}}}`).says("[bad-value]"),
	"a digest with a path":       locked(`{"version": 1, "pins": {"images": {"x": "` + someDigest + `/../../x"}}}`).says("[bad-value]"),
	"a commit that is an option": locked(`{"version": 1, "pins": {"git": {"x": "--upload-pack=touch pwned"}}}`).says("[bad-value]"),
	"a kind that there is not":   locked(`{"version": 1, "pins": {"file": {"/etc/passwd": "` + someDigest + `"}}}`).says("[unknown-key]"),
	"a platform that is none":    locked(`{"version": 1, "platforms": {"../../x\n` + forgery + `": {}}}`).says("[lock-differs]"),
	"a digest of the base alone": locked(`{"version": 1, "pins": {"images": {"@BASE@": "` + someDigest + `"}}}`).says("[lock-differs]"),
}
