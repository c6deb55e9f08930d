package pkgspec

import (
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// The values of the build argument LOCK.
const (
	lockIgnore  = "ignore"
	lockRequire = "require"
)

// locked says whether the lock beside the file counts, and whether there must be one.
func locked() form {
	f := truth(func(s *Spec) **bool { return &s.Locked })
	f.arg = func(l *loader, s located) {
		locked, ok := yamlnode.Truth(s.Value) // the value of the key
		switch {
		case s.Value == lockIgnore, s.Value == lockRequire:
			l.spec.Locked = new(s.Value == lockRequire)
		case ok:
			l.spec.Locked = &locked
		default:
			l.reject(s, suggest(s.Value, []string{lockIgnore, lockRequire}, nil), "%s is not what to do with the lock", yamlnode.Quote(s.Value))
		}
	}
	f.schema = &schema.Schema{Type: "boolean"}
	return f
}
