// Command totals adds up the reports of `go test -json` in a folder. It lists how many packages of the library were built,
// and the tests that did not run, with what they said of why. It ends with one line, "N passed, N failed, N skipped". Subtests count, as they do in `go test -v`.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	alsoFailed := flag.Int("also-failed", 0, "`phases` that failed, counted when no test of the reports did")
	flag.Parse()
	total, err := addUp(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "totals:", err)
		os.Exit(1)
	}
	if total.failed == 0 {
		total.failed = *alsoFailed
	}
	for _, line := range total.counts {
		fmt.Println(line)
	}
	for _, line := range total.notRun {
		fmt.Println("not run:", line)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", total.passed, total.failed, total.skipped)
}

type totals struct {
	passed, failed, skipped int
	// notRun names the skipped tests, each with its reason, sorted.
	notRun []string
	// counts are what tests that passed say of the library, sorted.
	counts []string
}

// addUp reads every *.json in the folder; a folder without any is zero tests. A test that two reports tell of (the
// integration run sees the plain tests of its packages again) is one test, which failed if it failed once.
func addUp(folder string) (totals, error) {
	reports, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return totals{}, err
	}
	all := outcomes{action: map[test]string{}, reason: map[test]string{}}
	for _, path := range reports {
		if err := all.addReport(path); err != nil {
			return totals{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	return all.count(), nil
}

// event is the part of a test2json event that counts.
type event struct {
	Action string
	test
	Output string
}

// test names a test, or a package under the empty name.
type test struct {
	Package string
	Test    string
}

// outcomes holds the last word on each test, and what it last logged.
type outcomes struct{ action, reason map[test]string }

// libraryCount begins what a test logs that built packages of the library: how many.
const libraryCount = "library: "

// logged is a line that a test logged, as go test prints it.
var logged = regexp.MustCompile(`^\s+\w+\.go:\d+: (.*)\n$`)

func (o outcomes) addReport(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	events := json.NewDecoder(bufio.NewReader(file))
	for {
		var e event
		if err := events.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if m := logged.FindStringSubmatch(e.Output); m != nil {
			o.reason[e.test] = m[1]
		}
		if slices.Contains([]string{"pass", "fail", "skip"}, e.Action) && o.action[e.test] != "fail" {
			o.action[e.test] = e.Action
		}
	}
}

func (o outcomes) count() totals {
	var sum totals
	failedTests := map[string]int{} // per package
	for key, action := range o.action {
		switch {
		case key.Test == "":
		case action == "pass":
			sum.passed++
			if strings.HasPrefix(o.reason[key], libraryCount) {
				sum.counts = append(sum.counts, o.reason[key])
			}
		case action == "skip":
			sum.skipped++
			sum.notRun = append(sum.notRun, key.Test+": "+o.reason[key])
		case action == "fail":
			sum.failed++
			failedTests[key.Package]++
		}
	}
	slices.Sort(sum.notRun)
	slices.Sort(sum.counts)
	for key, action := range o.action {
		// A package that failed without a failed test did not compile, or died outside of one.
		if key.Test == "" && action == "fail" && failedTests[key.Package] == 0 {
			sum.failed++
		}
	}
	return sum
}
