package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"jetkit/cmd/internal/outfile"
	"jetkit/cmd/internal/report"
)

// reportFlags are the options of what a build leaves behind beside its image.
type reportFlags struct {
	logDir string
	files  reportFiles
}

// reportFile is a report to write.
type reportFile struct {
	name   string
	format report.Format
}

func (f *reportFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.logDir, "log-dir", "", "write the output of each step and test into a file of its own, below `DIR`")
	cmd.Flags().Var(&f.files, "report", "write a report of the build into `FILE`: .html is a page, .json data, .xml JUnit. Can be repeated")
	cmd.Flags().Func("junit", "write the tests' results as JUnit's XML into `FILE`", func(file string) error { return f.files.add(file, report.JUnit) })
	_ = cmd.MarkFlagDirname("log-dir") // an error would mean that there is no such flag
	_ = cmd.MarkFlagFilename("report", "html", "json", "xml")
	_ = cmd.MarkFlagFilename("junit", "xml")
}

// recorder starts the record of one build, or of several. Files that cannot be written
// are an error now, and not after hours.
func (f *reportFlags) recorder(several bool) (*report.Recorder, error) {
	for _, file := range f.files {
		if err := outfile.Check(file.name); err != nil {
			return nil, fmt.Errorf("report %s: %w", file.name, err)
		}
	}
	return report.New(report.Options{LogDir: f.logDir, Several: several})
}

// finish writes the reports that were asked for and, unless it is to be quiet, the table at
// the end of a build. It is called however the build ended.
func (f *reportFlags) finish(sys *system, r *report.Recorder, quiet bool) error {
	rep := r.Report()
	if !quiet {
		var table strings.Builder
		_ = rep.Table(&table) // memory does not fail
		if table.Len() > 0 {  // what is before is the progress
			fmt.Fprint(sys.err, "\n"+table.String())
		}
	}
	errs := []error{r.Err()}
	say := func(what, where string) {
		if !quiet {
			fmt.Fprintf(sys.err, "%s: %s\n", what, where)
		}
	}
	if !quiet && (rep.LogDir != "" || len(f.files) > 0) {
		fmt.Fprintln(sys.err)
	}
	if rep.LogDir != "" {
		say("Logs", rep.LogDir)
	}
	for _, file := range f.files {
		err := rep.WriteFile(file.name, file.format)
		if err == nil {
			say("Report", file.name)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// reportFiles is the value of --report.
type reportFiles []reportFile

func (f *reportFiles) String() string { return "" }
func (f *reportFiles) Type() string   { return "file" }

// Set adds a report in the format that the file's name says.
func (f *reportFiles) Set(file string) error {
	format, err := report.FormatOf(file)
	if err != nil {
		return err
	}
	return f.add(file, format)
}

func (f *reportFiles) add(file string, format report.Format) error {
	if file == "" {
		return errors.New("it needs the name of a file")
	}
	for _, other := range *f {
		if other.name == file {
			return fmt.Errorf("%s is written already", file)
		}
	}
	*f = append(*f, reportFile{file, format})
	return nil
}
