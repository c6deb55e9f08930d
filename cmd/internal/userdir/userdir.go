// Package userdir tells the user's own folders, by the XDG Base Directory
// Specification (https://specifications.freedesktop.org/basedir-spec/latest/): a variable
// that holds no absolute path counts as not set. There is none where HOME is not set either.
package userdir

import "path/filepath"

// Env looks up an environment variable, as os.LookupEnv does.
type Env = func(name string) (string, bool)

// Config returns the folder of the user's configurations; empty if there is none.
func Config(env Env) string { return folder(env, "XDG_CONFIG_HOME", ".config") }

// Data returns the folder of what the user's programs keep; empty if there is none.
func Data(env Env) string { return folder(env, "XDG_DATA_HOME", ".local", "share") }

// State returns the folder of what the user's programs note; empty if there is none.
func State(env Env) string { return folder(env, "XDG_STATE_HOME", ".local", "state") }

// Runtime returns the folder that goes with the user's session; empty if there is none. It
// has no other place.
func Runtime(env Env) string {
	if dir, _ := env("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return dir
	}
	return ""
}

func folder(env Env, variable string, below ...string) string {
	if dir, _ := env(variable); filepath.IsAbs(dir) {
		return dir
	}
	home, _ := env("HOME")
	if !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(append([]string{home}, below...)...)
}
