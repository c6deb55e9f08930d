package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"jetkit/pkgspec/diag"
)

// ask asks a question on the terminal that the command reads from. Without a terminal,
// the answer is the one by default. Standard output stays free of it.
func (s *system) ask(ctx context.Context, question string, byDefault bool) (bool, error) {
	f, ok := s.in.(*os.File)
	if !ok || !onTerminal(f) {
		return byDefault, nil
	}
	return s.question(ctx, question, byDefault)
}

// question asks until the answer is yes or no.
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
