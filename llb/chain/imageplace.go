package chain

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// fromOption matches the image or stage that COPY --from, RUN --mount=from and the same
// in an ONBUILD instruction name.
var fromOption = regexp.MustCompile(`[\s,=]["']?(?:--)?from=["']?([^\s,"']+)`)

// located returns an error with the place of the instruction that names the image which
// the error is about, and with whose ONBUILD instruction it is if it was inherited.
// BuildKit sets no place for an image that a RUN --mount names.
func (s *Stage) located(err error) error {
	parsed, parseErr := parser.Parse(bytes.NewReader(s.SourceMap.Data))
	if parseErr != nil {
		return err
	}
	at, _ := errors.AsType[*parser.LocationError](err)
	hasPlace := at != nil && slices.ContainsFunc(at.Locations, func(l []parser.Range) bool { return len(l) > 0 })
	var from []parser.Range
	for _, node := range parsed.AST.Children {
		if strings.EqualFold(node.Value, "from") {
			from = node.Location()
		}
		switch {
		case !namesImageOf(node.Original, err):
		case hasPlace:
			return err
		default:
			return parser.SetLocation(err, node.Location())
		}
	}
	for _, t := range s.Inherited {
		if namesImageOf(t.Instruction, err) {
			return parser.SetLocation(fmt.Errorf("%w\n%s", err, t.Explanation()), from)
		}
	}
	return err
}

// namesImageOf reports whether an instruction copies or mounts from the image that an
// error begins with.
func namesImageOf(instruction string, err error) bool {
	return slices.ContainsFunc(fromOption.FindAllStringSubmatch(instruction, -1), func(m []string) bool {
		return strings.HasPrefix(err.Error(), m[1]+": ")
	})
}
