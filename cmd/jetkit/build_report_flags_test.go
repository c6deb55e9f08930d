package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/report"
)

func parseReportFlags(t *testing.T, args ...string) (*reportFlags, error) {
	t.Helper()
	var flags reportFlags
	cmd := &cobra.Command{}
	flags.register(cmd)
	return &flags, cmd.ParseFlags(args)
}

func TestReportFlags(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	flags, err := parseReportFlags(t, "--log-dir", at("logs"), "--report", at("a.html"), "--report="+at("b.json"), "--junit", at("c.txt"))
	require.NoError(t, err)
	recorder, err := flags.recorder(false)
	require.NoError(t, err)
	recorder.Build("numpy").Done(report.Outcome{Err: errors.New("it failed")})
	var out bytes.Buffer
	require.NoError(t, flags.finish(&system{err: &out}, recorder, false))
	assert.Equal(t, "\nLogs: "+at("logs")+"\nReport: "+at("a.html")+"\nReport: "+at("b.json")+"\nReport: "+at("c.txt")+"\n", out.String())
	assert.DirExists(t, at("logs"))
	for name, begin := range map[string]string{"a.html": "<!DOCTYPE html>", "b.json": "{\n  \"version\": 1,", "c.txt": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites"} {
		dt, err := os.ReadFile(at(name))
		require.NoError(t, err)
		assert.Equal(t, begin, string(dt[:len(begin)]))
		assert.Contains(t, string(dt), "it failed")
	}
	out.Reset()
	require.NoError(t, flags.finish(&system{err: &out}, recorder, true))
	assert.Empty(t, out.String())
}

func TestReportFlagsErrors(t *testing.T) {
	for args, want := range map[[2]string]string{
		{"--report", "x"}:                   "does not say what to write: end it with .html, .json or .xml (JUnit)",
		{"--report", ""}:                    "does not say what to write",
		{"--junit", ""}:                     "it needs the name of a file",
		{"--report=a.xml", "--junit=a.xml"}: "a.xml is written already",
	} {
		_, err := parseReportFlags(t, args[:]...)
		require.ErrorContains(t, err, want)
	}
	flags, err := parseReportFlags(t, "--report", filepath.Join(t.TempDir(), "missing", "a.html"))
	require.NoError(t, err)
	_, err = flags.recorder(false)
	require.ErrorContains(t, err, "no such file or directory")
}
