package lint

import (
	"bytes"
	"cmp"
	"path"
	"regexp"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/rules"
)

var (
	// dataFile is a file of /data: with an extension, and without variables.
	dataFile = regexp.MustCompile(`(?:^|[\s"'=(,:\-])(/data/[\w./+-]+\.\w+)(?:$|[\s"'),;|&])`)
	// assigned is the name that a line gives a value: a variable, or an option of the test's.
	assigned = regexp.MustCompile(`^\s*(?:export\s+|local\s+)?(\w+)\s*=|["']--([\w-]+)["']`)
	// makes is what a line has that writes a file, gets it from somewhere, or asks whether it is there.
	makes = regexp.MustCompile(`(?i)\b(wget|curl|download\w*|urlretrieve|git|mkdir|makedirs|touch|save\w*|write\w*|dump\w*|exists|isfile|is_file|cp|mv|tee)\b|out(put)?\b|out_|_out|>\s*["']?/data|\s-[oO]\s|["']wb?["']|\[\[? -[ef] |test -[ef] `)
)

// TestData reports files of /data that a test reads and does not put there. file is the script's
// name in messages, and args the words behind it in the package's metadata.
func TestData(file string, script []byte, at diag.Range, args []string) diag.List {
	var l diag.List
	report := func(at diag.Range, name string) {
		l.Warnf(rules.TestData, at, "have the test download it if it is not there, or share a folder that has it with tests.data",
			"the test reads %s, and /data is empty on a new builder", name)
	}
	lines := strings.Split(string(script), "\n")
	made := func(line, name string) bool { return makes.MatchString(line) && strings.Contains(line, name) }
	isMade := func(names ...string) bool {
		for _, line := range lines {
			for _, name := range names {
				if name != "" && made(line, name) {
					return true
				}
			}
		}
		return false
	}
	for _, arg := range args {
		if m := dataFile.FindStringSubmatch(arg); m != nil && !makes.MatchString(strings.Join(args, " ")) {
			report(at, m[1])
		}
	}
	if bytes.IndexByte(script, 0) >= 0 {
		return l // a program
	}
	seen := map[string]bool{}
	for i, line := range lines {
		m := dataFile.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(strings.TrimSpace(line), "#") || seen[m[1]] {
			continue
		}
		variable := ""
		if a := assigned.FindStringSubmatch(line); a != nil {
			variable = cmp.Or(a[1], strings.ReplaceAll(a[2], "-", "_"))
		}
		if !makes.MatchString(line) && !isMade(m[1], path.Dir(m[1]), variable) {
			seen[m[1]] = true
			place := diag.Position{Line: i + 1}
			report(diag.Range{File: file, Start: place, End: place}, m[1])
		}
	}
	return l
}
