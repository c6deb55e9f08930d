package diag_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/diag"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"café ✓ 日本 👍🏽 a\u00a0b":         "café ✓ 日本 👍🏽 a\u00a0b",
		`C:\dir "quoted"`:               `C:\dir "quoted"`,
		"a\nERROR: all passed\r\n":      `a\nERROR: all passed\r\n`,
		"\x1b[31mred\x1b]52;c;eHg=\a\t": `\x1b[31mred\x1b]52;c;eHg=\a\t`,
		"\u009b31m \x7f \x00":           `\u009b31m \x7f \x00`,
		"safe\u202egnp.exe\u2066":       `safe\u202egnp.exe\u2066`,
		"a\u200bb\ufeffc\u00add":        `a\u200bb\ufeffc\u00add`,
		"line\u2028para\u2029":          `line\u2028para\u2029`,
		"tag\U000e0041":                 `tag\U000e0041`,
		"not UTF-8: \xff\xc3(":          `not UTF-8: \xff\xc3(`,
		"\ufffd is a character":         "\ufffd is a character",
	} {
		assert.Equal(t, want, diag.Clean(text))
	}
	assert.Equal(t, "a\n\tb\n\\rc\\x1b", diag.CleanLines("a\r\n\tb\n\rc\x1b"))
}

// A package's file can be called anything, and its metadata and programs can say
// anything: none of it forges a line of the output.
func TestHostileDiagnostic(t *testing.T) {
	const forged = "x\nERROR: build succeeded, all tests passed\x1b[2K\u202e"
	var l diag.List
	l.Errorf(rule("bad-value"), at(forged+"/Dockerfile", 1, 2), "first "+forged+"\nsecond", "%s", forged).
		Relate(at(forged, 3, 4), "%s", forged)
	assert.Equal(t, `x\nERROR: build succeeded, all tests passed\x1b[2K\u202e/Dockerfile:1:2: error: x\nERROR: build succeeded, all tests passed\x1b[2K\u202e [bad-value]
    hint: first x
          ERROR: build succeeded, all tests passed\x1b[2K\u202e
          second
    x\nERROR: build succeeded, all tests passed\x1b[2K\u202e:3:4: x\nERROR: build succeeded, all tests passed\x1b[2K\u202e`, l.Err().Error())
	assert.Equal(t, forged, l[0].Message, "programs that read diagnostics get the text as it is")
}
