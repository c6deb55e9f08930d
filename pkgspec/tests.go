package pkgspec

import (
	"cmp"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

func testRun() form {
	return choice(func(s *Spec) *TestRun { return &s.Tests.Run }, TestAll, TestIntermediate, TestFinal, TestNone)
}

// shortTests is "tests: none". It takes false too, so that the message names the
// words.
func shortTests() form {
	f := testRun()
	return form{file: func(l *loader, field *yamlnode.Field, key string) {
		if s, ok := l.value(field.Value, key); ok {
			f.arg(l, s)
		}
	}, schema: f.schema}
}

// testSkip is a list of names. SKIP_TESTS takes what jetson-containers'
// --skip-tests takes: packages, "intermediate" for the tests on the packages' own
// stages, or "all".
func testSkip() form {
	f := names(func(s *Spec) *[]diag.Text { return &s.Tests.Skip })
	f.arg = func(l *loader, s located) {
		tests := &l.spec.Tests
		run := cmp.Or(tests.Run, TestAll)
		var names []located
		for _, word := range split(s) {
			switch word.Value {
			case "*":
				run = TestNone
				tests.Run = run
			case string(TestAll), string(TestIntermediate), string(TestFinal):
				run = run.without(TestRun(word.Value))
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
	return f
}

// testOnly is a list of names; an empty one would be a way to run no tests, for
// which there are plainer ones.
func testOnly() form {
	f := names(func(s *Spec) *[]diag.Text { return &s.Tests.Only })
	file := f.file
	f.file = func(l *loader, field *yamlnode.Field, key string) {
		if l.hasEntries(field.Value, key, "write run: none to run no tests") {
			file(l, field, key)
		}
	}
	f.arg = func(l *loader, s located) {
		tests := &l.spec.Tests
		tests.Only = l.names(l.splitSome(s))
		dropFromFile(&tests.Skip)
		if len(tests.Skip) > 0 {
			l.problems.Errorf(rules.ConflictingKeys, s.At, "keep one of them", "%s and SKIP_TESTS exclude each other", s.name)
		}
	}
	f.schema = schema.Some(schema.Text(namePattern.String()), 1)
	return f
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

// dropFromFile empties a list that the file gave, because a build argument says
// the opposite.
func dropFromFile(names *[]diag.Text) {
	if len(*names) > 0 && (*names)[0].At.File != "" {
		*names = nil
	}
}

// testData is the name of the folder that tests share at /data.
func testData() form {
	return matched(func(s *Spec) *string { return &s.Tests.Data }, dataPattern, "use letters, digits, and between them . _ / or -; or write none",
		"%s is not the name of a folder for tests").with(func(p *plan.Plan) string { return p.Tests.Data })
}
