package plan

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	commit      = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	imageDigest = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)
)

// Source is a tree of packages that jetson.yaml names by where it is, in no context of the
// build.
type Source struct {
	// Name is what origins and messages call it: the entry of jetson.yaml. An image has
	// "docker-image://" before it.
	Name string `json:"name"`
	Remote
}

// Remote is where a tree is that is neither on this machine nor on the builder: in a
// repository, or in an image.
type Remote struct {
	// Git is the URL of the repository, Ref the branch, tag or commit, empty for the default
	// branch, and Dir the folder in it that is the tree, empty for all of it.
	Git string `json:"git,omitempty"`
	Ref string `json:"ref,omitempty"`
	Dir string `json:"dir,omitempty"`
	// Image is the reference of an image.
	Image string `json:"image,omitempty"`
	// Revision is the commit, or the image's digest, that was found there; empty if nobody
	// has looked, or a builder does not tell.
	Revision string `json:"revision,omitempty"`
}

// String returns the tree as docker's tools write it: a Git context, or an image.
func (r Remote) String() string {
	if r.Image != "" {
		return ImageScheme + r.Image
	}
	git, fragment := WithoutCredentials(r.Git), r.Ref
	if r.Dir != "" {
		fragment += ":" + r.Dir
	}
	if fragment == "" {
		return git
	}
	return git + "#" + fragment
}

// WithoutCredentials returns a URL as it may be shown: without a user, who may be a token, and
// without a password. Of SSH, a user is none.
func WithoutCredentials(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text
	}
	if _, secret := u.User.Password(); u.Scheme == "ssh" && !secret {
		return text
	}
	u.User = url.User("xxxxx")
	return u.String()
}

// ImageScheme is what docker's tools write before an image that is a context.
const ImageScheme = "docker-image://"

// Pinned reports whether the tree is the same every time: a commit, or an image by its
// digest.
func (r Remote) Pinned() bool {
	if r.Image != "" {
		return imageDigest.MatchString(r.Image)
	}
	return IsCommit(r.Ref)
}

// MovingRef reports whether a reference of Git's goes on: none at all, or a branch that is
// called as those are.
func MovingRef(ref string) bool {
	return ref == "" || slices.Contains(movingBranches, strings.ToLower(strings.TrimPrefix(ref, "refs/heads/")))
}

// movingBranches are names of branches that go on.
var movingBranches = []string{"main", "master", "develop", "devel", "dev", "trunk", "head", "nightly", "latest"}

// MovingImage reports whether a reference of an image is whatever that name has on the day of
// a build, and returns the name: it has no digest and no tag, or the tag latest.
func MovingImage(ref string) (name string, moves bool) {
	slash := strings.LastIndex(ref, "/") + 1
	name, tag, ok := strings.Cut(ref[slash:], ":")
	return ref[:slash] + name, !strings.Contains(ref, "@") && (!ok || tag == "latest")
}

// IsCommit reports whether a ref is the whole name of a commit, by SHA-1 or SHA-256.
func IsCommit(ref string) bool { return commit.MatchString(ref) }

// Source returns the source of a name.
func (p *Plan) Source(name string) (Source, bool) {
	i := slices.IndexFunc(p.Sources, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return Source{}, false
	}
	return p.Sources[i], true
}
