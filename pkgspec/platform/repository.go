package platform

import (
	"slices"

	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/remote"
)

// repository is one row of tables/sources.json: a tree of packages that has a name.
type repository struct {
	Name string `json:"name"`
	// Git, Ref and Dir are those of a [plan.Remote].
	Git     string `json:"git"`
	Ref     string `json:"ref"`
	Dir     string `json:"dir"`
	Source  string `json:"source"`
	Checked string `json:"checked"`
}

func (r *repository) before(other *repository) bool { return r.Name < other.Name }

func (r *repository) check(c *checker) {
	if !c.has("name", "git") {
		return
	}
	if name, _, err := remote.ParseGit(r.Name); err != nil || name != r.Name {
		c.errorf("name", "use small letters, digits and . _ - between them", "name: %q is not the name of a repository", r.Name)
	}
	parsed := plan.Remote{Git: r.Git, Ref: r.Ref, Dir: r.Dir}
	switch name, again, err := remote.ParseGit(parsed.String()); {
	case err != nil:
		c.errorf("git", "write the URL of a repository, as in https://host/repository.git", "git: %v", err)
	case name != "" || again != parsed:
		c.errorf("git", "write the URL of a repository, and ref and dir as keys of their own", "git: %q is more than the URL of a repository", r.Git)
	}
	c.common(&r.Source, r.Checked)
}

// Repository returns the repository that a name stands for.
func (t *Tables) Repository(name string) (plan.Remote, bool) {
	t = t.orBuiltIn()
	i := slices.IndexFunc(t.repositories, func(r repository) bool { return r.Name == name })
	if i < 0 {
		return plan.Remote{}, false
	}
	r := t.repositories[i]
	return plan.Remote{Git: r.Git, Ref: r.Ref, Dir: r.Dir}, true
}

// Repositories lists the names that stand for repositories, sorted.
func (t *Tables) Repositories() []string {
	var names []string
	for _, r := range t.orBuiltIn().repositories {
		names = append(names, r.Name)
	}
	return names
}
