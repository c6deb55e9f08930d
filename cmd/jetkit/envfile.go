package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"jetkit/pkgspec/diag"
)

// envFile is the file of variables that jetson-containers' build.sh sources.
const envFile = ".env"

// withEnvFile returns the system with the variables of .env in this folder. They win
// over the environment, as they do where a shell sources the file.
func (s *system) withEnvFile() (*system, error) {
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
	variables, err := godotenv.Parse(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %s: what is there is not shown, as it may be secret", envFile, withoutText(err))
	}
	if len(variables) == 0 {
		return s, nil
	}
	names := slices.Sorted(maps.Keys(variables))
	fmt.Fprintf(s.err, "note: %s sets %s\n", envFile, diag.Clean(strings.Join(names, ", ")))
	with := *s
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
