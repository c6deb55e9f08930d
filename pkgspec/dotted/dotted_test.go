package dotted

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Version{
		"36.4.3": {36, 4, 3}, "0": {0}, "3.010": {3, 10}, "1.2.3.4.5.6": {1, 2, 3, 4, 5, 6},
		"": nil, "36.": nil, ".4": nil, "-1": nil, "+1": nil, "3.x": nil, "3 .1": nil, "٣.1": nil, "1.2.3.4.5.6.7": nil, "1234567": nil,
	} {
		got, ok := Parse(text)
		assert.Equal(t, want, got, text)
		assert.Equal(t, want != nil, ok, text)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b              string
		order             int
		prefix, sameMinor bool
	}{
		{"36.4.3", "36.4.3", 0, true, true},
		{"36.4", "36.4.0", 0, true, true},
		{"36.4.3", "36.4", 1, true, true},
		{"36.4", "36.10", -1, false, false},
		{"36", "35.9.9", 1, false, false},
		{"3.10", "3", 1, true, false},
	} {
		a, b := Of(test.a), Of(test.b)
		assert.Equal(t, test.order, a.Compare(b), "%s, %s", test.a, test.b)
		assert.Equal(t, -test.order, b.Compare(a), "%s, %s", test.b, test.a)
		assert.Equal(t, test.prefix, a.HasPrefix(b), "%s, %s", test.a, test.b)
		assert.Equal(t, test.sameMinor, a.SameMinor(b), "%s, %s", test.a, test.b)
	}
	assert.Equal(t, "12.6", Of("12.6.68").MajorMinor())
	assert.Equal(t, "3.10", Of("03.10").String())
	assert.Nil(t, Of("no number"))
}
