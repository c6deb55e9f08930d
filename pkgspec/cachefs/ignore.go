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

// IgnorePatterns returns the patterns of the context's ignore file, none if there
// is no such file.
func (f *FS) IgnorePatterns() ([]string, error) {
	dt, err := f.ReadFile(IgnoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ParseIgnoreFile(dt)
}

// ParseIgnoreFile returns the patterns of an ignore file.
func ParseIgnoreFile(text []byte) ([]string, error) {
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("parsing %s: %w", IgnoreFile, err)
	}
	return patterns, nil
}

// Ignored returns what an ignore file with these patterns leaves out of a
// context, for Options.Hidden: folders, unless an exception ("!") can match
// something in them, and files but for those that describe a package. As Docker
// reads the Dockerfile itself whatever the ignore file says, jetkit reads what
// describes a package. The build gets no file that the ignore file leaves out.
func Ignored(patterns []string, describes func(name string) bool) (func(name string, isDir bool) bool, error) {
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
	return func(name string, isDir bool) bool {
		if !isDir && describes(name) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		ignored, err := matcher.MatchesOrParentMatches(name)
		return err == nil && ignored && !(isDir && slices.ContainsFunc(matcher.Patterns(), func(p *patternmatcher.Pattern) bool {
			return p.Exclusion() && mayMatchBelow(p.String(), name)
		}))
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
