package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// junitSchema is what may be in an element: attributes, with "!" those that must be there, and
// elements in their order. Source: jenkinsci/xunit-plugin, junit-10.xsd.
var junitSchema = map[string]struct{ attributes, elements []string }{
	"testsuites": {strings.Fields("name time tests failures disabled errors"), []string{"testsuite"}},
	"testsuite":  {strings.Fields("name! tests! failures errors time disabled skipped timestamp hostname id package"), strings.Fields("properties testcase system-out system-err")},
	"properties": {nil, []string{"property"}},
	"property":   {strings.Fields("name! value"), nil},
	"testcase":   {strings.Fields("name! classname! assertions time status"), strings.Fields("skipped error failure system-out system-err")},
	"skipped":    {strings.Fields("message type"), nil},
	"error":      {strings.Fields("message type"), nil},
	"failure":    {strings.Fields("message type"), nil},
	"system-out": {nil, nil},
}

// checkJUnit checks a report against the schema, and its counts.
func checkJUnit(t *testing.T, text []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(text))
	var open []string
	last := []int{0}
	counts := map[string]int{}
	var want [3]int
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			if len(open) == 0 {
				require.Equal(t, "testsuites", name)
				for i, key := range []string{"tests", "failures", "errors"} {
					want[i], err = strconv.Atoi(attribute(e, key))
					require.NoError(t, err)
				}
			} else {
				at := slices.Index(junitSchema[open[len(open)-1]].elements, name)
				require.GreaterOrEqual(t, at, last[len(last)-1], "%s in %s", name, open[len(open)-1])
				last[len(last)-1] = at
			}
			for _, a := range e.Attr {
				require.Contains(t, strings.ReplaceAll(strings.Join(junitSchema[name].attributes, " ")+" ", "!", ""), a.Name.Local+" ")
			}
			for _, a := range junitSchema[name].attributes {
				if needed, ok := strings.CutSuffix(a, "!"); ok {
					assert.NotEmpty(t, attribute(e, needed), "%s of %s", needed, name)
				}
			}
			counts[name]++
			open, last = append(open, name), append(last, 0)
		case xml.EndElement:
			assert.False(t, e.Name.Local == "properties" && counts["property"] == 0, "properties without one")
			open, last = open[:len(open)-1], last[:len(last)-1]
		}
	}
	assert.Equal(t, want, [3]int{counts["testcase"], counts["failure"], counts["error"]})
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func TestJUnit(t *testing.T) {
	for _, name := range recordings {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, replay(t, name).Write(&out, JUnit))
			checkJUnit(t, out.Bytes())
		})
	}
}

// A build without a plan has an error too.
func TestJUnitOfNoPlan(t *testing.T) {
	r, err := New(Options{})
	require.NoError(t, err)
	r.Build("numpy").Done(Outcome{Err: errors.New("jetson.yaml:1:1: error: unknown key\n  hint: none")})
	var out bytes.Buffer
	require.NoError(t, r.Report().Write(&out, JUnit))
	checkJUnit(t, out.Bytes())
	assert.Contains(t, out.String(), `<error message="jetson.yaml:1:1: error: unknown key" type="failure">`)
}

func TestHeadline(t *testing.T) {
	for text, want := range map[string]string{
		"it failed\nbecause":                        "it failed",
		"ERROR: it failed\nbecause\nERROR: of this": "it failed",
		"jetson.yaml:1\n-----\n   1 | >>> layers: packages\n-----\nERROR: it failed:\nso": "it failed",
		"": "",
	} {
		assert.Equal(t, want, headline(text), "%q", text)
	}
}
