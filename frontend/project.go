package frontend

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/util/gitutil"
)

// vcsSource is the frontend option in which buildx passes the URL that a local context
// was cloned from.
const vcsSource = "vcs:source"

// project identifies whose files are built: by the URL of the build context, or of the
// repository that it was cloned from. It is empty for other folders of the user's, as
// nothing tells one from another.
func (b *build) project() string {
	opts := b.ui.BuildOpts().Opts
	for _, source := range []string{opts[dockerui.DefaultLocalNameContext], opts[vcsSource]} {
		if name := repository(source); name != "" {
			return name
		}
	}
	return ""
}

// repository returns host and path of a URL. All ways to write the URL of a repository
// have one result: its protocol, user, branch and folder do not count, so that a clone
// on a desk and one in CI share what they have in caches.
func repository(source string) string {
	if strings.HasPrefix(source, "github.com/") {
		source = "https://" + source // BuildKit takes it for a repository too
	}
	u, err := gitutil.ParseURL(source)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Host) + "/" + strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
}
