package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"

	"jetkit/pkgspec/plan"
)

const (
	// baseRef is the value of BASE_IMAGE in every step. It must be a valid,
	// normalised reference, because "FROM ${BASE_IMAGE}" is looked up among the
	// named contexts under that form; it is constant, so that a package's cache
	// key depends on what it builds on and not on what that is called.
	baseRef   = "jetkit.invalid/previous-step:latest"
	baseInput = "jetkit-base"

	buildArgPrefix = "build-arg:"
	epochOpt       = buildArgPrefix + "SOURCE_DATE_EPOCH"
	contextPrefix  = "context:"
)

// ownOpts are options of the whole build that must not reach the conversion of
// one package's Dockerfile: they name the user's file, context and request.
var ownOpts = []string{
	"filename", "target", "context", "contextsubdir", "contextkey", "dockerfilekey",
	"cmdline", "source", "requestid", "platform", "multi-platform", "no-cache",
	"build-arg:BUILDKIT_MULTI_PLATFORM", // the same as multi-platform
}

// ownContexts are the named contexts that jetkit reads itself. Packages do not see them:
// "base" or "python" in one of their Dockerfiles is a stage of its own or an image, and
// BuildKit would put the context in its place.
var ownContexts = []string{plan.BaseContext, plan.PythonContext, plan.FactsContext}

// stepGateway shows one step's view of the build to the Dockerfile frontend:
// the step's own options, and the states it builds from as frontend inputs.
type stepGateway struct {
	client.Client
	opts   client.BuildOpts
	inputs map[string]llb.State
}

func (g *stepGateway) BuildOpts() client.BuildOpts { return g.opts }

func (g *stepGateway) Inputs(context.Context) (map[string]llb.State, error) { return g.inputs, nil }

// newStepClient makes the dockerui client that converts one step's Dockerfile.
func newStepClient(c client.Client, p *plan.Plan, step plan.Step, in stepInput) (*dockerui.Client, error) {
	opts := c.BuildOpts()
	stepOpts, err := optsOf(opts.Opts, p, step, in)
	if err != nil {
		return nil, err
	}
	opts.Opts = stepOpts
	inputs := map[string]llb.State{}
	maps.Copy(inputs, in.linked)
	inputs[baseInput], inputs[dockerui.DefaultLocalNameContext] = in.base, in.context
	return dockerui.NewClient(&stepGateway{Client: c, opts: opts, inputs: inputs})
}

// linkedInputs returns the results of other builds that named contexts refer to,
// as bake passes them for contexts = {NAME = "target:OTHER"}.
func linkedInputs(ctx context.Context, c client.Client) (map[string]llb.State, error) {
	for k, v := range c.BuildOpts().Opts {
		if strings.HasPrefix(k, contextPrefix) && strings.HasPrefix(v, "input:") {
			return c.Inputs(ctx)
		}
	}
	return nil, nil
}

// optsOf returns the frontend options for one step.
func optsOf(all map[string]string, p *plan.Plan, step plan.Step, in stepInput) (map[string]string, error) {
	opts := maps.Clone(all)
	if opts == nil {
		opts = map[string]string{}
	}
	maps.DeleteFunc(opts, func(k, _ string) bool {
		// Packages do not see the context that the chain's first step builds on: a
		// stage of that name in one of their Dockerfiles is their own, and BuildKit
		// would put the context in its place.
		arg, isArg := strings.CutPrefix(k, buildArgPrefix)
		named, _, _ := strings.Cut(strings.TrimPrefix(k, contextPrefix), "::")
		return slices.Contains(ownOpts, k) ||
			strings.HasPrefix(k, contextPrefix) && slices.Contains(ownContexts, named) ||
			strings.HasPrefix(k, "label:") ||
			isArg && !plan.IsBuilderArg(arg)
	})
	if v, ok := noCache(all, step); ok {
		opts["no-cache"] = v
	}
	opts["platform"] = platforms.FormatAll(platforms.Normalize(in.platform))
	setSandbox(opts, p.Build.Sandbox)

	for k, v := range BuildArgs(p, step) {
		opts[buildArgPrefix+k] = v
	}
	opts[buildArgPrefix+"BASE_IMAGE"] = baseRef
	if _, given := opts[epochOpt]; given {
		opts[epochOpt] = in.epoch
	}

	config, err := json.Marshal(in.image)
	if err != nil {
		return nil, fmt.Errorf("encoding the image configuration: %w", err)
	}
	metadata, err := json.Marshal(map[string][]byte{exptypes.ExporterImageConfigKey: config})
	if err != nil {
		return nil, fmt.Errorf("encoding the image metadata: %w", err)
	}
	// dockerui looks a context up by its familiar name without ":latest".
	opts[contextPrefix+strings.TrimSuffix(baseRef, ":latest")] = "input:" + baseInput
	opts["input-metadata:"+baseInput] = string(metadata)
	return opts, nil
}

// setSandbox sets the options for what RUN steps may do. The plan alone decides:
// what docker buildx build was told is in it already.
func setSandbox(opts map[string]string, box plan.Sandbox) {
	for _, name := range []string{"force-network-mode", "shm-size", "ulimit"} {
		delete(opts, name)
	}
	if box.Network != plan.NetworkDefault {
		opts["force-network-mode"] = string(box.Network)
	}
	if box.ShmSize > 0 {
		opts["shm-size"] = strconv.FormatInt(box.ShmSize, 10)
	}
	if len(box.Ulimits) > 0 {
		opts["ulimit"] = plan.UlimitsText(box.Ulimits)
	}
}

// noCache translates the build's no-cache option for one step: a list names
// packages (or stages of their Dockerfiles), an empty value means everything.
func noCache(all map[string]string, step plan.Step) (string, bool) {
	v, ok := all["no-cache"]
	if !ok || v == "" {
		return v, ok
	}
	for name := range strings.SplitSeq(v, ",") {
		if Answers(step, name) {
			return "", true
		}
	}
	return v, true
}

// noCache reports whether no operation of the stage may come from the cache.
func (s *Stage) noCache(all map[string]string) bool {
	v, ok := noCache(all, s.Step)
	return ok && v == ""
}

// Answers reports whether a package name means a step: its real name, an
// alias, or the name without its tag. Case does not matter, as for Docker's
// stage names.
func Answers(step plan.Step, name string) bool {
	family, _, _ := strings.Cut(step.Name, ":")
	return strings.EqualFold(step.Name, name) || strings.EqualFold(family, name) ||
		slices.ContainsFunc(step.Aliases, func(a string) bool { return strings.EqualFold(a, name) })
}

// BuildArgs returns the build arguments of a step: facts of the target under the
// names that jetson-containers uses, then those of the package and of the user.
// BASE_IMAGE is not among them.
func BuildArgs(p *plan.Plan, step plan.Step) map[string]string {
	args := map[string]string{"NVIDIA_DRIVER_CAPABILITIES": "all"}
	for _, f := range p.Target.Facts() {
		if f.Value.Value != "" {
			args[f.Variable] = f.Value.Value
		}
	}
	maps.Copy(args, step.BuildArgs)
	return args
}
