//go:build integration

package integration

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// text is a jetson.yaml that is the whole of a text.
func text(yaml string) hostileTree {
	return hostileTree{tree: files{"jetson.yaml": yaml, "packages/a/Dockerfile": plainPackage}, bare: true}
}

// request is a jetson.yaml with lines of its own behind those that ask for package a.
func request(lines string) hostileTree {
	return hostileTree{tree: files{"jetson.yaml": "packages: [a]\n" + lines, "packages/a/Dockerfile": plainPackage + "RUN true\n"}}
}

var hostileTexts = map[string]hostileTree{
	"a billion laughs":          request("skip: &a [x, x]\nb: &b [" + strings.Repeat("*a,", 9) + "]\nc: &c [" + strings.Repeat("*b,", 9) + "]\nd: &d [" + strings.Repeat("*c,", 9) + "]\nskip: [" + strings.Repeat("*d,", 9) + "]\n").says("[unknown-key]"),
	"a long text, many times":   request("skip: [&a " + strings.Repeat("x", 50_000) + strings.Repeat(", *a", 50_000) + "]\n").says("[too-large]"),
	"an alias of itself":        request("args: &a {X: *a}\n").says("[alias-cycle]"),
	"mappings in mappings":      request("args: " + strings.Repeat("{a: ", 5000) + strings.Repeat("}", 5000) + "\n").says("[wrong-type]"),
	"indents in indents":        request("args:\n" + indents(1500)).says("[too-large]"),
	"a key of a megabyte":       request(strings.Repeat("k", 1<<20) + ": 1\n").says("[too-large]"),
	"a number of 100,000":       request("tests: {parallel: " + strings.Repeat("9", 100_000) + "}\n").says("[bad-value]"),
	"a number without end":      request("tests: {retries: .inf}\n").says("[bad-value]"),
	"a key twice":               request("packages: [b]\n").says("[duplicate-key]"),
	"a merge":                   request("x: &x {gpu: skip}\ntests: {<<: *x}\n").says("[unknown-key]"),
	"a type of Ruby's":          request("args: !ruby/object:Gem::Requirement {X: id}\n").says("[wrong-type]"),
	"bytes in base 64":          request("base: !!binary L2V0Yy9wYXNzd2Q=\n").says("[wrong-type]"),
	"a directive":               text("%YAML 9.9\n---\npackages: [a]\n").says("[yaml-syntax]"),
	"a tag for all":             text("%TAG ! tag:evil.example,2026:\n---\npackages: ![a]\n").says("[wrong-type]"),
	"two documents":             request("---\npackages: [b]\n").says("[several-documents]"),
	"a list as key":             request("? [a, b]\n: 1\n").says("[bad-key]"),
	"a zero byte":               request("base: a\x00b\n").says("[bad-character]"),
	"a byte order mark":         text("\ufeff" + target() + "\npackages: [a]\n"),
	"UTF-16":                    text("\xff\xfe" + wide(target()+"\npackages: [a]\n")).says("[bad-character]"),
	"bytes that are no text":    request("base: \xc3\x28\n").says("[bad-character]"),
	"carriage returns alone":    text(target() + "\rpackages: [a]\r").says("[bad-character]"),
	"a million entries":         request("skip: [" + strings.Repeat("a,", 1_000_000) + "]\n").says("[too-large]"),
	"a comment of 32 megabytes": request("#" + strings.Repeat("x", 32<<20) + "\n").says("[too-large]").fails("exceeds maximum allowed size"),
	"nothing":                   text("").says("[empty-file]"),
	"a text alone":              text("/etc/passwd\n").says("[wrong-type]"),
	"a forged line":             request("base: \"x\\n" + forgery + "\\e]52;c;eA==\\a\"\n").says("[bad-value]"),
	"a base on the machine":     request("base: oci-layout:///etc\n").says("[bad-value]"),
	"a base that is an option":  request("base: --privileged\n").says("[bad-value]"),
	"data of another":           request("tests: {data: ../../outside}\n").says("[bad-value]"),
	"a cache at the root":       request("build: {ccache: true, ccache_dir: /../..}\n").says("[bad-value]"),
	"a volume with a way out":   request("image: {volumes: [/../../etc]}\n"),
	"an environment":            request("image: {env: {'LD_PRELOAD=/x;id': 1}}\n").says("[bad-value]"),
	"privileges":                request("build: {privileged: true}\n").fails("security.insecure is not allowed"),
	"the machine's network":     request("build: {network: host}\n").fails("network.host is not allowed"),
	"facts without end":         request("facts: " + strings.Repeat("[", 5000) + "\n").says("[yaml-syntax]"),
}

