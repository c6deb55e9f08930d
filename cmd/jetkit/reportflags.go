package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/report"
)

// reportFlags are the options of what a build leaves behind beside its image.
type reportFlags struct {
	logDir string
}

func (f *reportFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.logDir, "log-dir", "", "write the output of each step and test into a file of its own, below `DIR`")
	_ = cmd.MarkFlagDirname("log-dir") // an error would mean that there is no such flag
}

// recorder starts the record of one build, or of several. The builder is where the steps
// run, for the report.
func (f *reportFlags) recorder(builder string, several bool) (*report.Recorder, error) {
	return report.New(report.Options{LogDir: f.logDir, Builder: builder, Several: several})
}

// finish writes the reports that were asked for, and the table at the end of a build. It is
// called however the build ended.
func (f *reportFlags) finish(sys *system, r *report.Recorder) error {
	rep := r.Report()
	if err := rep.Table(sys.err); err != nil {
		return err
	}
	if rep.LogDir != "" {
		fmt.Fprintf(sys.err, "\nLogs of the steps: %s\n", rep.LogDir)
	}
	return r.Err()
}
