package frontend

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/attestations"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/result"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/teststep"
)

// manifestPredicate begins the type of the attestation whose predicate is a [teststep.Manifest];
// the version of its form ends it.
const manifestPredicate = "https://jetkit.io/manifest/v"

// attestManifest attaches the manifest of each platform's image to it, so that a registry tells
// what is in an image, and which tests it passed, without pulling it. It does so beside
// BuildKit's provenance: who turns that off wants an image alone.
func (b *build) attestManifest(ctx context.Context, rb *dockerui.ResultBuilder) error {
	asked, err := attestations.Parse(b.client.BuildOpts().Opts)
	if err != nil {
		return err
	}
	if _, ok := asked[attestations.KeyTypeProvenance]; !ok {
		return nil
	}
	return rb.EachPlatform(ctx, func(_ context.Context, id string, _ ocispecs.Platform) error {
		image, ok := rb.FindRef(id)
		if !ok {
			return fmt.Errorf("there is no image for %s", id)
		}
		rb.AddAttestation(id, client.Attestation{
			Kind: gatewaypb.AttestationKind_InToto,
			Ref:  image,
			Path: strings.TrimPrefix(path.Join(teststep.ShareDir, teststep.ManifestFile), "/"),
			// Exports that are files have the manifest among them.
			Metadata: map[string][]byte{result.AttestationInlineOnlyKey: []byte(strconv.FormatBool(true))},
			InToto:   result.InTotoAttestation{PredicateType: manifestPredicate + strconv.Itoa(teststep.ManifestVersion)},
		})
		return nil
	})
}
