package frontend

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"strconv"
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
		source.Revision = found.Revision
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
	found := source.Remote
	if source.Revision == "" {
		var err error
		if found, err = c.now(ctx, source.Remote); err != nil {
			return nil, err
		}
		source.Revision = found.Revision
	}
	c.remotes.Store(c.remoteKey(source.Name), found)
	read, err := c.load(ctx, source.Name, dirs)
	if err != nil && found.Dir != "" && strings.Contains(err.Error(), strconv.Quote("/"+found.Dir)+": not found") {
		err = fmt.Errorf("the repository has no folder %s", found.Dir)
	}
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

// now asks the builder which commit a ref is, or which digest an image has, and where a source
// policy takes it from. The revision is empty for a builder that does not tell.
func (c contextsFor) now(ctx context.Context, r plan.Remote) (plan.Remote, error) {
	logName := "resolve package source " + r.String()
	if r.Image != "" {
		resolved, dgst, _, err := c.client.ResolveImageConfig(ctx, r.Image, sourceresolver.Opt{
			LogName: logName, ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &c.platform},
		})
		r.Image, r.Revision = cmp.Or(resolved, r.Image), dgst.String()
		return r, registryError(r.Image, err)
	}
	if r.Pinned() {
		r.Revision = r.Ref
		return r, nil
	}
	source, err := sourceOf(ctx, gitState(r, llb.WithCustomName(logName)))
	if err != nil {
		return r, err
	}
	answer, err := c.client.ResolveSourceMetadata(ctx, source, sourceresolver.Opt{LogName: logName})
	if err != nil || answer.Git == nil {
		return r, err
	}
	r.Git, r.Revision = cmp.Or(answer.Op.GetAttrs()[pb.AttrFullRemoteURL], r.Git), commitOf(answer.Git)
	return r, nil
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

// remoteState returns a tree at its revision if that is known. The folder of a repository is
// taken from the whole of it: a provenance names repositories without folders, and docker
// buildx replay knows no others again.
func (c contextsFor) remoteState(r plan.Remote) llb.State {
	name := dockerui.WithInternalName("load package source " + r.String())
	if r.Image != "" {
		return llb.Image(withDigest(r.Image, digest.Digest(r.Revision)), llb.Platform(c.platform), name)
	}
	repository := gitState(r, name)
	if r.Dir == "" {
		return repository
	}
	return llb.Scratch().File(llb.Copy(repository, r.Dir, "/", &llb.CopyInfo{CopyDirContentsOnly: true}),
		dockerui.WithInternalName("load folder of package source "+r.String()))
}

// gitState returns a whole repository.
func gitState(r plan.Remote, name llb.ConstraintsOpt) llb.State {
	return llb.Git(r.Git, "", llb.GitRef(cmp.Or(r.Revision, r.Ref)), llb.GitChecksum(r.Revision), name)
}
