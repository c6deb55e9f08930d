package pkgspec

import (
	"fmt"
	"regexp"
	"strconv"

	units "github.com/docker/go-units"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/schema"
	"jetkit/pkgspec/yamlnode"
)

// Resources are what the RUN steps of some packages may take.
type Resources struct {
	plan.Resources
	// Package is a name or pattern.
	Package diag.Text
}

// cpusPattern is a number of processors, as docker's --cpus takes it.
var cpusPattern = regexp.MustCompile(`^[0-9]{1,4}(\.[0-9]{1,2})?$`)

// resources is a mapping of packages to what their RUN steps may take.
func resources() form {
	entry := schema.Object(map[string]*schema.Schema{
		"memory": sizeSchema, "cpus": schema.Text(cpusPattern.String()).AtLeast(0),
		"jobs": (&schema.Schema{Type: []string{"integer", "string"}, Pattern: `^[0-9]+$`}).AtLeast(1),
	})
	return form{
		file: func(l *loader, f *yamlnode.Field, key string) {
			if !l.expect(f.Value, key, "a mapping of packages to what their RUN steps may take", yamlnode.Mapping) {
				return
			}
			for _, of := range f.Value.Fields {
				name := located{diag.Text{Value: of.Key, At: of.KeyAt}, key}
				if l.checkName(name) {
					l.spec.Resources = append(l.spec.Resources, l.resourcesOf(name, of.Value))
				}
			}
		},
		text: func(s *Spec) string {
			return listText(s.Resources, func(r Resources) string { return r.Package.Value + ": " + r.String() })
		},
		schema: schema.Table(schema.Text(namePattern.String()), entry),
	}
}

// resourcesOf reads what the RUN steps of a package may take.
func (l *loader) resourcesOf(name located, n *yamlnode.Node) Resources {
	r := Resources{Package: name.Text}
	r.At = name.At
	l.keys(n, join(name.name, yamlnode.Excerpt(name.Value)),
		key{"memory", l.lineKey(func(s located) { r.Memory = l.memory(s) })},
		key{"cpus", l.lineKey(func(s located) {
			if n, err := strconv.ParseFloat(s.Value, 64); err != nil || n == 0 || !cpusPattern.MatchString(s.Value) {
				l.reject(s, "write a number, such as 2 or 1.5", "%s is not a number of processors", yamlnode.Quote(s.Value))
				return
			}
			r.CPUs = s.Value
		})},
		key{"jobs", l.lineKey(func(s located) {
			n, err := strconv.Atoi(s.Value)
			if err != nil || n < 1 || n > maxJobs {
				l.reject(s, "", "%s is not a number from 1 to %d", yamlnode.Quote(s.Value), maxJobs)
				return
			}
			r.Jobs = n
		})},
	)
	return r
}

const (
	// minMemory is the least that Docker takes for a container; with less, runc fails.
	// Source: moby/moby, daemon/daemon_unix.go, linuxMinMemory.
	minMemory = 6 << 20
	// maxJobs bounds how many jobs a build may be told to run at once.
	maxJobs = 1024
)

func (l *loader) memory(s located) int64 {
	bytes, err := units.RAMInBytes(s.Value)
	switch {
	case err != nil:
		l.reject(s, "write a number of bytes, or one with k, m or g: 6g", "%s is not a size", yamlnode.Quote(s.Value))
	case bytes < minMemory || bytes > maxShmSize:
		l.reject(s, fmt.Sprintf("the least is %s", plan.SizeText(minMemory)), "a step cannot run with %s of memory", yamlnode.Excerpt(s.Value))
	}
	return bytes
}
