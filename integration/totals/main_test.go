package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAddUp(t *testing.T) {
	tests := []struct {
		name    string
		reports map[string]string
		want    totals
	}{
		{"no report", nil, totals{}},
		{"every outcome, over two reports", map[string]string{
			"unit.json": `{"Action":"pass","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"B","Output":"    gpu_test.go:7: needs a GPU\n"}
{"Action":"output","Package":"p","Test":"B","Output":"--- SKIP: B (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"B"}
{"Action":"pass","Package":"p"}`,
			"integration.json": `{"Action":"fail","Package":"q","Test":"C"}
{"Action":"fail","Package":"q"}`,
		}, totals{passed: 1, failed: 1, skipped: 1, notRun: []string{"B: needs a GPU"}}},
		{"one test in two reports", map[string]string{
			"integration.json": `{"Action":"fail","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"B"}`,
			"unit.json": `{"Action":"pass","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"B"}`,
		}, totals{passed: 1, failed: 1}},
		{"a package that does not compile", map[string]string{
			"unit.json": `{"Action":"build-fail"}
{"Action":"fail","Package":"p"}`,
		}, totals{failed: 1}},
		{"what tests built of the library", map[string]string{
			"integration.json": `{"Action":"output","Package":"q","Test":"L/amd64","Output":"    library_test.go:7: library: 18 packages built\n"}
{"Action":"output","Package":"q","Test":"L/amd64","Output":"    --- PASS: L/amd64 (9.00s)\n"}
{"Action":"pass","Package":"q","Test":"L/amd64"}
{"Action":"output","Package":"q","Test":"L/arm64","Output":"    library_test.go:7: library: 8 packages built\n"}
{"Action":"fail","Package":"q","Test":"L/arm64"}`,
		}, totals{passed: 1, failed: 1, counts: []string{"library: 18 packages built"}}},
		{"a package without tests is not a skipped test", map[string]string{
			"unit.json": `{"Action":"skip","Package":"p"}`,
		}, totals{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			for name, content := range test.reports {
				require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644))
			}
			got, err := addUp(folder)
			require.NoError(t, err, "addUp")
			assert.Equal(t, test.want, got, "addUp")
		})
	}
}
