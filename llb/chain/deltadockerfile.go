package chain

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/frontend/dockerui"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// configDockerfile is what a Dockerfile does to the configuration of BASE_IMAGE.
type configDockerfile struct {
	// stages are the last stage and those that it builds on, the first one first. Their
	// commands begin with the ONBUILD instructions that run in them.
	stages [][]instructions.Command
	escape rune
	// args are the build arguments, and globals the arguments from before the first stage.
	args, globals map[string]string
}

// configArgs are the arguments that a Dockerfile was converted with.
type configArgs struct {
	// given are the build arguments, defined those that BuildKit defines.
	given, defined map[string]string
}

func configArgsOf(config dockerui.Config, target ocispecs.Platform) configArgs {
	build := target
	if len(config.BuildPlatforms) > 0 {
		build = config.BuildPlatforms[0]
	}
	return configArgs{given: config.BuildArgs, defined: map[string]string{
		"BUILDPLATFORM": platforms.Format(build), "BUILDOS": build.OS, "BUILDOSVERSION": build.OSVersion,
		"BUILDARCH": build.Architecture, "BUILDVARIANT": build.Variant,
		"TARGETPLATFORM": platforms.FormatAll(target), "TARGETOS": target.OS, "TARGETOSVERSION": target.OSVersion,
		"TARGETARCH": target.Architecture, "TARGETVARIANT": target.Variant,
	}}
}

// readConfigDockerfile reads a Dockerfile that was converted with arguments.
func readConfigDockerfile(dockerfile []byte, args configArgs) (*configDockerfile, error) {
	ast, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return nil, err
	}
	stages, globals, err := instructions.Parse(ast.AST, linter.New(&linter.Config{}))
	if err != nil {
		return nil, err
	}
	f := &configDockerfile{escape: ast.EscapeToken, args: args.given, globals: maps.Clone(args.defined)}
	add(&f.globals, map[string]string{"TARGETSTAGE": cmp.Or(stages[len(stages)-1].Name, "default")})
	for key := range f.globals {
		if v, ok := f.args[key]; ok {
			f.globals[key] = v
		}
	}
	lex := shell.NewLex(f.escape)
	for _, command := range globals {
		for _, a := range command.Args {
			if err := f.define(f.globals, a, lex); err != nil {
				return nil, parser.WithLocation(err, command.Location())
			}
		}
	}
	return f, f.findStages(stages, lex)
}

// define sets an argument in an environment, as ARG does.
func (f *configDockerfile) define(env map[string]string, a instructions.KeyValuePairOptional, lex *shell.Lex) error {
	v, ok := f.args[a.Key]
	if !ok && a.Value == nil {
		v, ok = f.globals[a.Key]
	} else if !ok {
		var err error
		if v, _, err = lex.ProcessWord(*a.Value, environment(env)); err != nil {
			return err
		}
		ok = true
	}
	if ok {
		env[a.Key] = v
	}
	return nil
}

// findStages finds the last stage, and through the names of stages what it builds on.
func (f *configDockerfile) findStages(stages []instructions.Stage, lex *shell.Lex) error {
	named, below := map[string]int{}, make([]int, len(stages))
	for i, stage := range stages {
		base, _, err := lex.ProcessWord(stage.BaseName, environment(f.globals))
		if err != nil {
			return parser.WithLocation(err, stage.Location)
		}
		below[i] = -1
		if earlier, ok := named[base]; ok {
			below[i] = earlier
		}
		if stage.Name != "" {
			named[strings.ToLower(stage.Name)] = i
		}
	}
	i := len(stages) - 1
	for ; below[i] >= 0; i = below[i] {
		f.stages = append(f.stages, slices.Concat(triggersOf(stages[below[i]]), stages[i].Commands))
	}
	f.stages = append(f.stages, stages[i].Commands)
	slices.Reverse(f.stages)
	return nil
}

// inherit puts the ONBUILD instructions of the image that is built on before all others.
func (f *configDockerfile) inherit(onBuild []string) {
	f.stages[0] = slices.Concat(triggerCommands(onBuild), f.stages[0])
}

// triggersOf returns the instructions that a stage's ONBUILD instructions run in one that
// builds on it.
func triggersOf(stage instructions.Stage) []instructions.Command {
	var texts []string
	for _, c := range stage.Commands {
		if c, ok := c.(*instructions.OnbuildCommand); ok {
			texts = append(texts, c.Expression)
		}
	}
	return triggerCommands(texts)
}

// triggerCommands parses ONBUILD instructions. Those that are none have failed before,
// where the Dockerfile was converted.
func triggerCommands(texts []string) []instructions.Command {
	var commands []instructions.Command
	for _, text := range texts {
		ast, err := parser.Parse(strings.NewReader(text))
		if err != nil {
			continue
		}
		for _, n := range ast.AST.Children {
			if c, err := instructions.ParseCommand(n); err == nil {
				commands = append(commands, c)
			}
		}
	}
	return commands
}

func (f *configDockerfile) setsWorkdir() bool {
	return slices.ContainsFunc(slices.Concat(f.stages...), func(c instructions.Command) bool {
		_, ok := c.(*instructions.WorkdirCommand)
		return ok
	})
}
