//go:build linux

// Command matrix builds one project on builders of every kind that this machine can run, each a real one: other versions
// of BuildKit, other workers, and such as an administrator has locked down. It prints a table of what each lacks.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"jetkit/integration/harness"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == forwardCommand {
		exit(forward(os.Args[2], os.Args[3]))
	}
	m := &matrix{}
	only := flag.String("run", "", "only builders whose name matches this regular expression; the first is always built on")
	flag.StringVar(&m.page, "write", "", "also write the table into this page, between its marks")
	flag.BoolVar(&m.slow, "slow", false, "also builders that take many minutes")
	flag.BoolVar(&m.verbose, "v", false, "show what failed in full")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		exit(err)
	}
	m.only = pattern
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = m.run(ctx)
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "matrix: failed:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "matrix: "+format+"\n", args...) }

// matrix is one run.
type matrix struct {
	only    *regexp.Regexp
	page    string
	slow    bool
	verbose bool

	env *harness.Env
	// base, python and frontend are the images that all builds take.
	base, python, frontend string
	// self is this program, and socket the registry's way into other networks: see forward.
	self, socket string
	rows         []row
}

func (m *matrix) run(ctx context.Context) (err error) {
	newest, others, err := minors(ctx)
	if err != nil {
		return err
	}
	if m.env, err = harness.Start(ctx, harness.Options{Logf: say}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.env.Close()) }()
	if err := m.prepare(ctx); err != nil {
		return err
	}
	for i, b := range m.builders(newest, others) {
		if i > 0 && !m.only.MatchString(b.name) {
			continue
		}
		m.rows = append(m.rows, m.try(ctx, i, b))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if err := m.compare(ctx); err != nil {
		return err
	}
	text := m.table(newest)
	fmt.Println(text)
	if m.page != "" {
		return writeBetweenMarks(m.page, text)
	}
	return nil
}

// prepare makes the images, and lets users and networks of their own reach what they need.
func (m *matrix) prepare(ctx context.Context) (err error) {
	// Another user's daemon passes through the folder. What is in it is nobody's secret.
	if err := os.Chmod(m.env.Root, 0o711); err != nil {
		return err
	}
	if err := os.Chmod(filepath.Join(m.env.Root, "tmp"), 0o777|os.ModeSticky); err != nil {
		return err
	}
	if m.self, err = copyOfSelf(m.env.Root); err != nil {
		return err
	}
	m.socket = filepath.Join(m.env.Root, "registry.sock")
	if err := offer(m.socket, m.env.Registry); err != nil {
		return err
	}
	if m.base, err = m.env.Base(ctx); err != nil {
		return err
	}
	if m.frontend, err = m.env.FrontendImage(ctx); err != nil {
		return err
	}
	m.python = m.env.Ref("python:matrix")
	dir := filepath.Join(m.env.Root, "python")
	if err := writeTree(dir, map[string]string{
		"Dockerfile": "FROM " + m.base + "\nRUN apt-get update && apt-get install -y --no-install-recommends python3\n",
	}); err != nil {
		return err
	}
	return m.env.Buildx(ctx, harness.BuildxRun{Dir: dir, Args: []string{"--push", "--provenance=false", "--tag", m.python, "."}}).Err()
}

// try starts a builder and builds on it.
func (m *matrix) try(ctx context.Context, i int, b builder) row {
	say("%s", b.name)
	r := row{builder: b}
	opts, err := b.options(ctx, m)
	if err != nil {
		r.reason = "not tried: " + err.Error()
		say("%s", r.reason)
		return r
	}
	daemon, err := m.env.StartDaemon(ctx, fmt.Sprintf("m%d", i), opts)
	if err != nil {
		r.reason = "not tried: it does not start here: " + cause(err)
		say("not tried: %v", err)
		return r
	}
	defer daemon.Stop()
	if err := writeDevice(daemon, m.env.Root); err != nil {
		r.reason = err.Error()
		return r
	}
	if err := m.control(ctx, daemon); err != nil {
		r.reason = "it runs no step, of a plain Dockerfile neither: " + cause(err)
		say("%v", err)
		return r
	}
	for _, p := range probes {
		r.cells = append(r.cells, m.probe(ctx, daemon, fmt.Sprintf("m%d", i), p))
	}
	return r
}

// cause is what an error's text ends with, or what a runtime says in it.
func cause(err error) string {
	text := strings.TrimSpace(err.Error())
	if m := byRunc.FindString(text); m != "" {
		return m
	}
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// control builds a Dockerfile without jetkit. A builder that cannot do that is none.
func (m *matrix) control(ctx context.Context, daemon *harness.Daemon) error {
	dir := filepath.Join(m.env.Root, "control")
	if err := writeTree(dir, map[string]string{"Dockerfile": "FROM " + m.base + "\nRUN true\n"}); err != nil {
		return err
	}
	result := m.env.Buildx(ctx, harness.BuildxRun{Daemon: daemon, Dir: dir, Args: []string{"."}})
	if strings.Contains(result.Stderr, "invalid frontend") {
		return nil // which is how it was set up
	}
	return result.Err()
}
