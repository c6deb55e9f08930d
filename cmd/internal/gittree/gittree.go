// Package gittree shows trees of Git repositories as folders of this machine. They are fetched
// by the user's own git, with its configuration and credentials, and kept by their commit.
package gittree

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/buildkit/util/gitutil"

	"jetkit/pkgspec/plan"
)

// Store is where trees are kept.
type Store struct {
	// Dir is the folder that they are kept in.
	Dir string
	// Agent is the socket of an SSH agent, and KnownHosts the file of the hosts that SSH
	// trusts: none, if it is empty.
	Agent, KnownHosts string
	// Notes gets a line before something is fetched.
	Notes io.Writer
	// Now is the time, by which trees that nobody has used for long are removed.
	Now time.Time
}

// unused is how long a tree is kept that nobody uses.
const unused = 30 * 24 * time.Hour

// Folder returns a folder with the files of a tree, and their commit.
func (s Store) Folder(ctx context.Context, r plan.Remote) (dir, commit string, err error) {
	if _, err := exec.LookPath("git"); err != nil {
		return "", "", errors.New("git is not installed")
	}
	commit = cmp.Or(r.Revision, r.Ref)
	if !plan.IsCommit(commit) {
		if commit, err = s.resolve(ctx, r); err != nil {
			return "", "", err
		}
	}
	key := sha256.Sum256([]byte(r.Git + "\n" + commit + "\n" + r.Dir))
	dir = filepath.Join(s.Dir, hex.EncodeToString(key[:16]))
	if _, err := os.Stat(dir); err != nil {
		if err := os.MkdirAll(s.Dir, 0o700); err != nil {
			return "", "", err
		}
		s.removeUnused()
		if err := s.fetch(ctx, r, commit, dir); err != nil {
			return "", "", err
		}
	}
	return dir, commit, os.Chtimes(dir, s.Now, s.Now)
}

// resolve returns the commit of a branch or tag, chosen as BuildKit does where both have one
// name (source/git of BuildKit).
func (s Store) resolve(ctx context.Context, r plan.Remote) (string, error) {
	ref := cmp.Or(r.Ref, "HEAD")
	out, err := s.git().Run(ctx, "ls-remote", "--", r.Git, ref, ref+"^{}")
	if err != nil {
		return "", err
	}
	found := map[string]string{}
	for line := range strings.Lines(string(out)) {
		sha, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		found[name] = sha
	}
	if r.Ref == "" && found["HEAD"] != "" {
		return found["HEAD"], nil
	}
	full, branch, tag := "refs/"+strings.TrimPrefix(ref, "refs/"), "refs/heads/"+strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/"+strings.TrimPrefix(ref, "refs/tags/")
	if full == tag {
		full = tag + "^{}" // the commit of an annotated tag
	}
	for _, name := range []string{full, branch, tag + "^{}", tag} {
		if found[name] != "" {
			return found[name], nil
		}
	}
	return "", fmt.Errorf("repository does not contain ref %s", ref)
}

