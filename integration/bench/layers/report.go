//go:build linux

package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one measurement of each side.
type row struct {
	size  int
	what  string
	sides []outcome
}

// report is the table of a part.
type report struct {
	title string
	rows  []row
}

func newReport(title string) *report { return &report{title: title} }

// add adds a row of each side's medians.
func (r *report) add(line row, outcomes [][]outcome) {
	for _, all := range outcomes {
		line.sides = append(line.sides, middle(all))
	}
	r.rows = append(r.rows, line)
}

// print writes the table: wall time and processor time of both forms with their ratios, and what ran.
func (r *report) print() error {
	w := heading(r.title)
	header := []string{"PACKAGES", "BUILD"}
	for _, what := range []string{"WALL", "CPU", "STEPS RUN"} {
		for _, form := range forms {
			header = append(header, strings.ToUpper(form)+" "+what)
		}
		if what != "STEPS RUN" {
			header = append(header, what+" RATIO")
		}
	}
	fmt.Fprintln(w, strings.Join(append(header, "LAYER STEPS RUN"), "\t"))
	for _, line := range r.rows {
		chain, packages := line.sides[0], line.sides[1]
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\n", line.size, line.what,
			seconds(chain.wall), seconds(packages.wall), ratio(packages.wall, chain.wall),
			seconds(chain.cpu), seconds(packages.cpu), ratio(packages.cpu, chain.cpu),
			chain.steps, packages.steps, packages.between)
	}
	return w.Flush()
}

// heading begins a table.
func heading(title string) *tabwriter.Writer {
	fmt.Printf("\n%s (load of the machine now: %s)\n\n", title, load())
	return tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
}

// load is how many processes want to run, on average over the last minute.
func load() string {
	dt, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	minute, _, _ := strings.Cut(string(dt), " ")
	return minute
}

// median is the middle one of some values.
func median[T any, V cmp.Ordered](all []T, value func(T) V) V {
	values := make([]V, len(all))
	for i, v := range all {
		values[i] = value(v)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

func ratio[N time.Duration | int64](a, b N) string {
	if b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2fx", float64(a)/float64(b))
}
