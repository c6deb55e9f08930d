package report

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
)

// How much of a step's output the record keeps. Logs by step hold all of it.
const (
	keepHead = 32 << 10
	keepTail = 96 << 10
	// keepDone is for steps that ran to their end and are no tests: nobody reads it.
	keepDone = 4 << 10
)

// output collects what a step writes: its beginning and its end.
type output struct {
	head, tail []byte
	total      int64
	clipped    string
}

// clippedAt matches what BuildKit writes where it drops output.
// Source: moby/buildkit, util/progress/logs/logs.go.
var clippedAt = regexp.MustCompile(`\n\[output clipped, log limit (\S+) reached\]\n$`)

func (o *output) write(data []byte) {
	o.total += int64(len(data))
	if m := clippedAt.FindSubmatch(data); m != nil {
		o.clipped = string(m[1])
	}
	room := min(keepHead-len(o.head), len(data))
	o.head = append(o.head, data[:room]...)
	o.tail = append(o.tail, data[room:]...)
	if len(o.tail) > 2*keepTail {
		o.tail = bytes.Clone(o.tail[len(o.tail)-keepTail:])
	}
}

// record returns what was collected, nil if there was no output. If it is brief, it
// returns the end alone.
func (o *output) record(brief bool) *Output {
	if o.total == 0 {
		return nil
	}
	head, tail := o.head, o.tail[max(0, len(o.tail)-keepTail):]
	if all := slices.Concat(head, tail); brief {
		head, tail = nil, all[max(0, len(all)-keepDone):]
	}
	missing := o.total - int64(len(head)+len(tail))
	text := string(head)
	if missing > 0 {
		text += fmt.Sprintf("\n[… %d bytes left out …]\n", missing)
	}
	return &Output{Text: strings.TrimPrefix(plain(text+string(tail)), "\n"), Bytes: o.total, Missing: missing, Clipped: o.clipped}
}

// escapes matches what sets colours or moves the cursor of a terminal: CSI and OSC
// sequences and the two-character ones.
var escapes = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_a-z])")

// plain returns output as a terminal shows it in the end: without colours, and of a line
// that is written over and over, as progress bars are, what is written last.
func plain(text string) string {
	text = escapes.ReplaceAllString(strings.ReplaceAll(text, "\r\n", "\n"), "")
	if strings.ContainsRune(text, '\r') {
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			line = strings.TrimRight(line, "\r")
			lines[i] = line[strings.LastIndexByte(line, '\r')+1:]
		}
		text = strings.Join(lines, "\n")
	}
	return diag.CleanLines(text)
}
