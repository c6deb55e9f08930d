package pkgspec

import (
	"fmt"
	"slices"
	"strings"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// healthWords are what a list may begin with, as in compose files.
var healthWords = []string{plan.HealthCommand, plan.HealthShell, plan.HealthNone}

// setHealthTest sets how a container is tested: by a text for the shell, or "none".
func setHealthTest(l *loader, s located) {
	test := &l.spec.Image.Healthcheck.Test
	switch {
	case strings.TrimSpace(s.Value) == "":
		l.reject(s, "write a command, or none", "the test is empty")
	case s.Value == "none":
		*test = []string{plan.HealthNone}
	default:
		*test = []string{plan.HealthShell, s.Value}
	}
}

// shortHealthcheck is "healthcheck: none", or the test alone.
func shortHealthcheck() form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if s, ok := l.value(f.Value, key); ok {
				setHealthTest(l, s)
			}
		},
		arg: setHealthTest, script: true,
		text:   healthText,
		schema: &schema.Schema{Type: "string", Pattern: `\S`},
	}
}

func healthText(s *Spec) string { return commandText(s.Image.Healthcheck.Test) }

// healthTest is a text for the shell, or a list that begins with how it runs.
func healthTest() form {
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if f.Value.Kind != yamlnode.List {
				shortHealthcheck().file(l, f, key)
				return
			}
			if !l.hasEntries(f.Value, key, "write [CMD, curl, -f, http://localhost]") {
				return
			}
			var words []string
			for _, item := range f.Value.Items {
				if s, ok := l.value(item, key); ok {
					words = append(words, s.Value)
				}
			}
			l.setHealthWords(f.Value, key, words)
		},
		text: healthText,
		schema: schema.Any(&schema.Schema{Type: "string", Pattern: `\S`},
			&schema.Schema{Type: "array", Items: schema.Scalar(), MinItems: 1}),
	}
}

// setHealthWords sets the test that a list is.
func (l *loader) setHealthWords(n *yamlnode.Node, key string, words []string) {
	if len(words) < len(n.Items) {
		return // what is no text is reported
	}
	whole := located{diag.Text{Value: words[0], At: n.At}, key}
	switch first := words[0]; {
	case !slices.Contains(healthWords, first):
		l.reject(whole, fmt.Sprintf("write [%s, %s, ...]", plan.HealthCommand, yamlnode.Excerpt(first)), "the list begins with %s, not with %s", yamlnode.Quote(first), diag.Or(healthWords))
	case first == plan.HealthNone && len(words) > 1, first == plan.HealthShell && len(words) != 2, first == plan.HealthCommand && len(words) == 1:
		l.reject(whole, "write [CMD, WORD, ...], [CMD-SHELL, SCRIPT] or [NONE]", "%s is followed by %d words", first, len(words)-1)
	default:
		l.spec.Image.Healthcheck.Test = words
	}
}

// healthTime is one of the times of a health check.
func healthTime(of func(*plan.Healthcheck) *plan.Seconds) form {
	return oneLine(func(l *loader, s located) {
		value, ok := plan.ParseTimeout(s.Value)
		if !ok || value == 0 {
			l.reject(s, "write hours, minutes and whole seconds: 30s, 1m30s", "%s is not a duration", yamlnode.Quote(s.Value))
			return
		}
		*of(&l.spec.Image.Healthcheck) = value
	}, func(s *Spec) string {
		value := *of(&s.Image.Healthcheck)
		return onlyIf(value > 0, value.String())
	}, schema.Text(plan.TimeoutPattern)).fileOnly()
}

// maxHealthRetries is more than anybody waits for.
const maxHealthRetries = 1000

// healthRetries is how many tests in a row fail before a container counts as unhealthy.
func healthRetries() form {
	retries := func(s *Spec) *int { return &s.Image.Healthcheck.Retries }
	return wholeNumber(func(s *Spec, n int) { *retries(s) = n }, func(s *Spec) string { return countText(*retries(s)) }, 1, maxHealthRetries).fileOnly()
}

// fileOnly takes the build argument away.
func (f form) fileOnly() form {
	f.arg = nil
	return f
}
