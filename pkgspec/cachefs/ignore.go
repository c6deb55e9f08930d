package cachefs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// IgnoreFile is the name of the file that says what is not part of a context.
const IgnoreFile = ".dockerignore"

// ReadIgnoreFile reads the context's ignore file; nil if there is none.
func (f *FS) ReadIgnoreFile() ([]byte, error) {
	dt, err := f.ReadFile(IgnoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return dt, err
}

// Ignored reads the text of an ignore file and returns which folders it leaves
// out, for Options.Hidden. A pattern that matches files only, such as
// "**/Dockerfile*", hides nothing, and a folder is shown if an exception ("!") can
// match something in it: as Docker reads the Dockerfile itself whatever
// the ignore file says, jetkit reads what describes a package. The build gets no
// file that the ignore file leaves out.
func Ignored(text []byte) (func(dir string) bool, error) {
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("parsing %s: %w", IgnoreFile, err)
	}
	return IgnoredBy(patterns)
}

// IgnoredBy is Ignored for the patterns of an ignore file.
func IgnoredBy(patterns []string) (func(dir string) bool, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("parsing %s: %w", IgnoreFile, err)
	}
	// A matcher compiles its patterns when they are first used, so that it must not
	// be used by two goroutines at once.
	var mu sync.Mutex
	return func(dir string) bool {
		mu.Lock()
		defer mu.Unlock()
		ignored, err := matcher.MatchesOrParentMatches(dir)
		return err == nil && ignored && !slices.ContainsFunc(matcher.Patterns(), func(p *patternmatcher.Pattern) bool {
			return p.Exclusion() && mayMatchBelow(p.String(), dir)
		})
	}, nil
}

// mayMatchBelow reports whether a pattern can match something below a folder.
func mayMatchBelow(pattern, dir string) bool {
	fixed := pattern
	if i := strings.IndexAny(pattern, `*?[\`); i >= 0 {
		fixed = pattern[:i]
		if strings.HasPrefix(dir+"/", fixed) {
			return true
		}
	}
	return strings.HasPrefix(fixed, dir+"/")
}
