package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
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
		{"a package without tests is not a skipped test", map[string]string{
			"unit.json": `{"Action":"skip","Package":"p"}`,
		}, totals{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			for name, content := range test.reports {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := addUp(folder)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("addUp = %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}
