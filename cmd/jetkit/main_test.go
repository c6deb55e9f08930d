package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jetkit/cmd/internal/machine"
	container "jetkit/cmd/internal/run"
)

// TestMain makes jetkit a command of the scripts, with a machine of their own:
// its files are below $MACHINE.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"jetkit": func() {
			os.Exit(run(context.Background(), os.Args[1:], &system{
				in: os.Stdin, out: os.Stdout, err: os.Stderr,
				env: os.LookupEnv, machine: machine.At(os.Getenv("MACHINE")), cache: os.Getenv("JETKIT_CACHE"),
				session: testSession,
				disk:    func(string) (free, total int64, err error) { return 400 << 30, 500 << 30, nil },
			}))
		},
	})
}

// TestScript runs testdata/script/*.txtar: one file for each thing that the
// commands do, with the exit code and the whole output. Update the outputs with
// JETKIT_UPDATE=1 go test ./cmd/jetkit.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("JETKIT_UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("MACHINE", filepath.Join(env.WorkDir, "machine"))
			env.Setenv("JETKIT_CACHE", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("PATH", os.Getenv("PATH"))
			// A program with the race detector sleeps for a second at its end otherwise.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			// Scripts that bring programs of their own have no others but jetkit's.
			env.Setenv("JETKIT_BIN", filepath.SplitList(os.Getenv("PATH"))[0])
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"cmpplans": cmpPlans,
		},
	})
}

// exits runs a program that must fail with one exit code: exits 125 jetkit plan -x.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](ts.Exec(args[1], args[2:]...)); ok {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// places are the parts of a plan that say where in the user's file something
// stands.
var places = regexp.MustCompile(`( at | \()jetson\.yaml:\d+:\d+\)?|(?s:  "requested_at": \{.*?\n  \},\n)`)

// cmpPlans compares two JSON plans, except for places in the user's file.
func cmpPlans(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cmpplans ONE OTHER")
	}
	var texts [2][]byte
	for i, file := range args {
		texts[i] = places.ReplaceAll([]byte(ts.ReadFile(file)), nil)
		if !json.Valid(texts[i]) {
			ts.Fatalf("%s is no JSON", file)
		}
	}
	if bytes.Equal(texts[0], texts[1]) == neg {
		ts.Fatalf("the plans are equal: %t\n%s\n%s", !neg, texts[0], texts[1])
	}
}

// testSession is the session of a script: root's, without a terminal, at a fixed time. $TEST_USER is another user:
// "NUMBER NAME GROUP GROUP...".
func testSession() container.Session {
	dir, _ := os.Getwd()
	session := container.Session{WorkDir: dir, Now: time.Date(2026, 11, 26, 9, 30, 5, 0, time.UTC), Terminal: os.Getenv("TEST_TERMINAL") != ""}
	for i, field := range strings.Fields(os.Getenv("TEST_USER")) {
		number, _ := strconv.Atoi(field)
		switch i {
		case 0:
			session.User.ID = number
		case 1:
			session.User.Name = field
		default:
			session.User.Groups = append(session.User.Groups, number)
		}
	}
	return session
}
