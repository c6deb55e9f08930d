package lint_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/llb/lint"
	"jetkit/pkgspec/diag"
)

// FuzzCheck reads Dockerfiles of strangers: each finding is in a line that there is.
func FuzzCheck(f *testing.F) {
	data, err := os.ReadFile(examplesFile)
	require.NoError(f, err)
	for _, file := range txtar.Parse(data).Files {
		f.Add(string(file.Data))
	}
	for _, text := range []string{
		"FROM x\nRUN <<A <<B\nmake\nA\nmake || true\nB\n", "FROM x\nRUN a $( \\\n", "FROM x\nRUN [\"sh\", \"-c\", \"make | x\"]\n",
		"ARG A=${A}\nFROM ${A:-${B}} AS ${A}\nRUN ${A}\n", "# escape=`\nFROM x\nRUN a `\n  apt-get update\n", "FROM x\nONBUILD RUN make || true\n", "ARG 0", "FROM 0\nRUN", "FROM x\nRUN pip install git+",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, d := range append(lint.Check([]byte(text), facts()), lint.Warnings([]byte(text), facts())...) {
			assert.Positive(t, d.At.Start.Line)
			assert.LessOrEqual(t, d.At.Start.Line, lines, d.String())
		}
		for _, d := range lint.TestData("test.sh", []byte(text), diag.Range{}, nil) {
			assert.LessOrEqual(t, d.At.Start.Line, lines, d.String())
		}
	})
}

// TestDeepScripts holds that a script which is nested without end is left alone.
func TestDeepScripts(t *testing.T) {
	const most = 32 << 10 // what is read
	for _, open := range []string{"(", "$(", "{ ", "if ", "\"$(", "${a:-", "! ", "<(", "a=(", "$(("} {
		for _, length := range []int{most - 100, 3 * most} {
			deep := strings.Repeat(strings.Repeat(open, 1000/len(open))+" \\\n", length/1000)
			assert.Empty(t, lint.Check([]byte("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN "+deep+"make || true\n"), facts()), open)
			assert.Empty(t, lint.Check([]byte("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN <<EOF\n"+deep+"\nEOF\n"), facts()), open)
		}
	}
}