// fetch makes the folder, as a whole or not at all.
func (s Store) fetch(ctx context.Context, r plan.Remote, commit, dir string) error {
	if s.Notes != nil {
		fmt.Fprintf(s.Notes, "note: fetching %s\n", r)
	}
	temporary, err := os.MkdirTemp(s.Dir, ".fetching-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }() // what is left is removed with what is unused
	repository, tree := filepath.Join(temporary, "git"), filepath.Join(temporary, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		return err
	}
	git := s.git(gitutil.WithGitDir(repository), gitutil.WithWorkTree(tree))
	format := "sha1"
	if len(commit) == sha256.Size*2 {
		format = "sha256"
	}
	if _, err := s.git().Run(ctx, "init", "--quiet", "--bare", "--template=", "--object-format="+format, repository); err != nil {
		return err
	}
	if err := noFilters(repository); err != nil {
		return err
	}
	if err := fetchCommit(ctx, git, r.Git, commit); err != nil {
		return err
	}
	folder := cmp.Or(r.Dir, ".")
	if err := noSubmodules(ctx, git, commit, folder); err != nil {
		return err
	}
	if _, err := git.Run(ctx, "checkout", "--quiet", commit, "--", folder); err != nil {
		if strings.Contains(err.Error(), "did not match any file") {
			return fmt.Errorf("there is no folder %s at commit %s", folder, commit)
		}
		return err
	}
	return keep(tree, folder, dir)
}

// fetchCommit fetches a commit, or all there is from servers that give away branches and tags
// only.
func fetchCommit(ctx context.Context, git *gitutil.GitCLI, url, commit string) error {
	has := func() bool {
		_, err := git.Run(ctx, "cat-file", "-e", commit+"^{commit}")
		return err == nil
	}
	if _, err := git.Run(ctx, "fetch", "--quiet", "--no-tags", "--depth=1", "--", url, commit); err == nil && has() {
		return nil
	}
	if _, err := git.Run(ctx, "fetch", "--quiet", "--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"); err != nil {
		return err
	}
	if !has() {
		return fmt.Errorf("repository does not contain commit %s", commit)
	}
	return nil
}

// noFilters keeps git from running the programs of the user's configuration, such as git-lfs,
// on the files: a builder has none.
func noFilters(repository string) error {
	if err := os.MkdirAll(filepath.Join(repository, "info"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(repository, "info", "attributes"), []byte("* -filter\n"), 0o644)
}

// noSubmodules is an error if other repositories are part of a folder: a builder fetches them
// too.
func noSubmodules(ctx context.Context, git *gitutil.GitCLI, commit, folder string) error {
	out, err := git.Run(ctx, "ls-tree", "-r", "-z", commit, "--", folder)
	if err != nil {
		return err
	}
	for entry := range bytes.SplitSeq(out, []byte{0}) {
		if mode, name, _ := strings.Cut(string(entry), " "); mode == "160000" {
			_, name, _ = strings.Cut(name, "\t")
			return fmt.Errorf("%s is a submodule, which only a builder fetches", name)
		}
	}
	return nil
}

// keep moves a folder of a tree to its place.
func keep(tree, folder, dir string) error {
	root, err := os.OpenRoot(tree)
	if err != nil {
		return err
	}
	info, err := root.Lstat(filepath.FromSlash(folder))
	root.Close() //nolint:errcheck // it is only read
	if err != nil || !info.IsDir() {
		return fmt.Errorf("%s is no folder", folder)
	}
	err = os.Rename(filepath.Join(tree, filepath.FromSlash(folder)), dir)
	if errors.Is(err, fs.ErrExist) {
		return nil // somebody else was faster
	}
	return err
}

// removeUnused removes what nobody has used for long. What cannot be removed stays.
func (s Store) removeUnused() {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && s.Now.Sub(info.ModTime()) > unused {
			_ = os.RemoveAll(filepath.Join(s.Dir, e.Name()))
		}
	}
}

// git returns the user's git, which asks nobody and runs no hooks.
func (s Store) git(options ...gitutil.Option) *gitutil.GitCLI {
	return gitutil.NewGitCLI(append(options, gitutil.WithHostGitConfig(), gitutil.WithSSHAuthSock(s.Agent), gitutil.WithSSHKnownHosts(knownHosts(s.KnownHosts)),
		gitutil.WithGitAdvice(false), gitutil.WithArgs("-c", "core.hooksPath="+os.DevNull, "-c", "core.fsmonitor=false",
			// The files are those that a builder gets, whatever the user has for files of their own.
			"-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "core.attributesFile="+os.DevNull))...)
}

// knownHosts returns a file as BuildKit puts it into the command of ssh: as it is, through a
// shell and then an option whose files end at a space. Without one, it would trust every host.
func knownHosts(file string) string {
	if file == "" || strings.ContainsAny(file, "'\"\\") {
		return os.DevNull
	}
	return `'"` + file + `"'`
}
