package build

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/ociindex"
	"github.com/moby/buildkit/util/gitutil"
	"github.com/moby/buildkit/util/staticfs"
	digest "github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"
	fstypes "github.com/tonistiigi/fsutil/types"

	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/lock"
)

// Names of local sources and of options. They are dockerui's and buildx's.
const (
	mainContext = "context"
	fileContext = "dockerfile"
)

// IsRemote reports whether a context is a URL and not a folder: of a Git repository
// or of an archive.
func IsRemote(context string) bool {
	for _, scheme := range []string{"http://", "https://"} {
		if strings.HasPrefix(context, scheme) {
			return true
		}
	}
	if _, err := gitutil.ParseURL(context); err == nil {
		return true
	}
	return strings.HasPrefix(context, "github.com/")
}

// inputs gives the builder the files of the request: the jetson.yaml from memory, so
// that one from the command line or standard input is nowhere on the disk.
func (r *Request) inputs(opt *client.SolveOpt) error {
	opt.FrontendAttrs["filename"] = r.File
	if r.Data != nil {
		opt.LocalMounts[fileContext] = r.files()
		if IsRemote(r.Context) {
			opt.FrontendAttrs["dockerfilekey"] = fileContext
		}
	}
	if IsRemote(r.Context) {
		opt.FrontendAttrs["context"] = r.Context
	} else {
		if err := mount(opt, mainContext, r.Context); err != nil {
			return err
		}
		opt.SharedKey = sharedKey(r.Context)
	}
	for name, source := range r.Contexts {
		if err := namedContext(opt, name, source); err != nil {
			return fmt.Errorf("named context %s: %w", name, err)
		}
	}
	return nil
}

// files holds the jetson.yaml. BuildKit takes a file for unchanged if size and time
// are the same as in the transfer before, so each build's has its own time.
func (r *Request) files() fsutil.FS {
	files := staticfs.NewFS()
	now := time.Now().UnixNano()
	files.Add(r.File, &fstypes.Stat{Mode: 0o644, ModTime: now}, r.Data)
	if r.Lock != nil {
		files.Add(lock.Name(r.File), &fstypes.Stat{Mode: 0o644, ModTime: now}, r.Lock)
	}
	if r.Ignore != nil {
		files.Add(r.File+cachefs.IgnoreFile, &fstypes.Stat{Mode: 0o644, ModTime: now}, r.Ignore)
	}
	return files
}

func mount(opt *client.SolveOpt, name, dir string) error {
	files, err := fsutil.NewFS(dir)
	if err != nil {
		return err
	}
	opt.LocalMounts[name] = files
	return nil
}

// sharedKey is what buildx lets BuildKit find the last transfer of a folder by.
func sharedKey(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return filepath.Base(abs)
	}
	return filepath.Base(dir)
}

// namedContext gives the builder a named context.
func namedContext(opt *client.SolveOpt, name, source string) error {
	key := "context:" + name
	switch {
	case strings.HasPrefix(source, "docker-image://"), IsRemote(source):
		opt.FrontendAttrs[key] = source
		return nil
	case strings.HasPrefix(source, ociLayout):
		ref, err := layoutContext(opt, strings.TrimPrefix(source, ociLayout))
		opt.FrontendAttrs[key] = ref
		return err
	}
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder", source)
	}
	mounted := name
	if name == mainContext || name == fileContext {
		mounted = "_" + name
	}
	opt.FrontendAttrs[key] = "local:" + mounted
	opt.FrontendAttrs["sharedkey:localdir:"+name] = sharedKey(source)
	return mount(opt, mounted, source)
}

const ociLayout = "oci-layout://"

// layoutContext gives the builder the image of an OCI layout: FOLDER, FOLDER:TAG or
// FOLDER@DIGEST. It returns how the frontend names it.
func layoutContext(opt *client.SolveOpt, text string) (string, error) {
	dir, dgst, byDigest := strings.Cut(text, "@")
	tag := ""
	if !byDigest {
		if i := strings.LastIndex(dir, ":"); i > 0 && !strings.Contains(dir[i:], "/") {
			dir, tag = dir[:i], dir[i+1:]
		}
		index := ociindex.NewStoreIndex(dir)
		desc, err := index.Get(tag)
		if err == nil && desc == nil && tag == "" {
			desc, err = index.GetSingle()
		}
		if err != nil {
			return "", err
		}
		if desc == nil {
			return "", errors.New("the OCI layout " + dir + " has no image of that name; name one as FOLDER:TAG or FOLDER@DIGEST")
		}
		dgst = string(desc.Digest)
	}
	if _, err := digest.Parse(dgst); err != nil {
		return "", fmt.Errorf("%q: %w", dgst, err)
	}
	store, err := local.NewStore(dir)
	if err != nil {
		return "", err
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	name := "jetkit" + hex.EncodeToString(id[:])
	opt.OCIStores[name] = store
	return ociLayout + name + "@" + dgst, nil
}
