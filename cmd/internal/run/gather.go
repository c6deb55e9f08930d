package run

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"jetkit/cmd/internal/machine"
	"jetkit/cmd/internal/userdir"
)

// Session is who runs jetkit, where and when.
type Session struct {
	User     User
	Terminal bool
	Now      time.Time
	WorkDir  string
}

// patience is how long an engine or an X server may take to say what it is. One that takes longer is unknown.
const patience = 5 * time.Second

// Gather collects the facts. It asks the engine and the X server, and changes nothing. cache is the user's own folder
// for what can be made again; empty if there is none.
func Gather(ctx context.Context, line *Line, m *machine.Machine, env func(string) (string, bool), session Session, cache string) *Facts {
	f := &Facts{
		Line: line, Machine: m, Env: env,
		Engine: Engine{Name: line.Own.Engine},
		User:   session.User, Terminal: session.Terminal, Now: session.Now, WorkDir: session.WorkDir,
		State: stateFolder(env, cache), ReadFile: readOrdinary, LookPath: exec.LookPath,
	}
	if f.Engine.Name == Docker {
		f.docker(ctx)
	}
	if display, _ := env("DISPLAY"); display != "" {
		f.Cookies = answer(ctx, "xauth", "nlist", display)
	}
	return f
}

// readOrdinary reads a file. What can be read only once, as <(...) of a shell, is left to
// the engine.
func readOrdinary(name string) ([]byte, error) {
	if !isFile(name) {
		return nil, &os.PathError{Op: "read", Path: name, Err: errors.New("it is no ordinary file")}
	}
	return os.ReadFile(name)
}

// docker asks the engine what it can do.
func (f *Facts) docker(ctx context.Context) {
	var config []byte
	folder, set := f.Env("DOCKER_CONFIG")
	if home, _ := f.Env("HOME"); !set && home != "" {
		folder = filepath.Join(home, ".docker")
	}
	if folder != "" {
		config, _ = os.ReadFile(filepath.Join(folder, "config.json")) // without one, docker's client uses this machine's engine
	}
	f.Engine.Address = DockerAddress(f.Env, config)
	p := planner{Facts: f, plan: &Plan{line: f.Line}, jetson: isJetson(f.Machine)}
	if p.hasGPU() && p.needsSudo() == "" { // it is asked how to pass a GPU; sudo could ask for a password
		f.Engine.Read([]byte(answer(ctx, Docker, Info()...)))
	}
}

// answer returns what a program prints; empty if it fails or takes too long.
func answer(ctx context.Context, name string, args ...string) string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// stateFolder returns the folder for what is made for containers: the session's own, which goes with it, else one that
// stays.
func stateFolder(env func(string) (string, bool), cache string) string {
	if dir := userdir.Runtime(env); dir != "" && isDir(dir) {
		return filepath.Join(dir, "jetkit")
	}
	if cache == "" {
		return ""
	}
	return filepath.Join(cache, "run")
}
