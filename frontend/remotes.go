package frontend

import (
	"cmp"
	"context"
	"io/fs"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
)

// Fetch reads the metadata of the packages in some folders of a tree that jetson.yaml names,
// and returns the commit or digest that the tree has in all of this build.
func (c contextsFor) Fetch(ctx context.Context, source plan.Source, dirs []string) (fs.FS, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.remote(source.Name); ok {
		source.Remote = found
		if read := c.read[c.remoteKey(source.Name)]; read != nil {
			return read.files, source.Revision, nil
		}
	}
	files, err := c.fetch(ctx, &source, dirs)
	if err != nil && ctx.Err() == nil {
		err = project.Unreachable(source.Remote, err)
	}
	return files, source.Revision, err
}

// fetch finds out what the tree is now, and reads that.
func (c contextsFor) fetch(ctx context.Context, source *plan.Source, dirs []string) (fs.FS, error) {
	var err error
	if source.Revision == "" {
		if source.Revision, err = c.revision(ctx, source.Remote); err != nil {
			return nil, err
		}
	}
	c.remotes.Store(c.remoteKey(source.Name), source.Remote)
	read, err := c.load(ctx, source.Name, dirs)
	if err != nil {
		return nil, err
	}
	c.read[c.remoteKey(source.Name)] = read
	return read.files, nil
}

// remoteKey names a tree apart from the same one of another platform, where there may be one
// for each: an image.
func (c contextsFor) remoteKey(name string) string {
	if strings.HasPrefix(name, plan.ImageScheme) {
		return name + "::" + platforms.FormatAll(platforms.Normalize(c.platform))
	}
	return name
}

// remote returns the tree of a name if it is one that jetson.yaml names.
func (c contextsFor) remote(name string) (plan.Remote, bool) {
	found, ok := c.remotes.Load(c.remoteKey(name))
	if !ok {
		return plan.Remote{}, false
	}
	return found.(plan.Remote), true
}

// revision asks the builder which commit a ref is, or which digest an image has. It is empty
// for a builder that does not tell.
func (c contextsFor) revision(ctx context.Context, r plan.Remote) (string, error) {
	if r.Image != "" {
		_, dgst, _, err := c.client.ResolveImageConfig(ctx, r.Image, sourceresolver.Opt{
			LogName:  "resolve package source " + r.String(),
			ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &c.platform},
		})
		return dgst.String(), registryError(r.Image, err)
	}
	if r.Pinned() {
		return r.Ref, nil
	}
	source, err := sourceOf(ctx, c.remoteState(r))
	if err != nil {
		return "", err
	}
	answer, err := c.client.ResolveSourceMetadata(ctx, source, sourceresolver.Opt{LogName: "resolve package source " + r.String()})
	if err != nil || answer.Git == nil {
		return "", err
	}
	return commitOf(answer.Git), nil
}

// commitOf returns the commit that a ref is, also if it is an annotated tag.
func commitOf(git *sourceresolver.ResolveGitResponse) string {
	return cmp.Or(git.CommitChecksum, git.Checksum)
}

// sourceOf returns the operation of a state that is one source.
func sourceOf(ctx context.Context, st llb.State) (*pb.SourceOp, error) {
	def, err := st.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	op := &pb.Op{}
	err = op.UnmarshalVT(def.Def[0])
	return op.GetSource(), err
}

// gitIdentifier returns what BuildKit calls a folder of a repository.
func gitIdentifier(url, ref, dir string) string {
	source, err := sourceOf(context.Background(), llb.Git(url, "", llb.GitRef(ref), llb.GitSubDir(dir)))
	if err != nil {
		return "" // nothing is called so
	}
	return source.GetIdentifier()
}

// remoteState returns a tree at its revision if that is known.
func (c contextsFor) remoteState(r plan.Remote) llb.State {
	name := dockerui.WithInternalName("load package source " + r.String())
	if r.Image != "" {
		return llb.Image(withDigest(r.Image, digest.Digest(r.Revision)), llb.Platform(c.platform), name)
	}
	options := []llb.GitOption{llb.GitRef(cmp.Or(r.Revision, r.Ref)), name}
	if r.Dir != "" {
		options = append(options, llb.GitSubDir(r.Dir))
	}
	return llb.Git(r.Git, "", options...)
}
