package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"jetkit/pkgspec/diag"
)

// envFile is the file of variables that jetson-containers' build.sh sources.
const envFile = ".env"

// withEnvFile returns the system with the variables of .env in this folder. They win
// over the environment, as they do where a shell sources the file. What it sets is noted
// unless that was done before.
func (s *system) withEnvFile(noted bool) (*system, error) {
	if s.envFile != nil {
		return s, nil
	}
	info, err := os.Stat(envFile)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() { // Python's environments are called so too
		return s, nil
	}
	if err == nil && !info.Mode().IsRegular() { // it could be waited for
		err = errors.New("it is no ordinary file")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", envFile, err)
	}
	f, err := os.Open(envFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	variables, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		return nil, badEnvFile(text, err)
	}
	if len(variables) == 0 {
		return s, nil
	}
	names := slices.Sorted(maps.Keys(variables))
	with := *s
	with.envFile = map[string]int{}
	for _, name := range names {
		with.envFile[name] = lineOf(text, name)
	}
	if !noted {
		fmt.Fprintf(s.err, "note: %s sets %s\n", envFile, diag.Clean(strings.Join(names, ", ")))
		with.noteShell(names, variables)
	}
	with.env = func(name string) (string, bool) {
		if value, ok := variables[name]; ok {
			return value, true
		}
		return s.env(name)
	}
	return &with, nil
}

// withoutText is what an error of godotenv says before it repeats the file's text.
func withoutText(err error) string {
	what := err.Error()
	for _, text := range []string{` "`, " '"} {
		what, _, _ = strings.Cut(what, text)
	}
	return what
}

// noteShell notes values that only a shell would compute.
func (s *system) noteShell(names []string, variables map[string]string) {
	for _, name := range names {
		if strings.Contains(variables[name], "$(") || strings.Contains(variables[name], "`") {
			fmt.Fprintf(s.err, "note: %s: %s has a command in it; no shell reads this file, and the text stays as it is\n", s.origin(name), diag.Clean(name))
		}
	}
}

// lineOf returns the number of the line that sets a variable last.
func lineOf(text []byte, name string) int {
	sets := regexp.MustCompile(`^\s*(?:export\s+)?` + regexp.QuoteMeta(name) + `\s*[=:]`)
	found, n := 0, 0
	for line := range bytes.Lines(text) {
		if n++; sets.Match(line) {
			found = n
		}
	}
	return found
}

// badEnvFile is the error of a file that cannot be read, with the first line that cannot be the end of one:
// the line that is wrong, or where a quotation that never ends begins.
func badEnvFile(text []byte, err error) error {
	good, n, end := 0, 0, 0
	text = text[:min(len(text), 1<<16)] // each part is parsed, and no such file is longer
	for line := range bytes.Lines(text) {
		n, end = n+1, end+len(line)
		if _, err := godotenv.UnmarshalBytes(text[:end]); err == nil {
			good = n
		}
	}
	return fmt.Errorf("%s:%d: %s: what is there is not shown, as it may be secret", envFile, good+1, withoutText(err))
}
