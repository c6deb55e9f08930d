package builder

import (
	"regexp"
	"strconv"
	"strings"
)

// plain drops what BuildKit's client and gRPC put before the reason: what was
// being done, the code, and their own words about connections.
func plain(err error) error {
	text := strings.TrimPrefix(err.Error(), "failed to list workers: ")
	if m := described.FindStringSubmatch(text); m != nil {
		if inner, err := strconv.Unquote(m[1]); err == nil {
			text = inner
		}
	}
	return &cause{text: ownWords.ReplaceAllString(text, ""), error: err}
}

var (
	// described is gRPC's error of a connection, with the reason in quotes.
	described = regexp.MustCompile(`(?s)desc = (".*")$`)
	ownWords  = regexp.MustCompile(`^(rpc error: code = \w+ desc = |Unavailable: |connection error: |transport: Error while dialing: |error reading server preface: |transport: failed to write [a-z ]+: )+`)
)

// cause is an error with a text of its own.
type cause struct {
	text string
	error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.error }
