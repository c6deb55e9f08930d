package chain

import (
	"slices"
	"strconv"
	"strings"

	"jetkit/llb/testinit"
)

// launchers are the commands that run a step with what jetkit gives it.
func launchers() [][]string {
	all := [][]string{{CleanStep}, ccacheStep}
	for _, c := range packageCaches() {
		if c.programs != "" {
			all = append(all, []string{c.launcher()})
		}
	}
	return all
}

// PlainArgs returns a step's command without what jetkit runs it by.
func PlainArgs(args []string) []string {
	all := launchers()
	for {
		args = testinit.PlainArgs(args)
		i := slices.IndexFunc(all, func(l []string) bool { return len(args) >= len(l) && slices.Equal(args[:len(l)], l) })
		if i < 0 {
			return args
		}
		args = args[len(all[i]):]
	}
}

// PlainText returns a text without what jetkit runs steps by, which BuildKit's errors
// quote.
func PlainText(text string) string {
	var without []string
	for _, l := range launchers() {
		command := strings.Join(l, " ")
		quoted := strings.Trim(strconv.Quote(command), `"`)
		without = append(without, command+" ", "", quoted+" ", "")
	}
	return testinit.PlainText(strings.NewReplacer(without...).Replace(text))
}
