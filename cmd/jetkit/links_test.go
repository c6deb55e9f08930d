package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLinks holds that the relative links of README.md, docs/*.md, docs/cli/*.md and docs/library/*.md lead to files, folders and
// headings that are there.
func TestLinks(t *testing.T) {
	root := filepath.Join("..", "..")
	var pages []string
	for _, dir := range []string{"docs", filepath.Join("docs", "cli"), filepath.Join("docs", "library")} {
		found, err := filepath.Glob(filepath.Join(root, dir, "*.md"))
		require.NoError(t, err)
		require.NotEmpty(t, found, "no pages in %s", dir)
		pages = append(pages, found...)
	}
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		for _, target := range links(readPage(t, page)) {
			assert.NoError(t, followLink(t, page, target), "%s: %s", page, target)
		}
	}
}

func TestAnchors(t *testing.T) {
	page := "# `gpu: cdi` and [CDI](x.md#y)!\n```sh\n# no heading\n```\n## Twice\n## Twice\n## snake_case – it's\n"
	want := []string{"gpu-cdi-and-cdi", "twice", "twice-1", "snake_case--its"}
	assert.Equal(t, want, anchors(page), "anchors")
}

func readPage(t *testing.T, file string) string {
	t.Helper()
	dt, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(dt)
}

// followLink looks for the file that a link of the page names, and for the heading if it names one.
func followLink(t *testing.T, page, target string) error {
	t.Helper()
	name, anchor, hasAnchor := strings.Cut(target, "#")
	file := page
	if name != "" {
		file = filepath.Join(filepath.Dir(page), filepath.FromSlash(name))
	}
	if _, err := os.Stat(file); err != nil {
		return err
	}
	if hasAnchor && strings.HasSuffix(file, ".md") && !slices.Contains(anchors(readPage(t, file)), anchor) {
		return fmt.Errorf("no heading has the anchor %s", anchor)
	}
	return nil
}

var (
	fence      = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	code       = regexp.MustCompile("`[^`\n]*`")
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)|(?m:^\[[^\]]+\]:\s*(\S+))`)
	linkText   = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	heading    = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	notInNames = regexp.MustCompile(`[^\pL\pN_\- ]`)
)

// links are the targets of a page's links that stay in the repository.
func links(page string) []string {
	var targets []string
	text := code.ReplaceAllString(fence.ReplaceAllString(page, ""), "")
	for _, match := range link.FindAllStringSubmatch(text, -1) {
		if target := match[1] + match[2]; !strings.Contains(target, "://") {
			targets = append(targets, target)
		}
	}
	return targets
}

// anchors are the names that GitHub gives a page's headings: lower case, without punctuation, spaces as hyphens, and
// numbered where two are alike.
func anchors(page string) []string {
	var names []string
	seen := map[string]int{}
	for _, match := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		text := strings.ToLower(linkText.ReplaceAllString(strings.TrimSpace(match[1]), "$1"))
		name := strings.ReplaceAll(notInNames.ReplaceAllString(text, ""), " ", "-")
		seen[name]++
		if n := seen[name] - 1; n > 0 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		names = append(names, name)
	}
	return names
}
