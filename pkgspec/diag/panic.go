package diag

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// Panic returns the error for what a deferred function recovered, with the place
// in jetkit's code that panicked; nil for nil. It is for code that reads files of
// strangers: one that trips jetkit up must not take the others with it, nor end
// the program before anyone is told.
func Panic(recovered any) error {
	if recovered == nil {
		return nil
	}
	return fmt.Errorf("internal error of jetkit, please report it with these files: %v%s", recovered, panickedAt())
}

// panickedAt returns the innermost frame below the panic that is not the
// runtime's: " (scan.go:12)". It is "" if there is none.
func panickedAt() string {
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters[:])])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf(" (%s:%d)", path.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}
