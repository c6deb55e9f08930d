package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/containerd/console"

	"jetkit/pkgspec/diag"
)

// isTerminal reports whether a stream is one that a person sits at.
func isTerminal(stream any) bool {
	f, ok := stream.(console.File)
	if !ok {
		return false
	}
	_, err := console.ConsoleFromFile(f)
	return err == nil
}

// asks reports whether the user can be asked something: questions are on standard error,
// so that standard output stays free for results.
func (s *system) asks() bool { return isTerminal(s.in) && isTerminal(s.err) }

// ask asks a question on the terminal. Without one, the answer is the one by default.
func (s *system) ask(ctx context.Context, question string, byDefault bool) (bool, error) {
	if !s.asks() {
		return byDefault, nil
	}
	return s.question(ctx, question, byDefault)
}

// question asks until the answer is yes or no, wherever the answer comes from. The end of
// the input is a no.
func (s *system) question(ctx context.Context, question string, byDefault bool) (bool, error) {
	choices := "[y/N]"
	if byDefault {
		choices = "[Y/n]"
	}
	in := bufio.NewScanner(s.in)
	for {
		fmt.Fprintf(s.err, "%s %s ", diag.Clean(question), choices)
		line := make(chan string, 1)
		go func() { // reading cannot be interrupted
			if in.Scan() {
				line <- in.Text()
			}
			close(line)
		}()
		select {
		case <-ctx.Done():
			fmt.Fprintln(s.err)
			return false, ctx.Err()
		case text, more := <-line:
			switch strings.ToLower(strings.TrimSpace(text)) {
			case "y", "ye", "yes":
				return true, nil
			case "n", "no":
				return false, nil
			case "":
				if !more {
					fmt.Fprintln(s.err)
					return false, nil
				}
				return byDefault, nil
			}
		}
	}
}
