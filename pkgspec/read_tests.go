package pkgspec

import (
	"cmp"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/yamlnode"
)

func (l *loader) readTests(f *yamlnode.Field, path string) {
	if f.Value.Kind == yamlnode.Scalar && f.Value.Tag != yamlnode.NullTag {
		// The short form, tests: none. It takes false too, so that the message
		// names the words.
		if s, ok := l.value(f.Value, path); ok {
			l.testRun(s)
		}
		return
	}
	tests := &l.spec.Tests
	l.keys(f.Value, path, slices.Concat([]key{
		{"run", l.with(l.testRun)},
		{"skip", l.nameList(&tests.Skip)},
		{"only", func(f *yamlnode.Field, path string) {
			if f.Value.Kind == yamlnode.List && len(f.Value.Items) == 0 {
				l.emptyList(f, path, "write run: none to run no tests")
				return
			}
			l.nameList(&tests.Only)(f, path)
		}},
		{"gpu", l.with(l.gpuMode(&tests.GPU))},
		{"device", l.with(l.device(&tests.Device))},
		{"epoch", l.with(func(s said) { tests.Epoch = s.text })},
		{"data", l.with(l.testData)},
	}, l.stepKeys(&tests.Sandbox, &tests.Privileged))...)
	if skip, only := f.Value.Get("skip"), f.Value.Get("only"); skip != nil && only != nil {
		l.problems.Errorf(rules.ConflictingKeys, only.KeyAt, "keep one of them", "tests.skip and tests.only exclude each other").
			Relate(skip.KeyAt, "skip is here")
	}
	if device := f.Value.Get("device"); device != nil && tests.GPU != "" && tests.GPU != plan.GPUCDI {
		l.problems.Warnf(rules.NoEffect, device.KeyAt, "leave it out, or write gpu: cdi", "tests.device has no effect with gpu: %s", tests.GPU)
	}
}

func (l *loader) readImage(f *yamlnode.Field, path string) {
	image := &l.spec.Image
	l.keys(f.Value, path,
		key{"entrypoint", l.command(&image.Entrypoint)},
		key{"cmd", l.command(&image.Cmd)},
		key{"env", func(f *yamlnode.Field, path string) { l.table(f.Value, path, l.setEnv) }},
		key{"labels", func(f *yamlnode.Field, path string) { l.table(f.Value, path, l.setLabel) }},
		key{"workdir", l.with(l.workdir)},
		key{"user", l.with(l.user)},
	)
}

// command reads a list of words, or a script for the shell.
func (l *loader) command(into *[]string) func(*yamlnode.Field, string) {
	return func(f *yamlnode.Field, path string) {
		if !l.expect(f.Value, path, "a list of words, or a text for the shell", yamlnode.List, yamlnode.Scalar) {
			return
		}
		if f.Value.Kind == yamlnode.Scalar {
			s, ok := l.value(f.Value, path)
			switch {
			case ok && strings.TrimSpace(s.text) == "":
				l.reject(s, "leave it out to keep what the last package sets", "the command is empty")
			case ok:
				*into = shellForm(s.text)
			}
			return
		}
		if len(f.Value.Items) == 0 {
			l.emptyList(f, path, "leave it out to keep what the last package sets")
		}
		for _, item := range f.Value.Items {
			if s, ok := l.value(item, path); ok {
				*into = append(*into, s.text)
			}
		}
	}
}

func (l *loader) setEnv(name, value said) {
	if !l.checkEnvName(name) {
		return
	}
	if l.spec.Image.Env == nil {
		l.spec.Image.Env = map[string]string{}
	}
	l.spec.Image.Env[name.text] = value.text
}

func (l *loader) setLabel(name, value said) {
	switch {
	case !labelPattern.MatchString(name.text):
		l.reject(name, "use letters, digits and punctuation, as in org.opencontainers.image.title", "%s is not the name of a label", yamlnode.Quote(name.text))
		return
	case strings.HasPrefix(name.text, plan.LabelPrefix):
		l.problems.Errorf(rules.ReservedName, name.at, "use a prefix of your own", "%s: labels that begin with %s are jetkit's own", name.name, plan.LabelPrefix)
		return
	}
	if l.spec.Image.Labels == nil {
		l.spec.Image.Labels = map[string]string{}
	}
	l.spec.Image.Labels[name.text] = value.text
}

// without takes one part away from what a run covers.
func (r TestRun) without(part TestRun) TestRun {
	switch {
	case part == TestAll || r == part || r == TestNone:
		return TestNone
	case r == TestAll && part == TestIntermediate:
		return TestFinal
	case r == TestAll && part == TestFinal:
		return TestIntermediate
	}
	return r
}

// skipTests reads SKIP_TESTS, which takes what jetson-containers' --skip-tests
// takes: packages, "intermediate" for the tests on the packages' own stages, or
// "all".
func (l *loader) skipTests(s said) {
	tests := &l.spec.Tests
	run := cmp.Or(tests.Run, TestAll)
	var names []said
	for _, word := range split(s) {
		switch word.text {
		case "*":
			run = TestNone
			tests.Run = run
		case string(TestAll), string(TestIntermediate), string(TestFinal):
			run = run.without(TestRun(word.text))
			tests.Run = run
		default:
			names = append(names, word)
		}
	}
	if len(names) > 0 {
		tests.Skip = l.names(names)
		dropFromFile(&tests.Only)
	}
}

// testOnly reads TEST_ONLY.
func (l *loader) testOnly(s said) {
	tests := &l.spec.Tests
	tests.Only = l.names(l.splitSome(s))
	dropFromFile(&tests.Skip)
	if len(tests.Skip) > 0 {
		l.problems.Errorf(rules.ConflictingKeys, s.at, "keep one of them", "%s and SKIP_TESTS exclude each other", s.name)
	}
}

// dropFromFile empties a list that the file gave, because a build argument says
// the opposite.
func dropFromFile(names *[]diag.Text) {
	if len(*names) > 0 && (*names)[0].At.File != "" {
		*names = nil
	}
}
