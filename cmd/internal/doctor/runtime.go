package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"jetkit/cmd/internal/doctor/daemonjson"
	"jetkit/pkgspec/diag"
)

// DefaultConfigFile is where dockerd looks for its configuration.
const DefaultConfigFile = "/etc/docker/daemon.json"

// nvidiaRuntime is NVIDIA's runtime, in Docker's names and by its program.
const (
	nvidiaRuntime        = "nvidia"
	nvidiaRuntimeProgram = "nvidia-container-runtime"
)

var (
	jsonBroken = &Kind{
		ID: "daemon-json-broken", Severity: Error,
		Meaning: "daemon.json is no JSON object, or a value of it is of the wrong form: Docker does not start with it. --fix does not touch it.",
		Remedy:  "correct the line by hand, then run this again",
		Source:  "the grammar of JSON, RFC 8259; moby: daemon/config/config.go",
	}
	jsonUnreadable = &Kind{
		ID: "daemon-json-unreadable", Severity: Warning,
		Meaning: "daemon.json cannot be read by this user.",
		Remedy:  "run this again with sudo",
		Source:  "the system's own answer",
	}
	jsonDuplicate = &Kind{
		ID: "daemon-json-duplicate", Severity: Warning,
		Meaning: "A key stands twice in daemon.json. Docker takes the last one and says nothing; --fix does not touch the file, as it cannot know which one is meant.",
		Remedy:  "delete one of the two",
		Source:  "Go: encoding/json; moby: daemon/config/config.go",
	}
	jsonOldDocker = &Kind{
		ID: "daemon-json-old-docker", Severity: Error,
		Meaning: "daemon.json is empty or begins with a byte order mark. Docker below 23.0 does not start with such a file.",
		Remedy:  "write {} into it, or save it without a byte order mark",
		Source:  "tried: Docker 20.10; moby: daemon/config/config.go of 23.0",
	}
	runtimeMissing = &Kind{
		ID: "runtime-missing", Severity: Error,
		Meaning: "Docker does not know NVIDIA's runtime: docker run --runtime nvidia fails with \"unknown or invalid runtime name: nvidia\".",
		Remedy:  "let jetkit doctor --fix add it to daemon.json",
		Source:  "jetson-containers: issues 1460, 1702; NVIDIA Container Toolkit: install guide",
	}
	runtimeProgram = &Kind{
		ID: "runtime-program", Severity: Error,
		Meaning: "daemon.json names a program for NVIDIA's runtime that does not exist: containers do not start.",
		Remedy:  "let jetkit doctor --fix name the program that is installed, or install NVIDIA's container toolkit",
		Source:  "docs.docker.com/engine/daemon/alternative-runtimes",
	}
	defaultRuntime = &Kind{
		ID: "default-runtime", Severity: Note,
		Meaning: "NVIDIA's runtime is not Docker's default one: containers without --runtime nvidia have no GPU. jetkit run passes it. jetson-containers, compose files and docker build without BuildKit rely on the default; BuildKit takes no notice of it.",
		Remedy:  "let jetkit doctor --fix add it to daemon.json; a default that the file already names is replaced with --replace-default-runtime only",
		Source:  "jetson-containers: docs/setup.md; NVIDIA/nvidia-container-toolkit#351",
	}
	defaultUnknown = &Kind{
		ID: "default-runtime-unknown", Severity: Error,
		Meaning: "The default runtime that daemon.json names is not among its runtimes: Docker does not start.",
		Remedy:  "add the runtime to daemon.json, or take default-runtime away",
		Source:  "tried: Docker 20.10 (\"specified default runtime does not exist\")",
	}
	restartNeeded = &Kind{
		ID: "restart-needed", Severity: Warning,
		Meaning: "The engine runs with other runtimes than daemon.json names: it has not read the file since it changed.",
		Remedy:  "have it read the file again, which lets containers go on; if docker info still differs, restart Docker, which stops them",
		Source:  "tried: Docker 20.10; moby: daemon/reload_unix.go of 28.5",
	}
)

// config is daemon.json as it was found.
type config struct {
	name string
	text []byte
	// file is nil if there is none, or if it is broken.
	file    *daemonjson.File
	missing bool
	err     error
}

// maxConfigFile bounds what is read of daemon.json, in bytes.
const maxConfigFile = 4 << 20

