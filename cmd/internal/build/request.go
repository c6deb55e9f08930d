package build

import (
	"io"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	spb "github.com/moby/buildkit/sourcepolicy/pb"

	"jetkit/frontend"
	"jetkit/pkgspec"
)

// Request is an image to build: what docker buildx build gets on its command line,
// in the frontend's terms.
type Request struct {
	// File is the name that messages have for the jetson.yaml, without its folder, and
	// Data its text. Without Data the file is one of a remote Context, by its path.
	File string
	Data []byte
	// Ignore is the text of the file's own ignore file, nil if it has none.
	Ignore []byte
	// Lock is the text of the lock beside the file, nil if it has none.
	Lock []byte
	// Context is the build context: a folder, or the URL of a Git repository or an archive.
	Context string
	// Contexts are the named contexts: folders, docker-image://, oci-layout:// or URLs.
	Contexts map[string]string
	// Complete is as in frontend.Options.
	Complete func(*pkgspec.Spec) error

	// Flags is as in frontend.Options.
	Flags map[string]string

	// Args are build arguments, and Labels are set on the image.
	Args, Labels map[string]string
	// Attrs are further options of the frontend by BuildKit's name, such as "add-hosts".
	Attrs     map[string]string
	Platforms []string
	// Target is the package to build up to, or empty.
	Target string
	// NoCache builds everything anew, and NoCacheFilter some packages.
	NoCache       bool
	NoCacheFilter []string
	// Pull resolves images anew.
	Pull bool
	// Attests are attestations to make, by type: "provenance" with "mode=max". An empty
	// value turns one off. Without "provenance" the image gets what buildx gives it.
	Attests map[string]string
	// Policy says which sources the build may have, and where they come from; nil allows all.
	Policy *spb.Policy
	// Allow are entitlements that the build may use.
	Allow []string

	CacheFrom, CacheTo []client.CacheOptionsEntry
	Exports            []Export
	// Out receives what is exported to standard output.
	Out io.Writer
	// Names returns what to call the image by what was planned. Exports of images get
	// these names, unless they have their own. It may be nil.
	Names func(frontend.Planned) (Names, error)
	// Known are the names, for exports that need them before anything is planned: see
	// [Request.NeedsNames].
	Known *Names
	// Session provides secrets, SSH agents and credentials to the builder.
	Session []session.Attachable
}

// NeedsNames reports whether an export has to know the image's names before the
// build: BuildKit writes them into a provenance, and has no other way to get them.
func (r *Request) NeedsNames() bool {
	if value, given := r.Attests["provenance"]; given && value == "" {
		return false
	}
	return slices.ContainsFunc(r.Exports, func(e Export) bool {
		return (e.Type == client.ExporterImage || e.Type == client.ExporterOCI) && e.Attrs["name"] == ""
	})
}

// Names are what an image is called.
type Names struct {
	// Exported are the names that registries, engines and files get.
	Exported []string
	// Local are further names in engines.
	Local []string
}

// kept returns those names that something has after the exports.
func (n Names) kept(exports []Export) []string {
	var names []string
	for _, e := range exports {
		own := e.Attrs["name"]
		switch {
		case !e.holdsImage() && e.Type != ExporterMoby:
		case own != "":
			names = append(names, strings.Split(own, ",")...)
		default:
			names = append(names, n.Exported...)
		}
	}
	if slices.ContainsFunc(exports, func(e Export) bool { return e.Engine != nil }) {
		names = append(names, n.Local...)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(names, func(name string) bool {
		again := seen[name]
		seen[name] = true
		return again
	})
}

// Hooks look on at a build, or step in. Each may be nil.
type Hooks struct {
	// OnStatus receives each message of the progress, one after the other.
	OnStatus func(*client.SolveStatus)
	// OnPlan receives the plan of each platform, from several goroutines.
	OnPlan func(frontend.Planned)
	// OnCompiled receives what each platform's image consists of, from several goroutines.
	OnCompiled func(frontend.Compiled)
	// Wrap returns the callback that runs instead of the frontend's, and calls it.
	Wrap func(gateway.BuildFunc) gateway.BuildFunc
}

// Result is what came of a build.
type Result struct {
	// Response is the exporters' answer: "containerimage.digest" and so on.
	Response map[string]string
	// Names are those that the image has where it went: none if it was kept nowhere.
	Names []string
	// Engines are those that the image was loaded into, and Archive the file that it was
	// written to for want of one.
	Engines []string
	Archive string
	// Planned are the platforms' plans, in no order.
	Planned []frontend.Planned
}

// ImageID returns the digest that docker knows the image by, or "".
func (r *Result) ImageID() string {
	if id := r.Response["containerimage.config.digest"]; id != "" {
		return id
	}
	return r.Response["containerimage.digest"]
}
