package frontend

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/attestations/sbom"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/result"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/pkgspec/plan"
)

// The build arguments that say what an SBOM is of besides the image, as in Dockerfiles.
// Source: moby/buildkit v0.34, docs/attestations/sbom.md.
const (
	scanContextArg = "BUILDKIT_SBOM_SCAN_CONTEXT"
	scanStageArg   = "BUILDKIT_SBOM_SCAN_STAGE"
)

// sboms makes the SBOM of each platform's image: --sbom. Its scanner is an image that
// speaks BuildKit's scanning protocol.
type sboms struct {
	scan sbom.Scanner
	mu   sync.Mutex
	// extras are what is scanned besides the image, by platform and name.
	extras map[string]map[string]llb.State
}

// newSBOMs resolves the scanner; the result is nil if nobody asks for an SBOM.
func (b *build) newSBOMs(ctx context.Context) (*sboms, error) {
	asked := b.ui.SBOM
	if asked == nil {
		return nil, nil
	}
	platform := b.ui.BuildPlatforms[0]
	scan, err := sbom.CreateSBOMScanner(ctx, b.unpinned, asked.Generator, platform, sourceresolver.Opt{
		LogName:  "[internal] load metadata for " + asked.Generator,
		ImageOpt: &sourceresolver.ResolveImageOpt{ResolveMode: b.ui.ImageResolveMode.String(), Platform: &platform},
	}, asked.Parameters)
	if err != nil {
		return nil, fmt.Errorf("scanner %s of --sbom: %w", asked.Generator, err)
	}
	return &sboms{scan: scan, extras: map[string]map[string]llb.State{}}, nil
}

// note keeps what is to be scanned of a platform besides the image: the stages of packages,
// and the build context.
func (s *sboms) note(ctx context.Context, b *build, platform ocispecs.Platform, p *plan.Plan, stages []chain.Stage) error {
	if s == nil {
		return nil
	}
	extras, err := b.scannedStages(p, stages)
	if err != nil {
		return err
	}
	if whole, err := truth(scanContextArg, b.ui.BuildArgs[scanContextArg]); err != nil {
		return err
	} else if whole {
		st, err := b.ui.MainContext(ctx, llb.SharedKeyHint("jetkit:sbom"), dockerui.WithInternalName("load build context for its SBOM"))
		if err != nil {
			return err
		}
		extras["context"] = *st
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.extras[formatPlatform(platform)] = extras
	return nil
}

// scannedStages returns the stages of the packages that the build argument names: all, or
// some by name.
func (b *build) scannedStages(p *plan.Plan, stages []chain.Stage) (map[string]llb.State, error) {
	extras := map[string]llb.State{}
	value := b.ui.BuildArgs[scanStageArg]
	if all, err := strconv.ParseBool(value); err == nil {
		for _, s := range stages {
			if all {
				extras[s.Step.Name] = s.State
			}
		}
		return extras, nil
	}
	for _, name := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' }) {
		i := slices.IndexFunc(stages, func(s chain.Stage) bool { return chain.Answers(s.Step, strings.TrimSpace(name)) })
		if i < 0 {
			return nil, fmt.Errorf("--build-arg %s: the chain has no package %q; %s", scanStageArg, name, suggestStep(p, name))
		}
		extras[stages[i].Step.Name] = stages[i].State
	}
	return extras, nil
}

// truth reads a build argument that is true or false, or not given.
func truth(name, value string) (bool, error) {
	if value == "" {
		return false, nil
	}
	is, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("--build-arg %s: %q is neither true nor false", name, value)
	}
	return is, nil
}

// attach scans the images of a result, and attaches the SBOMs.
func (s *sboms) attach(ctx context.Context, b *build, rb *dockerui.ResultBuilder) error {
	if s == nil {
		return nil
	}
	return rb.EachPlatform(ctx, func(ctx context.Context, id string, platform ocispecs.Platform) error {
		image, ok := rb.FindRef(id)
		if !ok {
			return fmt.Errorf("there is no image for %s to scan", id)
		}
		core, err := image.ToState()
		if err != nil {
			return err
		}
		var opts []llb.ConstraintsOpt
		if b.ui.IsNoCache("sbom") {
			opts = append(opts, llb.IgnoreCache)
		}
		att, err := s.scan(ctx, id, core, s.extras[formatPlatform(platform)], opts...)
		if err != nil {
			return err
		}
		solved, err := result.ConvertAttestation(&att, func(st *llb.State) (client.Reference, error) {
			def, err := st.Marshal(ctx, llb.WithCaps(b.ui.BuildOpts().LLBCaps))
			if err != nil {
				return nil, fmt.Errorf("marshalling the LLB definition: %w", err)
			}
			res, err := b.client.Solve(ctx, client.SolveRequest{Definition: def.ToPB(), CacheImports: b.ui.CacheImports})
			if err != nil {
				return nil, err
			}
			return res.SingleRef()
		})
		if err != nil {
			return fmt.Errorf("the scanner of --sbom failed on the image for %s: %w", id, err)
		}
		rb.AddAttestation(id, *solved)
		return nil
	})
}
