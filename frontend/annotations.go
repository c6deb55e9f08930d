package frontend

import (
	"maps"
	"strings"
	"time"

	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/pkgspec/plan"
)

// ociPrefix begins the names that OCI defines, of annotations and of labels alike.
// Source: opencontainers/image-spec v1.1, annotations.md.
const ociPrefix = "org.opencontainers.image."

// annotated are the annotations of a platform's manifest; the platform is nil in a build that
// names none.
type annotated struct {
	platform *ocispecs.Platform
	values   map[string]string
}

// annotationsOf returns the annotations of an image's manifest. Those of OCI are there only if
// jetson.yaml wants them: an exporter of Docker's older media types refuses a build with any,
// and a frontend doesn't know the exporter.
func (b *build) annotationsOf(p *plan.Plan, base *chain.Base, epoch *time.Time) map[string]string {
	values := map[string]string{}
	if p.Image.OCIAnnotations {
		for _, labels := range []map[string]string{p.Image.Labels, b.ui.Labels} { // not the packages': a base's describe the base
			for name, value := range labels {
				if strings.HasPrefix(name, ociPrefix) {
					values[name] = value
				}
			}
		}
		if base.Digest != "" {
			values[ocispecs.AnnotationBaseImageName], values[ocispecs.AnnotationBaseImageDigest] = base.Name, base.Digest.String()
		}
		if epoch != nil {
			values[ocispecs.AnnotationCreated] = epoch.UTC().Format(time.RFC3339)
		}
	}
	maps.Copy(values, p.Image.Annotations)
	return values
}

// annotate gives a result the annotations of its platforms' manifests.
func (b *build) annotate(res *client.Result) {
	b.annotations.Range(func(_, value any) bool {
		a := value.(annotated)
		var platform *ocispecs.Platform // of an image for one platform, the exporter looks for those of none
		if b.ui.MultiPlatformRequested {
			platform = a.platform
		}
		for name, value := range a.values {
			res.AddMeta(exptypes.AnnotationManifestKey(platform, name), []byte(value))
		}
		return true
	})
}
