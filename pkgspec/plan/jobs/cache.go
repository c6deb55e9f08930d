package jobs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/distribution/reference"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/rules"
)

// placeholder is what each job writes its ID in place of.
const placeholder = "{job}"

// CachePattern is where the jobs keep their caches: "registry.example.com/cache:{job}".
// Empty, they have none.
type CachePattern string

// ParseCachePattern checks the value of [plan.JobsCacheArg].
func ParseCachePattern(text string) (CachePattern, error) {
	if text == "" {
		return "", nil
	}
	var problems diag.List
	const hint = "for example registry.example.com/cache:" + placeholder
	switch named, err := reference.ParseNormalizedNamed(strings.ReplaceAll(text, placeholder, "a")); {
	case !strings.Contains(text, placeholder):
		problems.Errorf(rules.BadValue, diag.Range{}, hint, "--build-arg %s: %q has no %s, so all jobs would write one cache", plan.JobsCacheArg, text, placeholder)
	case err != nil:
		problems.Errorf(rules.BadValue, diag.Range{}, hint, "--build-arg %s: %q is not a reference: %v", plan.JobsCacheArg, text, err)
	default:
		if _, pinned := named.(reference.Digested); pinned {
			problems.Errorf(rules.BadValue, diag.Range{}, hint, "--build-arg %s: %q has a digest, so no job could write it", plan.JobsCacheArg, text)
		}
	}
	return CachePattern(text), problems.Err()
}

// ref returns the reference of a job's cache, empty without a pattern.
func (c CachePattern) ref(id string) string { return strings.ReplaceAll(string(c), placeholder, id) }

// refs is ref as a list.
func (c CachePattern) refs(id string) []string {
	if c == "" {
		return nil
	}
	return []string{c.ref(id)}
}

// maxName bounds how much of a package's name is in an ID: a tag has at most 128 characters.
const maxName = 60

// imageID is the ID of the job that builds the image. No package has it.
func imageID(p Platform) string { return ImageName + "-" + safe(p.Name) }

// idsOf returns the function that makes IDs of packages' names. Where several names would
// have one ID, each that had to be changed has a digest.
func idsOf(p Platform) func(name string) string {
	owners := map[string]int{ImageName: 2}
	for _, s := range p.Plan.Steps {
		if s.Dockerfile != "" {
			owners[safe(s.Name)]++
		}
	}
	return func(name string) string {
		id := safe(name)
		if owners[id] > 1 && (name != id || id == ImageName) {
			sum := sha256.Sum256([]byte(name))
			id += "-" + hex.EncodeToString(sum[:4])
		}
		return id + "-" + safe(p.Name)
	}
}

// safe writes a name so that it can be in a tag and in a repository's name: small letters
// and digits, with single separators between them.
func safe(name string) string {
	var b strings.Builder
	gap := ""
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if b.Len() > 0 {
				b.WriteString(gap)
			}
			gap = ""
			b.WriteRune(r)
		case gap == "" && (r == '.' || r == '_'):
			gap = string(r)
		default:
			gap = "-"
		}
	}
	id := b.String()
	if len(id) > maxName {
		id = strings.TrimRight(id[:maxName], "._-")
	}
	return cmp.Or(id, "package")
}