// config reads daemon.json.
func (s *Subject) config() *config {
	c := &config{name: s.ConfigFile}
	info, err := os.Stat(s.Machine.Path(s.ConfigFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.missing = true
		c.file, c.err = daemonjson.Parse(nil)
		return c
	case err == nil && info.Size() > maxConfigFile:
		err = fmt.Errorf("it has %d bytes, and more than %d are not read", info.Size(), maxConfigFile)
	}
	if err == nil {
		c.text, err = s.Machine.ReadFile(s.ConfigFile)
	}
	if err != nil {
		c.err = err
		return c
	}
	c.file, c.err = daemonjson.Parse(c.text)
	return c
}

// problem is what keeps daemon.json from being read or changed.
func (c *config) problem() (Finding, bool) {
	var syntax *daemonjson.SyntaxError
	switch {
	case errors.As(c.err, &syntax):
		return jsonBroken.find("%s is broken: line %d, column %d: %s", c.name, syntax.Line, syntax.Column, diag.Clean(syntax.Message)).
			saw("%s", c.line(syntax.Line)).at(c.name, syntax.Line), true
	case c.err != nil:
		return jsonUnreadable.find("%s cannot be read", c.name).saw("%s", diag.Clean(c.err.Error())).at(c.name, 0), true
	}
	for _, d := range c.file.Duplicates() {
		return jsonDuplicate.find("%s has the key %s twice: in line %d and in line %d", c.name, diag.Clean(d.Path), d.First, d.Line).
			saw("%s", c.line(d.First)).saw("%s", c.line(d.Line)).at(c.name, d.Line), true
	}
	for _, path := range [][]string{{"runtimes"}, {"runtimes", nvidiaRuntime}} {
		if v, found := c.file.Lookup(path...); found && !strings.HasPrefix(v.Text, "{") {
			return jsonBroken.find("%s is broken: line %d, column %d: the value of %s is no { }", c.name, v.Line, v.Column, strings.Join(path, ".")).
				saw("%s", c.line(v.Line)).at(c.name, v.Line), true
		}
	}
	return Finding{}, false
}

// maxEvidence is how many characters of a line are shown.
const maxEvidence = 120

// line returns one line of the file, for people.
func (c *config) line(n int) string {
	i := 0
	for line := range strings.Lines(string(c.text)) {
		if i++; i == n {
			line = diag.Clean(strings.TrimSpace(line))
			if runes := []rune(line); len(runes) > maxEvidence {
				line = string(runes[:maxEvidence]) + "…"
			}
			return fmt.Sprintf("%s:%d: %s", c.name, n, line)
		}
	}
	return fmt.Sprintf("%s:%d", c.name, n)
}

// runtime returns the path of a runtime in the file.
func (c *config) runtime(name string) (path string, line int, found bool) {
	v, found := c.file.Lookup("runtimes", name)
	if !found {
		return "", 0, false
	}
	if p, ok := c.file.Lookup("runtimes", name, "path"); ok {
		path, _ = p.String()
		return path, p.Line, true
	}
	return "", v.Line, true
}

// defaultRuntime returns the file's default runtime; empty if it names none.
func (c *config) defaultRuntime() (name string, line int) {
	v, found := c.file.Lookup("default-runtime")
	if !found {
		return "", 0
	}
	name, _ = v.String()
	return name, v.Line
}

// builtInRuntime is what Docker calls runtimes that need no entry in the file.
var builtInRuntime = regexp.MustCompile(`^(runc|io\.containerd\..*)$`)

// unknownDefault reports a default runtime that there is none of.
func (c *config) unknownDefault(e *engine) (Finding, bool) {
	name, at := c.defaultRuntime()
	_, _, inFile := c.runtime(name)
	_, running := e.info.Runtimes[name]
	if at == 0 || inFile || running || builtInRuntime.MatchString(name) {
		return Finding{}, false
	}
	f := defaultUnknown.find("the default runtime %s is not among the runtimes", diag.Clean(name)).saw("%s", c.line(at)).at(c.name, at)
	if name == nvidiaRuntime {
		f = f.remedy("let jetkit doctor --fix add the runtime")
	}
	return f, true
}

func checkRuntime() Check {
	return &about{
		name: "runtime", group: groupDocker, description: "NVIDIA's runtime in daemon.json and in the running engine",
		kinds: []*Kind{jsonBroken, jsonUnreadable, jsonDuplicate, jsonOldDocker, runtimeMissing, runtimeProgram, defaultRuntime, defaultUnknown, restartNeeded},
		check: func(ctx context.Context, s *Subject) Result {
			e := s.docker(ctx)
			if e.missing() && !s.Machine.Exists(s.ConfigFile) {
				return skipped("Docker is not installed")
			}
			if !e.missing() && !e.local {
				return skipped("%s", e.whyLocal())
			}
			if other := s.otherConfig(e); other != "" {
				return skipped("%s", other)
			}
			c := s.config()
			if f, broken := c.problem(); broken {
				return Result{}.add(f)
			}
			r := Result{}
			v := parseVersion(e.client)
			if oldText := c.missing || len(c.text) > 0 && !c.file.Empty() && !strings.HasPrefix(string(c.text), "\ufeff"); !oldText && v.older(23) {
				r = r.add(jsonOldDocker.find("Docker %s does not start with this %s", v, c.name).saw("the file has %d bytes, and begins with a byte order mark or is empty", len(c.text)).at(c.name, 0))
			}
			if f, unknown := c.unknownDefault(e); unknown {
				r = r.add(f)
			}
			if !s.wantsRuntime() {
				r.Summary = c.name + " has no error"
				if c.missing {
					r.Summary = "there is no " + c.name + ", and none is needed"
				}
				return r
			}
			return s.runtimes(e, c, r)
		},
	}
}

// otherConfig says that Docker reads another file than the one that is looked at.
func (s *Subject) otherConfig(e *engine) string {
	switch {
	case s.ConfigFile != DefaultConfigFile:
		return ""
	case slices.Contains(e.info.SecurityOptions, "name=rootless"):
		return "Docker runs rootless and does not read " + DefaultConfigFile + "; name its own file: --config-file ~/.config/docker/daemon.json"
	case strings.HasPrefix(s.find("docker"), "/snap/"):
		return "Docker is the snap's and does not read " + DefaultConfigFile + "; name its own file: --config-file /var/snap/docker/current/config/daemon.json"
	}
	return ""
}

// wantsRuntime reports whether containers here get the GPU by NVIDIA's runtime: on
// Jetsons, and where it is installed.
func (s *Subject) wantsRuntime() bool {
	return s.Machine.Jetson() || s.Machine.GPU() && s.installed(nvidiaRuntimeProgram)
}

// runtimes compares what the file says, what the engine says, and what there is.
func (s *Subject) runtimes(e *engine, c *config, r Result) Result {
	path, line, inFile := c.runtime(nvidiaRuntime)
	_, running := e.info.Runtimes[nvidiaRuntime]
	switch {
	case inFile && path != "" && !s.installed(path):
		r = r.add(s.programMissing(path, line, c))
	case !inFile && !running:
		f := runtimeMissing.find("Docker does not know NVIDIA's runtime").at(c.name, 0)
		if c.missing {
			f = f.saw("there is no %s", c.name)
		} else {
			f = f.saw("%s has no runtimes.nvidia", c.name)
		}
		if e.err == nil {
			f = f.saw("docker info: Runtimes: %s", strings.Join(names(e.info.Runtimes), " "))
		}
		f.Fixable = true
		r = r.add(f)
	}
	if r.Summary = "NVIDIA's runtime is not registered"; running || inFile {
		r.Summary = "NVIDIA's runtime is registered"
	}
	wanted, at := c.defaultRuntime()
	if wanted != nvidiaRuntime && e.info.DefaultRuntime != nvidiaRuntime {
		f := defaultRuntime.find("NVIDIA's runtime is not Docker's default").at(c.name, at)
		switch {
		case at > 0:
			f = f.saw("%s", c.line(at))
		case e.err == nil:
			f = f.saw("docker info: Default Runtime: %s", diag.Clean(e.info.DefaultRuntime))
		default:
			f = f.saw("%s has no default-runtime", c.name)
		}
		f.Fixable = true
		r = r.add(f)
	} else {
		r.Summary += ", and the default"
	}
	return s.restart(e, c, r)
}

// programMissing reports a runtime without a program.
func (s *Subject) programMissing(path string, line int, c *config) Finding {
	f := runtimeProgram.find("NVIDIA's runtime has no program: %s does not exist", diag.Clean(path)).saw("%s", c.line(line)).at(c.name, line)
	f.Fixable = path != nvidiaRuntimeProgram && s.installed(nvidiaRuntimeProgram)
	if !f.Fixable {
		f = f.remedy("install NVIDIA's container toolkit").do("sudo apt install nvidia-container-toolkit")
	}
	return f
}

// restart reports an engine that has not read the file since it changed.
func (s *Subject) restart(e *engine, c *config, r Result) Result {
	if e.err != nil {
		return r
	}
	differ := s.differences(e, c)
	if len(differ) == 0 {
		return r
	}
	f := restartNeeded.find("Docker has not read daemon.json since it changed").at(c.name, 0).do("sudo systemctl reload docker")
	f.Evidence = differ
	return r.add(f)
}

// differences lists what the file says of runtimes and the engine does not.
func (s *Subject) differences(e *engine, c *config) []string {
	var differ []string
	for _, name := range c.file.Keys("runtimes") {
		if _, running := e.info.Runtimes[name]; !running {
			differ = append(differ, fmt.Sprintf("%s has the runtime %s, and docker info has not", c.name, diag.Clean(name)))
		}
	}
	if wanted, at := c.defaultRuntime(); at > 0 && wanted != e.info.DefaultRuntime {
		differ = append(differ, fmt.Sprintf("%s has the default runtime %s, and docker info has %s", c.name, diag.Clean(wanted), diag.Clean(e.info.DefaultRuntime)))
	}
	return differ
}
