package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jetkit/pkgspec/catalog"
	"jetkit/pkgspec/diag"
)

// pageEndings are the endings of the names of files that are pages for people.
var pageEndings = []string{".md", ".markdown", ".rst", ".txt"}

// isPage reports whether a file is a page about a package.
func isPage(name string) bool {
	return slices.Contains(pageEndings, strings.ToLower(path.Ext(name)))
}

// page is the JSON form of packages docs: one text about a package.
type page struct {
	Package string `json:"package"`
	// From is where the text is from: a key of the metadata, or a file.
	From string `json:"from"`
	Text string `json:"text"`
}

func newPackageDocs(sys *system) *cobra.Command {
	flags := requestFlags{pages: true}
	var format string
	cmd := &cobra.Command{
		Use:                   "docs [OPTIONS] NAME",
		DisableFlagsInUseLine: true,
		Short:                 "Print what a package says of itself: its notes, docs and README",
		Long: `Print the notes and docs of a package's metadata, the file that docs names, and the README of its
folder. A name without a tag finds each version; versions with the same texts are printed once.`,
		Example: `  jetkit packages docs numpy
  jetkit packages docs ollama --source ~/jetson-containers/packages`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := flags.load(cmd, sys)
			if err != nil {
				return err
			}
			defer w.close()
			packages := w.named(args[0])
			if len(packages) == 0 {
				return w.noPackage(args[0])
			}
			pages, err := w.pages(packages)
			if err != nil {
				return err
			}
			if format == "json" {
				return writeJSON(sys.out, pages)
			}
			if len(pages) == 0 {
				return fmt.Errorf("%s says nothing of itself: it has no notes, no docs and no README", args[0])
			}
			printPages(sys, pages)
			return nil
		},
	}
	flags.register(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	oneOf(cmd, &format, "format", "answer", "text", "json")
	return cmd
}

// pages returns the texts about packages, each once.
func (w *library) pages(packages []*catalog.Package) ([]page, error) {
	list := []page{}
	seen := map[string]bool{}
	add := func(p *catalog.Package, from, text string) {
		text = strings.TrimSpace(text)
		if text != "" && !seen[text] {
			seen[text] = true
			list = append(list, page{Package: p.Name, From: from, Text: text})
		}
	}
	for _, p := range packages {
		add(p, "notes", p.Notes)
		files, err := w.pageFiles(p)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(files, path.Clean(p.Docs)) {
			add(p, "docs", p.Docs)
		}
		for _, name := range files {
			dt, err := fs.ReadFile(w.Files(p.Origin), path.Join(p.Origin.Path, name))
			if err != nil {
				return nil, fmt.Errorf("reading about %s: %w", p.Name, err)
			}
			add(p, p.Origin.File(name), string(dt))
		}
	}
	return list, nil
}

// pageFiles lists the files of a package's folder that are about it: the one that its
// docs name, and its README.
func (w *library) pageFiles(p *catalog.Package) ([]string, error) {
	entries, err := fs.ReadDir(w.Files(p.Origin), p.Origin.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading about %s: %w", p.Name, err)
	}
	var files []string
	for _, e := range entries {
		stem, _, _ := strings.Cut(e.Name(), ".")
		switch {
		case e.IsDir() || !isPage(e.Name()):
		case e.Name() == path.Clean(p.Docs):
			files = slices.Insert(files, 0, e.Name())
		case strings.EqualFold(stem, "readme"):
			files = append(files, e.Name())
		}
	}
	return files, nil
}

// printPages prints texts one below the other.
func printPages(sys *system, pages []page) {
	for i, p := range pages {
		if i > 0 {
			fmt.Fprintln(sys.out)
		}
		fmt.Fprintf(sys.out, "%s, %s:\n\n", diag.Clean(p.Package), diag.Clean(p.From))
		for line := range strings.Lines(p.Text) {
			fmt.Fprintln(sys.out, diag.Clean(strings.TrimRight(line, "\r\n")))
		}
	}
}
