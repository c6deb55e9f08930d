package frontend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/moby/buildkit/frontend/subrequests/convertllb"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"jetkit/llb/llbtree"
	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/plan/printer"
)

// jetkit's own subrequests. buildx puts "frontend." before what --call names.
const (
	requestPlan  = "frontend.jetson.plan"
	requestGraph = "frontend.jetson.graph"
	requestLLB   = "frontend.jetson.llb"
	requestJobs  = "frontend.jetson.jobs"
	requestLock  = "frontend.jetson.lock"

	subrequestVersion = "1.0.0"
)

// subrequestDefinitions lists everything that --call answers. Each of Docker's
// own is there: where one is missing, buildx would parse the file as a Dockerfile.
func subrequestDefinitions() []subrequests.Request {
	own := func(name, description string) subrequests.Request {
		return subrequests.Request{
			Name: name, Version: subrequestVersion, Type: subrequests.TypeRPC, Description: description,
			Metadata: []subrequests.Named{{Name: "result.json"}, {Name: "result.txt"}},
		}
	}
	return []subrequests.Request{
		outline.SubrequestsOutlineDefinition,
		targets.SubrequestsTargetsDefinition,
		lint.SubrequestLintDefinition,
		convertllb.SubrequestConvertLLBDefinition,
		own(requestPlan, "Resolve the packages and print the plan, with the reason for every choice"),
		own(requestGraph, "Resolve the packages and print what needs what as a Mermaid flowchart (json: DOT too)"),
		own(requestLLB, "Compile the plan and print the LLB definition as a tree"),
		own(requestJobs, "Divide the build among machines: waves of jobs as matrices of a CI system"),
		own(requestLock, "Find out what everything that moves is now, and print it as a lock for the folder of jetson.yaml"),
		subrequests.SubrequestsDescribeDefinition,
	}
}

// subrequest answers a request that is not a build. The second result is false
// if the request is a build.
func (b *build) subrequest(ctx context.Context) (*client.Result, bool, error) {
	switch b.ui.BuildOpts().Opts["requestid"] {
	case "":
		return nil, false, nil
	case requestPlan:
		res, err := b.callPlan(ctx)
		return res, true, err
	case requestGraph:
		res, err := b.callGraph(ctx)
		return res, true, err
	case requestLLB:
		res, err := b.callLLB(ctx)
		return res, true, err
	case requestJobs:
		res, err := b.callJobs(ctx)
		return res, true, err
	case requestLock:
		res, err := b.callLock(ctx)
		return res, true, err
	case subrequests.RequestSubrequestsDescribe:
		res, err := describe()
		return res, true, err
	}
	return b.ui.HandleSubrequest(ctx, dockerui.RequestHandler{
		Outline:     b.outline,
		ListTargets: b.listTargets,
		Lint:        b.lint,
		ConvertLLB:  b.convertLLB,
	})
}

func describe() (*client.Result, error) {
	dt, err := json.MarshalIndent(subrequestDefinitions(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the subrequests: %w", err)
	}
	var text bytes.Buffer
	if err := subrequests.PrintDescribe(dt, &text); err != nil {
		return nil, err
	}
	return answer(dt, text.Bytes()), nil
}

// answer makes the result of a subrequest: JSON for programs, text for people.
func answer(data, text []byte) *client.Result {
	res := client.NewResult()
	res.AddMeta("result.json", data)
	res.AddMeta("result.txt", []byte(diag.CleanLines(string(text))))
	res.AddMeta("version", []byte(subrequestVersion))
	return res
}

// requestPlan returns the plan of the first platform that was asked for.
func (b *build) requestPlan(ctx context.Context) (*plan.Plan, diag.List, error) {
	return b.plan(ctx, b.targetPlatform(b.firstPlatform()))
}

func (b *build) callPlan(ctx context.Context) (*client.Result, error) {
	p, problems, err := b.requestPlan(ctx)
	if err != nil {
		return nil, err
	}
	dt, err := p.Indented()
	if err != nil {
		return nil, err
	}
	text := bytes.NewBufferString(printer.Text(p))
	count, many := b.countLayers(ctx, p)
	fmt.Fprintf(text, "\n%s\n", count)
	for _, d := range append(problems, many...).Warnings() {
		fmt.Fprintf(text, "\n%s\n", d)
	}
	return answer(dt, text.Bytes()), nil
}

func (b *build) callGraph(ctx context.Context) (*client.Result, error) {
	p, _, err := b.requestPlan(ctx)
	if err != nil {
		return nil, err
	}
	dt, err := json.MarshalIndent(map[string]string{"mermaid": printer.Mermaid(p), "dot": printer.DOT(p)}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the graph: %w", err)
	}
	return answer(dt, []byte(printer.Mermaid(p))), nil
}

func (b *build) callLLB(ctx context.Context) (*client.Result, error) {
	image, err := b.requestImage(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := llbtree.New(image.definition)
	if err != nil {
		return nil, err
	}
	planDigest, err := image.plan.Digest()
	if err != nil {
		return nil, err
	}
	dt, err := json.MarshalIndent(map[string]any{
		"plan": planDigest, "llb": tree.Digest(), "operations": len(image.definition.Def), "tree": tree.String(),
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the tree: %w", err)
	}
	text := fmt.Sprintf("plan %s\nllb  %s\n\n%s", planDigest, tree.Digest(), tree)
	return answer(dt, []byte(text)), nil
}

// requestImage compiles the first platform that was asked for, without building.
func (b *build) requestImage(ctx context.Context) (*compiled, error) {
	p, _, err := b.requestPlan(ctx)
	if err != nil {
		return nil, err
	}
	return b.compile(ctx, p, b.targetPlatform(b.firstPlatform()), false)
}

// convertLLB answers Docker's own request for the definition.
func (b *build) convertLLB(ctx context.Context) (*convertllb.Result, error) {
	image, err := b.requestImage(ctx)
	if err != nil {
		return nil, err
	}
	res := &convertllb.Result{
		Def: map[digest.Digest]*pb.Op{}, Metadata: map[digest.Digest]llb.OpMetadata{}, Source: image.definition.Source,
	}
	for _, dt := range image.definition.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(dt); err != nil {
			return nil, fmt.Errorf("reading an operation: %w", err)
		}
		res.Def[digest.FromBytes(dt)] = op
	}
	maps.Copy(res.Metadata, image.definition.Metadata)
	return res, nil
}

// listTargets lists the packages of the chain: --target builds one of them, and what it is
// built on. The last package of a chain is the image; packages that are layers of their own
// make it together.
func (b *build) listTargets(ctx context.Context) (*targets.List, error) {
	p, _, err := b.requestPlan(ctx)
	if err != nil {
		return nil, err
	}
	l := &targets.List{Sources: [][]byte{b.spec.Data}}
	builtOn := p.BuiltOnDirectly()
	for i, s := range p.Steps {
		base := p.Base.Value
		if len(builtOn[i]) > 0 {
			base = joinNames(p, builtOn[i])
		}
		l.Targets = append(l.Targets, targets.Target{
			Name: s.Name, Base: base, Default: i == len(p.Steps)-1 && !p.Layers.ByPackage(),
			Description: fmt.Sprintf("step %d of %d, from %s", i+1, len(p.Steps), s.Origin),
		})
	}
	return l, nil
}

func joinNames(p *plan.Plan, steps []int) string {
	names := make([]string, len(steps))
	for i, k := range steps {
		names[i] = p.Steps[k].Name
	}
	return strings.Join(names, ", ")
}
