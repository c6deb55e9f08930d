package pkgspec

// Arg is a build argument that jetkit itself takes.
type Arg struct {
	Name string
	// Key is what it sets in the file: "target.cuda".
	Key string
}

// KnownArgs lists jetkit's own build arguments.
func KnownArgs() []Arg {
	var args []Arg
	l := &loader{spec: &Spec{}}
	for _, a := range l.arguments() {
		args = append(args, Arg{Name: a.name, Key: a.key})
	}
	return args
}
