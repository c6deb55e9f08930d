package pkgspec

import "testing"

// TestSyntaxProblems covers files that are faulty whatever their keys are.
func TestSyntaxProblems(t *testing.T) {
	checkProblems(t, []problem{
		{"duplicate keys", `packages: a
base: b
target: {cuda: 12, cuda: 13}
base: c
`, `
«cuda» jetson.yaml:3:20: error: the key "cuda" occurs twice [duplicate-key]
    hint: keep one of them
    jetson.yaml:3:10: the first one is here
«base» jetson.yaml:4:1: error: the key "base" occurs twice [duplicate-key]
    hint: keep one of them
    jetson.yaml:2:1: the first one is here
`},
		{"keys that are no texts", `1: a
true: b
[x]: c
packages: a
`, `
«1» jetson.yaml:1:1: error: unknown key "1" [unknown-key]
    hint: it can be version, target, facts, base, packages, sources, locked, skip, args, resources, layers, build, tests or image
«true» jetson.yaml:2:1: error: unknown key "true" [unknown-key]
    hint: it can be version, target, facts, base, packages, sources, locked, skip, args, resources, layers, build, tests or image
«[x]» jetson.yaml:3:1: error: a key must be a text, not a list [bad-key]
    hint: write a single word before the colon
`},
		{"NUL", `packages: a
image: {cmd: "a\0b"}
`, `
«"a\0b"» jetson.yaml:2:14: error: the text holds a NUL character [bad-value]
    hint: remove the \0
`},
		{"merge keys", `packages: a
args: {<<: A}
image: {env: {<<: [{A: 1}, 2, [x]]}}
`, `
«A» jetson.yaml:2:12: error: << must name mappings to merge, not a text [wrong-type]
    hint: write <<: *name, or <<: [*name, *other]
«2» jetson.yaml:3:28: error: << must name mappings to merge, not a number [wrong-type]
    hint: write <<: *name, or <<: [*name, *other]
«[x]» jetson.yaml:3:31: error: << must name mappings to merge, not a list [wrong-type]
    hint: write <<: *name, or <<: [*name, *other]
`},
		{"alias inside its anchor", "packages: &a [*a]\n", `
«*a» jetson.yaml:1:15: error: the alias *a is part of the value that it stands for [alias-cycle]
    hint: write the value out
`},
		{"unknown anchor", "packages: [*ros]\n", `
«packages: [*ros]» jetson.yaml:1:1: error: an alias (*name) has no anchor (&name) before it [yaml-syntax]
    hint: define &name before it is used, or put the value in quotes if it is a pattern: "*ros"
`},
		{"unquoted pattern", `packages:
- numpy
- *
`, `
«- *» jetson.yaml:3:1: error: a value begins with * or &, which YAML takes for an alias or an anchor [yaml-syntax]
    hint: put the value in quotes: "*"
`},
		{"tab", "target:\n\tcuda: 12\npackages: a\n", `
«cuda: 12» jetson.yaml:2:2: error: the line is indented with a tab [yaml-syntax]
    hint: indent with spaces: YAML does not allow tabs
`},
		{"indentation", `# syntax=x
target:
  jetpack: 6.2
 cuda: 12
packages: a
`, `
«cuda: 12» jetson.yaml:4:2: error: the line does not fit the indentation of the lines before it [yaml-syntax]
    hint: give the keys of a mapping, and the entries of a list, the same indentation
`},
		{"indentation in a list", `packages:
  - a
 - b
`, `
«- b» jetson.yaml:3:2: error: the line does not fit the indentation of the lines before it [yaml-syntax]
    hint: give the keys of a mapping, and the entries of a list, the same indentation
`},
		{"list not closed", `packages: [a,
  b
base: c
`, `
«packages: [a,» jetson.yaml:1:1: error: a list that begins with [ is not closed, or a comma is missing in it [yaml-syntax]
    hint: separate its entries with commas and close it with ]
`},
		{"mapping not closed", `packages: a
target: {cuda: 12
`, `
«target: {cuda: 12» jetson.yaml:2:1: error: a mapping that begins with { is not closed, or a comma is missing in it [yaml-syntax]
    hint: separate its keys with commas and close it with }
`},
		{"quote not closed", `packages: a
base: "b
`, `
«base: "b» jetson.yaml:2:1: error: a quoted text is not closed [yaml-syntax]
    hint: end the text with the quote that it begins with
`},
		{"colon in a value", `packages: a
base: b: c
`, `
«base: b: c» jetson.yaml:2:1: error: a key stands where a value is going on [yaml-syntax]
    hint: check the indentation; put a value that holds ": " in quotes
`},
		{"no colon", `packages: a
base b
tests: none
`, `
«base b» jetson.yaml:2:1: error: a colon is missing after a key [yaml-syntax]
    hint: write key: value, with a space after the colon
`},
		{"reserved character", `packages: a
base: @b
`, `
«base: @b» jetson.yaml:2:1: error: a value begins with a character that YAML reserves (one of @ ` + "`" + ` %) or with a tab [yaml-syntax]
    hint: put the value in quotes, and indent with spaces
`},
		{"error after the document", `packages: a
]
`, `
«]» jetson.yaml:2:1: error: the line does not fit the indentation of the lines before it [yaml-syntax]
    hint: give the keys of a mapping, and the entries of a list, the same indentation
`},
		{"error in a second document", `packages: a
---
base: [
`, `
«base: [» jetson.yaml:3:1: error: a value is missing, or a bracket is not closed [yaml-syntax]
    hint: close every [ with ] and every { with }
`},
		{"several documents", `packages: a
---
packages: b
`, `
«---» jetson.yaml:2:1: error: the file holds more than one YAML document [several-documents]
    hint: keep one document, and move what is below the --- to a file of its own
`},
		{"empty file", "", `
«» jetson.yaml:1:1: error: the file says nothing [empty-file]
    hint: name at least the packages to build, for example: packages: [numpy]
`},
		{"only comments", `# syntax=x

`, `
«» jetson.yaml:1:1: error: the file says nothing [empty-file]
    hint: name at least the packages to build, for example: packages: [numpy]
`},
		{"null document", "---\n", `
«» jetson.yaml:1:1: error: the file says nothing [empty-file]
    hint: name at least the packages to build, for example: packages: [numpy]
`},
		{"not UTF-8", "packages: a\xff\n", `
«?» jetson.yaml:1:12: error: the file holds the byte 0xff, which is not UTF-8 text [bad-character]
    hint: save the file as UTF-8 text, and remove characters that came in by copying
`},
		{"control character", "packages: a\x07\n", `
«?» jetson.yaml:1:12: error: the file holds the character U+0007, which is not allowed [bad-character]
    hint: save the file as UTF-8 text, and remove characters that came in by copying
`},
		{"old line ends", "packages: a\rbase: b\r", `
«?» jetson.yaml:1:12: error: the file holds a carriage return without a line feed [bad-character]
    hint: save the file as UTF-8 text, and remove characters that came in by copying
`},
		{"unicode line end", "packages: a # x\u2028\n", `
«?» jetson.yaml:1:16: error: the file holds the character U+2028, which is not allowed [bad-character]
    hint: save the file as UTF-8 text, and remove characters that came in by copying
`},
	})
}
