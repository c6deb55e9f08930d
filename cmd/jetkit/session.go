package main

import (
	"os"
	"time"

	container "jetkit/cmd/internal/run"
)

// thisSession describes the session that this program was started in.
func thisSession() container.Session {
	groups, _ := os.Getgroups() // without them, the user is in none
	dir, _ := os.Getwd()        // nothing is looked for around a folder that is gone
	return container.Session{
		User:     container.User{ID: os.Getuid(), Name: os.Getenv("USER"), Groups: groups},
		Terminal: isTerminal(os.Stdin) && isTerminal(os.Stdout),
		Now:      time.Now(),
		WorkDir:  dir,
	}
}
