package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"jetkit/pkgspec/diag"
)

// JUnit's elements, as Jenkins, GitLab and others read them.
// Source: jenkinsci/xunit-plugin, junit-10.xsd.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string         `xml:"name,attr"`
		Tests      int            `xml:"tests,attr"`
		Failures   int            `xml:"failures,attr"`
		Errors     int            `xml:"errors,attr"`
		Skipped    int            `xml:"skipped,attr"`
		Time       string         `xml:"time,attr"`
		Timestamp  string         `xml:"timestamp,attr"`
		Properties *junitSettings `xml:"properties,omitempty"`
		Cases      []junitCase    `xml:"testcase"`
		seconds    float64
	}
	junitSettings struct {
		All []junitSetting `xml:"property"`
	}
	junitSetting struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		Time      string        `xml:"time,attr"`
		Skipped   *junitProblem `xml:"skipped,omitempty"`
		Error     *junitProblem `xml:"error,omitempty"`
		Failure   *junitProblem `xml:"failure,omitempty"`
		Output    string        `xml:"system-out,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// junit writes the tests as JUnit does: a suite for each package, a case for each test. What
// failed to build is an error in its package's suite, and what failed before there were
// packages one in a suite of the build's.
func (r *Report) junit(w io.Writer) error {
	suites := junitSuites{Name: "jetkit build", Time: junitTime(r.Seconds)}
	for i := range r.Builds {
		b := &r.Builds[i]
		found := 0
		for j := range b.Images {
			for _, p := range b.Images[j].Packages {
				s := r.suite(b, &b.Images[j], p.Name)
				if found += s.Errors + s.Failures; len(s.Cases) > 0 {
					suites.Suites = append(suites.Suites, s)
				}
			}
		}
		if b.Result != Success && found == 0 {
			suites.Suites = append(suites.Suites, r.buildSuite(b))
		}
	}
	for _, s := range suites.Suites {
		suites.Tests, suites.Failures, suites.Errors = suites.Tests+s.Tests, suites.Failures+s.Failures, suites.Errors+s.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r *Report) newSuite(name string) junitSuite {
	return junitSuite{Name: diag.Clean(name), Timestamp: r.Started.Format("2006-01-02T15:04:05")}
}

// suite makes the suite of a package: its instructions that failed, and its tests.
func (r *Report) suite(b *Build, img *Image, pkg string) junitSuite {
	s := r.newSuite(suiteName(r, b, img, pkg))
	s.Properties = &junitSettings{[]junitSetting{
		{"platform", diag.Clean(img.Platform)},
		{"l4t", diag.Clean(img.Plan.Target.L4T.Value)},
		{"cuda", diag.Clean(img.Plan.Target.CUDA.Value)},
		{"plan", img.PlanDigest},
	}}
	class := diag.Clean(pkg)
	for _, step := range b.Steps {
		if step.Phase == PhaseBuild && step.Result == Failure && len(step.Packages) > 0 && step.Packages[0] == pkg && step.on(img) {
			s.add(junitCase{Name: "build: " + diag.Clean(step.Name), ClassName: class, Error: &junitProblem{
				Message: diag.Clean(exitCode(step.Error)), Type: "build", Text: diag.CleanLines(step.Error),
			}}, &step)
		}
	}
	for _, t := range img.Tests {
		if t.Package == pkg {
			s.add(caseOf(&t, class), b.step(t.Step))
		}
	}
	s.Time = junitTime(s.seconds)
	return s
}

// suiteName tells packages of several builds and platforms apart.
func suiteName(r *Report, b *Build, img *Image, pkg string) string {
	name := pkg
	if len(b.Images) > 1 {
		name += " on " + img.Platform
	}
	if len(r.Builds) > 1 {
		name = b.Name + ": " + name
	}
	return name
}

func caseOf(t *Test, class string) junitCase {
	c := junitCase{Name: diag.Clean(testName(t)), ClassName: class}
	switch t.Result {
	case Failure:
		c.Failure = &junitProblem{Message: diag.Clean(t.Reason), Type: "test"}
	case Skipped:
		c.Skipped = &junitProblem{Message: diag.Clean(t.Reason)}
	case NotRun:
		c.Skipped = &junitProblem{Message: "not run: the build ended before"}
	case Interrupted, Running:
		c.Skipped = &junitProblem{Message: "stopped: the build ended before the test did"}
	}
	return c
}

// testName is a test's name with what it runs on, where that is not its package's own stage.
func testName(t *Test) string {
	if len(t.Where) == 1 && t.Where[0] == "image" {
		return t.Name + " (on the image)"
	}
	return t.Name
}

// add adds a case with its step's time and output.
func (s *junitSuite) add(c junitCase, step *Step) {
	c.Time = junitTime(0)
	if step != nil {
		c.Time = junitTime(step.Seconds)
		s.seconds += step.Seconds
		if step.Output != nil {
			c.Output = step.Output.Text
			if c.Failure != nil { // what many programs show of a case is this alone
				c.Failure.Text = tail(c.Output, outputLines)
			}
		}
		if step.Result == Cached {
			c.Output = "cached: it passed before with the same image, files and settings\n" + c.Output
		}
	}
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// buildSuite holds the failure of a build that is none of a package's.
func (r *Report) buildSuite(b *Build) junitSuite {
	s := r.newSuite(b.Name)
	message := headline(b.Error)
	if b.Result == Interrupted {
		message = "interrupted"
	}
	s.add(junitCase{Name: "build", ClassName: diag.Clean(b.Name), Error: &junitProblem{
		Message: diag.Clean(message), Type: string(b.Result), Text: diag.CleanLines(b.Error),
	}}, nil)
	s.Time = junitTime(b.Seconds)
	return s
}

// headline returns the line of an error that says what is wrong, which may have the place in
// a file in front.
func headline(text string) string {
	_, after, placed := strings.Cut("\n"+text, "\nERROR: ")
	if placed {
		text = after
	}
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, ":")
}

func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }

// on reports whether a step belongs to an image.
func (s *Step) on(img *Image) bool { return s.Platform == "" || s.Platform == img.Platform }

// step returns a step by its ID, nil if there is none.
func (b *Build) step(id int) *Step {
	if id < 1 || id > len(b.Steps) {
		return nil
	}
	return &b.Steps[id-1]
}
