package daemonjson

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const runtime = `{"path": "nvidia-container-runtime", "runtimeArgs": []}`

// TestSet adds NVIDIA's runtime, and makes it the default, in files as people write
// them. What changes is kept as a diff, in which a carriage return is ␍ and the byte
// order mark ‹BOM›; JETKIT_UPDATE=1 writes it.
func TestSet(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.Greater(t, len(files), 10)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			changed := set(t, text, runtime, "runtimes", "nvidia")
			changed = set(t, changed, `"nvidia"`, "default-runtime")
			got := visible(string(diff.Diff("before", text, "after", changed)))
			golden := strings.TrimSuffix(file, ".json") + ".diff"
			if os.Getenv("JETKIT_UPDATE") != "" {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
			again := set(t, changed, `"nvidia"`, "default-runtime")
			assert.Equal(t, string(changed), string(again), "a second change has nothing to do")
		})
	}
}

func visible(text string) string {
	return strings.NewReplacer("\r", "␍", string(byteOrderMark), "‹BOM›").Replace(text)
}

func set(t *testing.T, text []byte, value string, path ...string) []byte {
	t.Helper()
	f, err := Parse(text)
	require.NoError(t, err)
	changed, err := f.Set(value, path...)
	require.NoError(t, err)
	return changed
}

func TestSyntaxErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  // mine\n  \"debug\": true\n}":        "line 2, column 3: a comment, which JSON does not have, where a key in double quotes is expected",
		"{\n  \"debug\": true, # mine\n}":           "line 2, column 18: a comment, which JSON does not have, where a key in double quotes is expected",
		"{\n  \"debug\": true,\n}":                  "line 3, column 1: a comma before }, where another key is expected",
		"{\n  \"debug\": true\n  \"ipv6\": true\n}": `line 3, column 3: '"' where a comma or } is expected`,
		"{\"runtimes\": {}":                         "line 1, column 16: the file ends where a comma or } is expected",
		"{'debug': true}":                           "line 1, column 2: a single quote (JSON has double quotes only) where a key in double quotes is expected",
		"{\"ü\": \"ü\", \"dns\": [\"8.8.8.8\",]}":   "line 1, column 30: a comma before ], where another value is expected",
		"{\"debug\": True}":                         "line 1, column 11: 'T' where a value is expected",
		"{\"debug\" true}":                          "line 1, column 10: 't' where the : after the key \"debug\" is expected",
		"{\"a\": \"b\n\"}":                          "line 1, column 7: the string that begins here does not end on its line",
		"{\"a\": \"b":                               "line 1, column 7: the string that begins here does not end",
		"{\"a\": \"\\x\"}":                          "line 1, column 7: the string has an escape that JSON does not have",
		"{\"a\": \"\x01\"}":                         "line 1, column 8: a control character in a string",
		"{}{}":                                      "line 1, column 3: '{' after the end of the file's { }",
		"[]":                                        "line 1, column 1: '[' where the file's { is expected",
		"null":                                      "line 1, column 1: 'n' where the file's { is expected",
		"\xff\xfe{\x00}\x00":                        "line 1, column 1: the file is in UTF-16; save it in UTF-8",
		"{\n\"a\": \"\xe9\"}":                       "line 2, column 7: the file is not in UTF-8",
		"\xef\xbb\xbfx":                             "line 1, column 1: 'x' where the file's { is expected",
		`{"a":` + strings.Repeat("[", 200):          "line 1, column 106: values are nested more than 100 deep",
		"{\"debug\": 01}":                           "line 1, column 11: '0' where a value is expected",
	} {
		_, err := Parse([]byte(text))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, "%q", text)
		assert.Equal(t, want, err.Error(), "%q", text)
	}
}

func TestLookup(t *testing.T) {
	f, err := Parse([]byte("{\n  \"runtimes\": {\"nvidia\": {\"path\": \"/a\\u0062\"}},\n  \"debug\": true\n}"))
	require.NoError(t, err)
	v, found := f.Lookup("runtimes", "nvidia", "path")
	require.True(t, found)
	text, ok := v.String()
	assert.True(t, ok)
	assert.Equal(t, "/ab", text)
	assert.Equal(t, [2]int{2, 35}, [2]int{v.Line, v.Column})
	v, found = f.Lookup("debug")
	require.True(t, found)
	_, ok = v.String()
	assert.False(t, ok)
	_, found = f.Lookup("debug", "deeper")
	assert.False(t, found)
	assert.Equal(t, []string{"runtimes", "debug"}, f.Keys())
	assert.Empty(t, f.Keys("nowhere"))
	_, err = f.Set("{}", "debug", "deeper")
	require.ErrorContains(t, err, `line 3, column 12: the value of "debug" is no { }`)
	empty, err := Parse([]byte(" \n"))
	require.NoError(t, err)
	assert.True(t, empty.Empty())
	_, found = empty.Lookup("debug")
	assert.False(t, found)
}

func TestDuplicates(t *testing.T) {
	f, err := Parse([]byte("{\n\"log-opts\": {\"a\": \"1\",\n \"a\": \"2\"},\n\"debug\": true,\n\"debug\": false}"))
	require.NoError(t, err)
	assert.Equal(t, []Duplicate{{"log-opts.a", 2, 3, 2}, {"debug", 4, 5, 1}}, f.Duplicates())
	v, _ := f.Lookup("debug")
	assert.Equal(t, "false", v.Text, "the last one counts")
}

// FuzzSet accepts what encoding/json accepts, and changes nothing but what is set.
func FuzzSet(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		if len(text) < 10000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse(text)
		var object map[string]json.RawMessage
		valid := json.Unmarshal(bytes.TrimPrefix(text, byteOrderMark), &object) == nil && object != nil
		if err != nil {
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			return
		}
		require.True(t, valid || file.Empty())
		if len(file.Duplicates()) > 0 {
			return
		}
		if changed, err := file.Set(runtime, "runtimes", "nvidia"); err == nil {
			require.True(t, json.Valid(bytes.TrimPrefix(changed, byteOrderMark)), "%q", changed)
		}
	})
}
