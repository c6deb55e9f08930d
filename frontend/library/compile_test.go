package library

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/llb/files"
	"jetkit/llb/llbtest"
	"jetkit/llb/llbtree"
	"jetkit/pkgspec/plan"
)

// sources are a tree's folders, as the frontend hands those of the library to the compiler.
type sources struct{ fs.FS }

func (s sources) State(o plan.Origin) (llb.State, string, error) {
	folder, err := fs.Sub(s.FS, o.Path)
	if err != nil {
		return llb.State{}, "", err
	}
	st, err := files.State(folder)
	return st, ".", err
}

func (s sources) ReadFile(_ context.Context, o plan.Origin, name string) ([]byte, error) {
	return fs.ReadFile(s.FS, path.Join(o.Path, name))
}

// compiled is the stage of a package in the chain that its name resolves to.
type compiled struct {
	options chain.Options
	stage   chain.Stage
	// on is the configuration that it builds on.
	on *dockerspec.DockerOCIImage
	// findings are what BuildKit's linter says of the package's Dockerfile.
	findings []string
}

// compile compiles the chain of an answer.
func (a answer) compile(ctx context.Context, name string) (*compiled, error) {
	platform := platforms.MustParse(a.target.platform)
	base := llbtest.Debian()
	base.Platform = ocispecs.Platform{OS: platform.OS, Architecture: platform.Architecture}
	own := a.step(name)
	c := &compiled{}
	c.options = chain.Options{
		Plan:    a.plan,
		Base:    chain.Base{State: llb.Image(a.plan.Base.Value, llb.Platform(platform)), Image: base},
		Sources: sources{a.files}, Client: &llbtest.Client{Config: *base}, Platform: platform,
		Warn: func(step plan.Step, _ *llb.SourceMap) linter.LintWarnFunc {
			return func(rule, _, _, message string, at []parser.Range) {
				if step.Name == own.Name {
					c.findings = append(c.findings, fmt.Sprintf("%s:%d: %s [%s]", step.Origin.File(step.Dockerfile), at[0].Start.Line, message, rule))
				}
			}
		},
	}
	res, err := chain.Compile(ctx, c.options)
	if err != nil {
		return nil, err
	}
	c.on = base
	for _, s := range res.Stages {
		if c.stage = s; s.Step.Name == own.Name {
			break
		}
		c.on = s.Image
	}
	return c, nil
}

// text returns the operations of the package's own stage, without what each step has and what
// those before it set.
func (c *compiled) text(ctx context.Context) (string, error) {
	on, err := tree(ctx, c.stage.On, c.options.Platform)
	if err != nil {
		return "", err
	}
	own, err := tree(ctx, c.stage.State, c.options.Platform)
	if err != nil {
		return "", err
	}
	inherited := map[string]bool{}
	for _, env := range c.stage.OnEnv {
		inherited[fmt.Sprintf("    env %q", env)] = true
	}
	var b strings.Builder
	for line := range strings.Lines(own.Since(on)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case inherited[line], line == "    cwd /", strings.HasPrefix(line, "    mount /.jetkit-turn cache"):
		default:
			b.WriteString(wrap(line) + "\n")
		}
	}
	c.writeConfig(&b)
	return b.String(), nil
}

// writeConfig prints what the package sets in the image's configuration.
func (c *compiled) writeConfig(b *strings.Builder) {
	config, on := c.stage.Image.Config, c.on.Config
	for _, env := range config.Env {
		if !slices.Contains(on.Env, env) {
			fmt.Fprintf(b, "image env %q\n", env)
		}
	}
	for _, row := range []struct {
		what   string
		is, on any
	}{
		{"user", config.User, on.User},
		{"workdir", config.WorkingDir, on.WorkingDir},
		{"shell", config.Shell, on.Shell},
		{"entrypoint", config.Entrypoint, on.Entrypoint},
		{"cmd", config.Cmd, on.Cmd},
		{"ports", config.ExposedPorts, on.ExposedPorts},
		{"volumes", config.Volumes, on.Volumes},
		{"labels", config.Labels, on.Labels},
		{"healthcheck", config.Healthcheck, on.Healthcheck},
	} {
		if !reflect.DeepEqual(row.is, row.on) {
			fmt.Fprintf(b, "image %s %v\n", row.what, row.is)
		}
	}
}

var (
	lineEnd      = regexp.MustCompile(`(^|[^\\])\\n`)
	continuation = regexp.MustCompile(` {4,}`)
)

// wrap puts the lines of a script on lines of their own, as differences are found by line.
func wrap(line string) string {
	const indent = "\n        "
	exec, ok := strings.CutPrefix(line, "    exec ")
	switch {
	case !ok:
		return line
	case lineEnd.MatchString(exec): // a here-document
		exec = lineEnd.ReplaceAllString(exec, "$1"+indent)
	default:
		exec = continuation.ReplaceAllString(exec, indent)
	}
	return "    exec " + exec
}

func tree(ctx context.Context, st llb.State, platform ocispecs.Platform) (*llbtree.Tree, error) {
	def, err := st.Marshal(ctx, llb.Platform(platform))
	if err != nil {
		return nil, err
	}
	return llbtree.New(def)
}
