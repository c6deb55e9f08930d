package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/cmd/internal/report"
)

func TestReportFlags(t *testing.T) {
	var flags reportFlags
	dir := filepath.Join(t.TempDir(), "logs")
	cmd := &cobra.Command{}
	flags.register(cmd)
	require.NoError(t, cmd.ParseFlags([]string{"--log-dir", dir}))
	recorder, err := flags.recorder("default", false)
	require.NoError(t, err)
	recorder.Build("numpy").Done(report.Outcome{})
	var out bytes.Buffer
	require.NoError(t, flags.finish(&system{err: &out}, recorder))
	assert.Equal(t, "\nLogs of the steps: "+dir+"\n", out.String())
	assert.DirExists(t, dir)
}
