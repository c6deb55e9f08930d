package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// NoRestart says why a restart of Docker is not this program's to make; empty if it
// is.
func (s *Subject) NoRestart(ctx context.Context) string {
	e := s.docker(ctx)
	switch {
	case !s.Machine.Here():
		return "Restart it on the machine that was looked at."
	case s.ConfigFile != DefaultConfigFile:
		return "Restart the engine that reads " + s.ConfigFile + "."
	case !e.missing() && !e.local:
		return "The engine that docker talks to is on another machine: restart the one of this machine."
	case s.find("systemctl") == "" || !s.Machine.Exists("/run/systemd/system"):
		return "There is no systemd here: restart it as it was started."
	}
	return ""
}

// Limits for Docker's engine: to answer after a restart, and to have read its
// configuration anew.
const (
	startLimit  = time.Minute
	reloadLimit = 10 * time.Second
)

// Restart has Docker's engine take the new file: it is told to read it again, and
// restarted if that is not enough. It reports which it was. If the engine does not
// come up with the new file, the old one is put back, and the engine is restarted
// with that.
func (r *Repair) Restart(ctx context.Context, s *Subject, done *Applied) (restarted bool, err error) {
	if s.reload(ctx) {
		return false, nil
	}
	err = s.restartDocker(ctx)
	if err == nil || ctx.Err() != nil {
		return true, err
	}
	if undone := r.undo(); undone != nil {
		return true, fmt.Errorf("the engine does not start with the new file: %w; and putting the old one back failed: %w; it is %s", err, undone, done.Backup)
	}
	if again := s.restartDocker(ctx); again != nil {
		return true, fmt.Errorf("the engine does not start with the new file, nor with the old one, which is back: %w", again)
	}
	return true, fmt.Errorf("the engine does not start with the new file; the old one is back, and Docker runs again: %w", err)
}

// reload has the engine read its file again, which takes new runtimes over and lets
// containers go on. It reports whether the engine then has what the file says.
func (s *Subject) reload(ctx context.Context) bool {
	if _, err := s.run(ctx, "systemctl", "reload", "docker"); err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, reloadLimit)
	defer cancel()
	c := s.config()
	for {
		s.engine = s.askDocker(ctx)
		if s.engine.err == nil && c.file != nil && len(s.differences(s.engine, c)) == 0 {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Second / 4):
		}
	}
}

// undo puts the old file back.
func (r *Repair) undo() error {
	if r.missing {
		return os.Remove(r.path)
	}
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	back := &Repair{File: r.File, path: r.path, before: r.after, after: r.before}
	temporary, err := back.write(info)
	if err != nil {
		return err
	}
	return os.Rename(temporary, r.path)
}

// restartDocker restarts the service and waits until the engine answers.
func (s *Subject) restartDocker(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if _, err := s.run(ctx, "systemctl", "reset-failed", "docker"); err != nil && errors.Is(err, errMissing) {
		return err
	}
	if _, err := s.runFor(ctx, startLimit, "systemctl", "restart", "docker"); err != nil {
		return err
	}
	for {
		if s.engine = s.askDocker(ctx); s.engine.err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the engine does not answer: %w", s.engine.err)
		case <-time.After(time.Second):
		}
	}
}
