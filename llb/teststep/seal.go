package teststep

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/pkgspec/plan"
)

// ShareDir is where a finished image keeps what jetkit knows about it.
const ShareDir = "/usr/share/jetkit"

const (
	// ManifestFile is the name of the [Manifest] there.
	ManifestFile = "manifest.json"
	// ManifestVersion is the version of its form.
	ManifestVersion = 2
)

// Manifest describes a finished image. It holds no clock and no host, so that
// equal plans make equal files.
type Manifest struct {
	Version int `json:"version"`
	// Plan is the digest of the plan, explanations apart.
	Plan string `json:"plan"`
	Base string `json:"base"`
	// BuiltFor is the target: what the packages were told to build for. What the
	// image holds of it, only the tests can say.
	BuiltFor map[string]string `json:"built_for"`
	// Sources are the trees that jetson.yaml names by where they are, with their commits.
	Sources  []plan.Source     `json:"sources,omitempty"`
	Packages []ManifestPackage `json:"packages"`
	// Constraints are the versions of Python projects that the packages rely on.
	Constraints []ManifestConstraint `json:"constraints,omitempty"`
	// Runtime says what of the packages the image has; nil is all.
	Runtime *ManifestRuntime `json:"runtime,omitempty"`
	Tests   []TestResult     `json:"tests"`

	// constraintsText is the file of constraints.
	constraintsText string
}

// ManifestPackage is one package of the image, in build order.
type ManifestPackage struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	// Tag is the part of the name behind its colon, for packages that have one.
	Tag    string `json:"tag,omitempty"`
	Source string `json:"source"`
}

// ManifestConstraint is a version of a Python project that a package relies on.
type ManifestConstraint struct {
	Package    string `json:"package"`
	Constraint string `json:"constraint"`
}

// ManifestRuntime is of a runtime image.
type ManifestRuntime struct {
	// Base is what the image builds on, and Files are those of the packages that it has.
	Base  string   `json:"base"`
	Files []string `json:"files"`
}

// Result is what became of a test. There is no "failed": an image whose tests
// fail is never made.
type Result string

// The results of a test.
const (
	Passed  Result = "passed"
	Skipped Result = "skipped"
)

// Record describes one test on one image.
type Record struct {
	Package string   `json:"package"`
	Test    string   `json:"test"`
	Command []string `json:"command"`
	// Where is the image it ran on; empty if it was skipped.
	Where  Where  `json:"where,omitempty"`
	Result Result `json:"result"`
	// Reason is why a test was skipped.
	Reason string `json:"reason,omitempty"`
}

// TestResult is a test's record and, if the test ran, what it left in /out.
type TestResult struct {
	Record
	Out *llb.State `json:"-"`
}

// NewManifest describes the image of a plan once the runs have passed.
func NewManifest(p *plan.Plan, runs []Run) (*Manifest, error) {
	digest, err := p.Digest()
	if err != nil {
		return nil, err
	}
	m := &Manifest{Version: ManifestVersion, Plan: digest, Base: p.Base.Value, BuiltFor: targetFacts(p.Target), Sources: p.Sources, Packages: []ManifestPackage{}, Constraints: constraints(p.Steps), Tests: []TestResult{}, constraintsText: chain.ConstraintsText(p.Steps)}
	for _, s := range p.Steps {
		_, tag, _ := strings.Cut(s.Name, ":")
		source := s.Origin.File("")
		if s.Origin.Kind == plan.Context {
			source = string(plan.Context) + ":" + source
		}
		m.Packages = append(m.Packages, ManifestPackage{Name: s.Name, Aliases: s.Aliases, Tag: tag, Source: source})
	}
	if p.Image.IsRuntime() {
		m.Runtime = &ManifestRuntime{Base: cmp.Or(p.Image.Base, p.Base.Value)}
		for _, file := range p.Image.From {
			m.Runtime.Files = append(m.Runtime.Files, file.Path)
		}
	}
	for _, r := range runs {
		m.Tests = append(m.Tests, TestResult{
			Record: Record{Package: r.Step.Name, Test: r.Test.Name, Command: command(r.Test), Where: r.Where, Result: Passed},
			Out:    &r.Out,
		})
	}
	for _, s := range p.Steps {
		for _, t := range s.Tests {
			if t.Skipped != "" {
				m.Tests = append(m.Tests, TestResult{Record: Record{
					Package: s.Name, Test: t.Name, Command: command(t), Result: Skipped, Reason: t.Skipped,
				}})
			}
		}
	}
	return m, nil
}

