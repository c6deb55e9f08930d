// Package remote reads how people write where a tree is that is in a repository or an image.
package remote

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"

	"github.com/distribution/reference"

	"jetkit/pkgspec/plan"
)

// Example is a repository as it is written.
const Example = "https://host/repository.git#REF:FOLDER"

var (
	// short is a name that stands for a repository.
	short = regexp.MustCompile(`^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$`)
	// scp is how SSH's tools write a file on a host: git@github.com:robots/packages.git.
	scp = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[\w.~/+-]+$`)
	// ref is what the name of a branch, tag or commit may look like. What git forbids is
	// left out (git-check-ref-format(1)), and so is what an option of git's looks like.
	ref = regexp.MustCompile(`^[^\pZ\pC~^:?*\[\\-][^\pZ\pC~^:?*\[\\]*$`)
)

// IsURL reports whether a text is meant as the URL of a repository.
func IsURL(text string) bool {
	return strings.Contains(text, "://") || strings.HasPrefix(text, "github.com/") || scp.MatchString(text)
}

// ParseGit reads URL#REF:FOLDER, as docker's tools take a Git context, or NAME#REF:FOLDER
// where NAME stands for a repository: that is the name then, and no URL.
func ParseGit(text string) (name string, r plan.Remote, err error) {
	where, fragment, _ := strings.Cut(text, "#")
	r.Ref, r.Dir, _ = strings.Cut(fragment, ":")
	if r.Ref != "" && (!ref.MatchString(r.Ref) || strings.Contains(r.Ref, "..")) {
		return "", r, fmt.Errorf("%q is not the name of a branch, tag or commit", r.Ref)
	}
	if r.Dir, err = folder(r.Dir); err != nil {
		return "", r, err
	}
	if short.MatchString(where) && !IsURL(where) {
		return where, r, nil
	}
	r.Git, err = parseURL(where)
	return "", r, err
}

// folder reads the folder of a repository; empty is all of it.
func folder(text string) (string, error) {
	clean := path.Clean("/" + text)
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", errors.New("the folder has control characters in its name")
	case path.IsAbs(text) || strings.HasPrefix(path.Clean(text), ".."):
		return "", fmt.Errorf("the folder %q is outside of the repository", text)
	}
	return strings.TrimPrefix(clean, "/"), nil
}

// parseURL checks the URL of a repository. One with a password in it is refused: it would
// be in plans, in the image's provenance and in every message about it.
func parseURL(text string) (string, error) {
	if scp.MatchString(text) && !strings.Contains(text, "://") {
		return text, nil
	}
	if strings.HasPrefix(text, "github.com/") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || strings.ContainsFunc(text, unicode.IsSpace):
		return "", errors.New("the URL is not valid")
	case u.Scheme == "" && strings.Contains(text, "@"): // what is before it may be a secret
		return "", errors.New("this is neither a URL nor the name of a repository")
	case u.Scheme == "":
		return "", fmt.Errorf("%q is neither a URL nor the name of a repository", text)
	case u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "ssh" && u.Scheme != "git":
		return "", fmt.Errorf("a repository is fetched by https, http, ssh or git, not by %s", u.Scheme)
	case u.Host == "" || strings.Trim(u.Path, "/") == "":
		return "", errors.New("the URL names no repository")
	case strings.HasPrefix(u.Host, "-") || strings.HasPrefix(u.User.Username(), "-"): // an option of ssh's
		return "", errors.New("the URL is not valid")
	case u.RawQuery != "":
		return "", errors.New("the URL has a query: write the ref and the folder behind #")
	case u.User != nil && u.Scheme != "ssh":
		return "", fmt.Errorf("the URL has a user or password in it, which plans and messages would show: give --secret id=GIT_AUTH_TOKEN.%s instead", u.Host)
	}
	if _, secret := u.User.Password(); secret {
		return "", errors.New("the URL has a password in it, which plans and messages would show: give an agent with --ssh default instead")
	}
	return u.Scheme + text[len(u.Scheme):], nil // in small letters, which git wants
}

// ParseImage reads the reference of an image.
func ParseImage(text string) (plan.Remote, error) {
	text = strings.TrimPrefix(text, plan.ImageScheme)
	if _, err := reference.ParseNormalizedNamed(text); err != nil {
		return plan.Remote{}, err
	}
	return plan.Remote{Image: text}, nil
}