// indents is a mapping in a mapping in a mapping.
func indents(depth int) string {
	var b strings.Builder
	for i := range depth {
		fmt.Fprintf(&b, "%sa:\n", strings.Repeat(" ", i+1))
	}
	return b.String()
}

// wide is a text in UTF-16.
func wide(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

func header(lines string) hostileTree {
	return hostileTree{tree: files{"packages/a/Dockerfile": "#---\n" + lines + "#---\n" + plainPackage}}
}

func jsonConfigured(text string) hostileTree {
	return hostileTree{tree: files{"packages/a/Dockerfile": plainPackage, "packages/a/config.json": text}}
}

var hostileMetadata = map[string]hostileTree{
	"a header of one line without end":  header("# notes: " + strings.Repeat("x", 4<<20) + "\n").says("[too-large]"),
	"a header that never ends":          hostileTree{tree: files{"packages/a/Dockerfile": "#---\n" + strings.Repeat("# x: 1\n", 200_000)}}.says("[too-large]"),
	"a header with a merge":             header("# x: &x {name: evil}\n# <<: *x\n").says("[missing-package]"),
	"a header with a carriage return":   header("# name: a\r# test: $(touch pwned)\n").says("[bad-character]"),
	"JSON in JSON":                      jsonConfigured(strings.Repeat(`{"a":`, 20_000)).says("[too-deep]"),
	"JSON with a key twice":             jsonConfigured(`{"name": "a", "name": "../../outside"}`).says("[duplicate-key]"),
	"JSON with a number without end":    jsonConfigured(`{"name": "a", "test_timeout": 1e999}`).says("[bad-value]"),
	"JSON with more behind it":          jsonConfigured(`{"name": "a"} {"name": "b"}`).says("[json-syntax]"),
	"JSON with half a character":        jsonConfigured(`{"name": "a", "notes": "\ud800"}`),
	"JSON that is a list of a million":  jsonConfigured("[" + strings.Repeat("1,", 1_000_000) + "1]").says("[too-large]"),
	"JSON with a prototype":             jsonConfigured(`{"__proto__": {"name": "evil"}, "name": "a"}`).says("[unknown-key]"),
	"tests that are options":            configured("name: a\ntest: [--help, -rf, '-c id']\n", nil).says("[missing-file]"),
	"a test with spaces and quotes":     configured("name: a\ntest: \"it's \\\"a\\\" test.sh\"\n", files{"packages/a/it's \"a\" test.sh": script("true")}).says("[bad-test]"),
	"a test with a line break":          configured("name: a\ntest: \"test.sh\\n"+forgery+"\"\n", files{"packages/a/test.sh": script("true")}),
	"a test with a substitution":        configured("name: a\ntest: test.sh $(touch /pwned) `touch /pwned`\n", files{"packages/a/test.sh": script("test ! -e /pwned")}),
	"100,000 tests":                     configured("name: a\ntest: ["+strings.Repeat("test.sh,", 100_000)+"]\n", files{"packages/a/test.sh": script("true")}).says("[too-large]"),
	"a package that asks for a secret":  configured("name: a\ntest: test.sh\nsecrets: [/etc/passwd]\n", files{"packages/a/test.sh": script("true")}).says("[unknown-key]"),
	"a device of the machine's":         configured("name: a\nbuildkit_device: /dev/mem\n", nil).says("[bad-device]"),
	"requirements of a million letters": configured("name: a\nrequires: '"+strings.Repeat(">=", 500_000)+"'\n", nil).says("write L4T as in").fails("write L4T as in"),
}
