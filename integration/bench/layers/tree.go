//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pkg is a generated package.
type pkg struct {
	name  string
	needs []string
	// seed is in its first step's command, and content in its file: what makes it another package, and another layer.
	seed, content string
}

// tree is what one build builds: packages in the order of the chain.
type tree struct {
	packages []pkg
	// steps is how many RUN instructions each package has, and seconds how long the first of them sleeps.
	steps, seconds int
	// megabytes is the size of a file that a package makes, apart from its small ones.
	megabytes int
}

// shapes are the ways in which packages need each other: the numbers, from 1, of the packages that number i needs.
var shapes = map[string]func(i int) []int{
	// Each needs the one before it.
	"deep": func(i int) []int {
		if i == 1 {
			return nil
		}
		return []int{i - 1}
	},
	// None needs another.
	"wide": func(int) []int { return nil },
	// As packages are: a few that much is built on, many ends, and some that need two. Of 24, the longest path has 7.
	"dag": func(i int) []int {
		var needs []int
		if i > 1 {
			needs = append(needs, i/2)
		}
		if i > 3 && i%3 == 0 {
			needs = append(needs, i*3/4)
		}
		return needs
	},
}

// newTree makes the packages of a shape. What it makes with another id has nothing in a cache.
func newTree(shape string, count int, id string, w work) tree {
	t := tree{steps: w.steps, seconds: w.seconds, megabytes: w.megabytes}
	for i := range count {
		p := pkg{name: nameOf(i + 1), seed: id, content: id}
		for _, need := range shapes[shape](i + 1) {
			p.needs = append(p.needs, nameOf(need))
		}
		t.packages = append(t.packages, p)
	}
	return t
}

// nameOf sorts as the numbers do.
func nameOf(i int) string { return fmt.Sprintf("p%03d", i) }

// work is what each package of a tree does.
type work struct{ steps, seconds, megabytes int }

// index is a package's place in the chain.
func (t tree) index(name string) int {
	return slices.IndexFunc(t.packages, func(p pkg) bool { return p.name == name })
}

func (t tree) names() []string {
	var names []string
	for _, p := range t.packages {
		names = append(names, p.name)
	}
	return names
}

// clone is a tree that can be changed.
func (t tree) clone() tree {
	t.packages = slices.Clone(t.packages)
	for i := range t.packages {
		t.packages[i].needs = slices.Clone(t.packages[i].needs)
	}
	return t
}

// dependents are the names of the packages that need any of these, directly or not, and of these.
func (t tree) dependents(names ...string) []string {
	found := slices.Clone(names)
	for _, p := range t.packages {
		if !slices.Contains(found, p.name) && slices.ContainsFunc(p.needs, func(n string) bool { return slices.Contains(found, n) }) {
			found = append(found, p.name)
		}
	}
	return found
}

// longestPath are the packages of the longest path of needs.
func (t tree) longestPath() tree {
	longest := map[string][]string{}
	var end string
	for _, p := range t.packages {
		var path []string
		for _, need := range p.needs {
			if len(longest[need]) > len(path) {
				path = longest[need]
			}
		}
		longest[p.name] = append(slices.Clone(path), p.name)
		if len(longest[p.name]) > len(longest[end]) {
			end = p.name
		}
	}
	line := t.clone()
	line.packages = nil
	for i, name := range longest[end] {
		p := t.packages[t.index(name)]
		p.needs = nil
		if i > 0 {
			p.needs = []string{longest[end][i-1]}
		}
		line.packages = append(line.packages, p)
	}
	return line
}

// write makes the folder of a build, anew.
func (t tree) write(dir, frontend string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	files := map[string]string{
		"jetson.yaml": fmt.Sprintf("# syntax=%s\ntarget: {l4t: 36.4.3}\npackages: [%s]\n", frontend, strings.Join(t.names(), ", ")),
	}
	for _, p := range t.packages {
		files["packages/"+p.name+"/Dockerfile"] = t.dockerfile(p)
	}
	return writeFiles(dir, files)
}

// smallFiles is how many small files a package makes.
const smallFiles = 50

func (t tree) dockerfile(p pkg) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#---\n# name: %s\n", p.name)
	if len(p.needs) > 0 {
		fmt.Fprintf(&b, "# depends: [%s]\n", strings.Join(p.needs, ", "))
	}
	b.WriteString("#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n")
	fmt.Fprintf(&b, "RUN sleep %d && mkdir -p /opt/%[2]s && cd /opt/%[2]s && echo %[3]s > content && for i in $(seq %[4]d); do echo $i > file$i; done && : %[5]s\n",
		t.seconds, p.name, p.content, smallFiles, p.seed)
	for i := 2; i <= t.steps; i++ {
		fmt.Fprintf(&b, "RUN echo %d >> /opt/%s/steps\n", i, p.name)
	}
	if t.megabytes > 0 {
		fmt.Fprintf(&b, "RUN head -c %dM /dev/urandom > /opt/%s/random\n", t.megabytes, p.name)
	}
	return b.String()
}

func writeFiles(dir string, files map[string]string) error {
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
