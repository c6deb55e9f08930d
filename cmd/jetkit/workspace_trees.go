package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"

	"jetkit/cmd/internal/gittree"
	"jetkit/cmd/jetkit/diskfs"
	"jetkit/pkgspec/cachefs"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/project"
	"jetkit/pkgspec/rules"
)

// Names lists the named contexts.
func (w *workspace) Names() []string { return slices.Sorted(maps.Keys(w.request.contexts)) }

// Example is how a missing context is given.
func (w *workspace) Example() string { return "DIR" }

// Open shows the folder of a context.
func (w *workspace) Open(ctx context.Context, name string, _ []string) (fs.FS, error) {
	if name == "" {
		return w.local(w.request.context, w.request.ignore)
	}
	where := w.request.contexts[name]
	if g, is, err := dfgitutil.ParseGitRef(where); is && err == nil && (!g.IndistinguishableFromLocal || !isDir(where)) {
		return w.gitContext(ctx, g)
	}
	if err := checkContext(name, where); err != nil {
		return nil, err
	}
	return w.local(where, nil)
}

// gitContext shows the files of a context that is a repository.
func (w *workspace) gitContext(ctx context.Context, g *dfgitutil.GitRef) (fs.FS, error) {
	r := plan.Remote{Git: g.Remote, Ref: g.Ref, Dir: g.SubDir}
	if g.IndistinguishableFromLocal {
		r.Git = "https://" + r.Git
	}
	files, commit, err := w.repository(ctx, r)
	if err == nil && !strings.HasPrefix(commit, g.Checksum) {
		return nil, fmt.Errorf("%s is at commit %s, and not at %s as its checksum says", r, commit, g.Checksum)
	}
	return files, err
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Fetch shows the files of a repository. Of images only a builder knows the files.
func (w *workspace) Fetch(ctx context.Context, source plan.Source, _ []string) (fs.FS, string, error) {
	if source.Image != "" {
		return nil, "", &project.Refusal{
			Rule: rules.UnreachableSource, Message: source.String() + " cannot be fetched: this command has no builder, which reads images",
			Hint: "jetkit plan --builder NAME has one, and jetkit build",
		}
	}
	return w.repository(ctx, source.Remote)
}

// repository shows the files of a repository, and returns the commit that they are of. An
// ignore file is for contexts that are sent to a builder, which gets this one elsewhere.
func (w *workspace) repository(ctx context.Context, r plan.Remote) (fs.FS, string, error) {
	trees := w.request.trees
	if trees.Dir == "" {
		dir, err := os.MkdirTemp("", "jetkit-trees-")
		if err != nil {
			return nil, "", err
		}
		w.temporary = append(w.temporary, dir)
		trees.Dir = dir
	}
	dir, commit, err := trees.Folder(ctx, r)
	if err != nil {
		if ctx.Err() == nil {
			err = project.Unreachable(r, err)
		}
		return nil, "", err
	}
	files, err := w.show(dir, nil)
	return files, commit, err
}

// local shows a folder of the user's. ignore is the text of an ignore file that counts in
// place of the folder's own.
func (w *workspace) local(dir string, ignore []byte) (fs.FS, error) {
	patterns, err := cachefs.ParseIgnoreFile(ignore)
	if ignore == nil {
		patterns, err = ignorePatterns(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the context %s: %w", dir, err)
	}
	return w.show(dir, patterns)
}

// ignorePatterns reads the ignore file of a folder.
func ignorePatterns(dir string) ([]string, error) {
	folder, err := diskfs.Open(dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return cachefs.New(folder, cachefs.Options{}).IgnorePatterns()
}

// show opens a folder, of which patterns leave files out.
func (w *workspace) show(dir string, patterns []string) (fs.FS, error) {
	folder, err := diskfs.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the context %s: %w", dir, err)
	}
	w.folders = append(w.folders, folder)
	describes := project.Describes
	options := cachefs.Options{Metadata: project.Readable}
	if w.request.pages {
		options.Metadata = func(name string) bool { return isPage(name) || project.Readable(name) }
		describes = func(name string) bool { return isPage(name) || project.Describes(name) }
	}
	if options.Hidden, err = cachefs.Ignored(patterns, describes); err != nil {
		return nil, fmt.Errorf("opening the context %s: %w", dir, err)
	}
	return cachefs.New(folder, options), nil
}

// checkContext refuses a named context that is something else than a folder.
func checkContext(name, dir string) error {
	if isDir(dir) {
		return nil
	}
	refusal := &project.Refusal{Rule: rules.BadContext, Message: fmt.Sprintf("the named context %s is no folder: %s", name, plan.WithoutCredentials(dir))}
	if strings.Contains(dir, "://") {
		refusal.Hint = "this command reads folders and Git repositories; for images and archives use docker buildx build --call=jetson.plan"
	}
	return refusal
}

// trees is where what was fetched of repositories is kept.
func (s *system) trees() gittree.Store {
	store := gittree.Store{Notes: s.err, Now: time.Now()}
	if s.cache != "" {
		store.Dir = filepath.Join(s.cache, "git")
	}
	store.Agent, _ = s.env("SSH_AUTH_SOCK")
	home, _ := s.env("HOME")
	if me, err := user.Current(); home == "" && err == nil {
		home = me.HomeDir
	}
	if home != "" {
		store.KnownHosts = filepath.Join(home, ".ssh", "known_hosts")
	}
	return store
}