// Labels returns the manifest's facts as image labels.
func (m *Manifest) Labels() map[string]string {
	names := make([]string, len(m.Packages))
	for i, p := range m.Packages {
		names[i] = p.Name
	}
	count := map[Result]int{}
	for _, t := range m.Tests {
		count[t.Result]++
	}
	labels := map[string]string{
		plan.LabelPrefix + "plan":          m.Plan,
		plan.LabelPrefix + "packages":      strings.Join(names, " "),
		plan.LabelPrefix + "tests.passed":  strconv.Itoa(count[Passed]),
		plan.LabelPrefix + "tests.skipped": strconv.Itoa(count[Skipped]),
	}
	for k, v := range m.BuiltFor {
		labels[plan.LabelPrefix+"built-for."+k] = v
	}
	return labels
}

// BuildInput is a step that the image depends on without holding any of its files: one
// that ran config.py files, or a check.
type BuildInput struct {
	State llb.State
	// Empty is an empty folder of the state.
	Empty string
}

// Seal finishes an image: one operation that takes the /out folder of every test that ran,
// and with it depends on the test, and writes the manifest and a record per test. It takes
// every build input's empty folder too, because a cache holds the steps that the image
// depends on: another builder finds the input there.
//
// The epoch dates the operation's entry of the image's history; nil leaves that to the
// exporter.
func Seal(finished chain.Stage, m *Manifest, inputs []BuildInput, epoch *time.Time, opts ...llb.ConstraintsOpt) (llb.State, error) {
	// Files carry the beginning of time, so that layers repeat.
	created := llb.WithCreatedTime(time.Unix(0, 0))
	manifest, err := encode(m)
	if err != nil {
		return llb.State{}, err
	}
	action := llb.Mkdir(ShareDir, 0o755, llb.WithParents(true), created).
		Mkfile(path.Join(ShareDir, ManifestFile), 0o644, manifest, created)
	if m.constraintsText != "" {
		action = action.Mkfile(path.Join(ShareDir, ConstraintsFile), 0o644, []byte(m.constraintsText), created)
	}
	if len(m.Tests) > 0 {
		action = action.Mkdir(path.Join(ShareDir, "tests"), 0o755, llb.WithParents(true), created)
	}
	for i, r := range m.Tests {
		dt, err := encode(r.Record)
		if err != nil {
			return llb.State{}, err
		}
		name := path.Join(ShareDir, "tests", recordName(i, r.Record))
		action = action.Mkfile(name+".json", 0o644, dt, created)
		if r.Out != nil {
			action = action.Copy(*r.Out, outDir, name, &llb.CopyInfo{
				CopyDirContentsOnly: true, CreateDestPath: true, CreatedTime: new(time.Unix(0, 0)),
			})
		}
	}
	for _, in := range inputs {
		action = action.Copy(in.State, in.Empty, ShareDir, &llb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: new(time.Unix(0, 0))})
	}
	finished.Image.History = append(finished.Image.History, ocispecs.History{CreatedBy: "jetkit seal # " + m.Plan, Comment: "jetkit", Created: epoch})
	return finished.State.File(action, opts...), nil
}

// recordName returns a record's file name: in the order of the manifest, and
// readable, whatever characters the test's declaration has.
func recordName(i int, r Record) string {
	return fmt.Sprintf("%03d-%s", i+1, strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c) {
			return c
		}
		return '_'
	}, r.Package+"-"+r.Test+"-"+cmp.Or(string(r.Where), string(r.Result))))
}

func targetFacts(t plan.Target) map[string]string {
	facts := map[string]string{}
	for _, f := range t.Facts() {
		if f.Value.Value != "" {
			facts[f.Key] = f.Value.Value
		}
	}
	return facts
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding the image's manifest: %w", err)
	}
	return b.Bytes(), nil
}
