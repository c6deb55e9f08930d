package project

import (
	"bytes"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/lock"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// Lock returns the lock that counts; nil if there is none.
func (p *Project) Lock() *lock.Lock { return p.lock }

// FactsDigest returns the digest of the tables that targets are resolved by.
func (p *Project) FactsDigest() string { return p.Spec.Target.Tables.Digest() }

// Fetched lists the trees elsewhere that packages were looked for in.
func (p *Project) Fetched() []plan.Source { return p.sources }

// readLock reads the lock beside the file if it counts.
func (p *Project) readLock() {
	wanted, text := p.Spec.Locked, p.options.Lock
	if p.options.Locking && len(bytes.TrimSpace(text)) == 0 {
		text = nil // the shell has made the file that the lock is to be written to
	}
	switch {
	case wanted != nil && !*wanted:
	case text == nil && wanted != nil && !p.options.Locking:
		p.problems.Errorf(rules.MissingLock, p.Spec.LockedAt, "jetkit lock makes it, and so does docker buildx build --call=jetson.lock", "there is no %s", lock.Name(p.file()))
	case text != nil:
		found, problems := lock.Read(lock.Name(p.file()), text)
		p.lock = found
		p.problems = append(p.problems, problems...)
	}
}

// pinned returns what the lock pins a tree to that moves, and reports one that is in no lock.
func (p *Project) pinned(n *need) string {
	if n.remote.Pinned() {
		return "" // jetson.yaml says which commit it is
	}
	revision, ok := p.lock.Pin(lock.Source, n.remote.String())
	if !ok && p.lock != nil && !p.options.Locking {
		missing := &lock.NotLocked{File: lock.Name(p.file()), Kind: lock.Source, Name: n.remote.String()}
		p.problems.Errorf(rules.LockDiffers, n.at, "", "%v", missing)
	}
	return revision
}

// compareLock reports where a plan is not what the lock has.
func (p *Project) compareLock(resolved *plan.Plan) diag.List {
	if p.lock == nil || p.options.Locking {
		return nil
	}
	return p.lock.Compare(p.Spec.Target.Platform, resolved, p.FactsDigest())
}
