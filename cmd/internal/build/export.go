package build

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/go-csvvalue"
)

// Types of exports that BuildKit's client has no constant for. They are buildx's.
const (
	// exporterRegistry is an image that is pushed.
	exporterRegistry = "registry"
	// exporterNone builds and keeps nothing but the cache.
	exporterNone = "cacheonly"
	// ExporterMoby is the only exporter of a Docker engine's own builder: into its image
	// store.
	ExporterMoby = "moby"
)

// Stdout is the destination of an export that means standard output.
const Stdout = "-"

// Export is a place that what was built goes to.
type Export struct {
	// Type is BuildKit's: local, tar, oci, docker, image, or "cacheonly".
	Type string
	// Attrs are the exporter's options.
	Attrs map[string]string
	// Dest is a folder or file, or [Stdout].
	Dest string
	// Engine loads an image of type docker or oci without a Dest, and names one of type
	// moby.
	Engine Engine
	// Push has the Engine push an image of type moby.
	Push bool
	// Folder keeps an image of type docker in a file that is called like it.
	Folder string
}

// ParseExport reads an --output of buildx: "type=local,dest=out", "out", "-".
func ParseExport(text string) (Export, error) {
	e := Export{Attrs: map[string]string{}}
	fields, err := csvvalue.Fields(text, nil)
	if err != nil {
		return e, err
	}
	if len(fields) == 1 && fields[0] == text && !strings.HasPrefix(text, "type=") {
		e.Type, e.Dest = client.ExporterLocal, text
		if text == Stdout {
			e.Type = client.ExporterTar
		}
		return e, nil
	}
	for _, field := range fields {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			return e, fmt.Errorf("%q is not of the form KEY=VALUE", field)
		}
		switch key = strings.TrimSpace(strings.ToLower(key)); key {
		case "type":
			e.Type = value
		case "dest":
			e.Dest = value
		default:
			e.Attrs[key] = value
		}
	}
	return e, e.check()
}

// check completes an export, or says what is wrong with it.
func (e *Export) check() error {
	switch e.Type {
	case "":
		return errors.New("it has no type: type=local,dest=DIR for example")
	case exporterRegistry:
		e.Type, e.Attrs["push"] = client.ExporterImage, "true"
		if _, given := e.Attrs["unpack"]; !given {
			e.Attrs["unpack"] = "false"
		}
	case client.ExporterLocal, client.ExporterTar, client.ExporterOCI, client.ExporterDocker, client.ExporterImage, exporterNone:
	default:
		return fmt.Errorf("there is no type %q: it can be local, tar, oci, docker, image, registry or cacheonly", e.Type)
	}
	switch {
	case e.Type == client.ExporterLocal && e.Dest == "":
		return errors.New("type=local needs dest=DIR")
	case e.Dest != "" && (e.Type == client.ExporterImage || e.Type == exporterNone):
		return fmt.Errorf("type=%s has no dest", e.Type)
	case e.Dest == "" && e.isFolder():
		return fmt.Errorf("type=%s,tar=false needs dest=DIR", e.Type)
	case e.Dest == "" && (e.Type == client.ExporterTar || e.Type == client.ExporterOCI):
		e.Dest = Stdout
	case e.Dest == Stdout && (e.Type == client.ExporterLocal || e.isFolder()):
		return errors.New("a folder cannot go to standard output")
	}
	return nil
}

// isFolder reports whether an image goes into a folder, as an OCI layout.
func (e *Export) isFolder() bool {
	if e.Type != client.ExporterOCI && e.Type != client.ExporterDocker {
		return false
	}
	tar, err := strconv.ParseBool(e.Attrs["tar"])
	return err == nil && !tar
}

// Loads reports whether an engine of this machine is to get the image.
func (e *Export) Loads() bool { return e.Type == client.ExporterDocker && e.Dest == "" }

// holdsImage reports whether the export has the image's name.
func (e *Export) holdsImage() bool {
	return slices.Contains([]string{client.ExporterImage, client.ExporterOCI, client.ExporterDocker}, e.Type)
}

// ParseCache reads a --cache-from or --cache-to of buildx: "type=local,src=DIR", or
// references.
func ParseCache(text string) ([]client.CacheOptionsEntry, error) {
	fields, err := csvvalue.Fields(text, nil)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(text, "=") { // each is a reference
		var all []client.CacheOptionsEntry
		for _, ref := range fields {
			all = append(all, client.CacheOptionsEntry{Type: exporterRegistry, Attrs: map[string]string{"ref": ref}})
		}
		return all, nil
	}
	entry := client.CacheOptionsEntry{Attrs: map[string]string{}}
	for _, field := range fields {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not of the form KEY=VALUE", field)
		}
		if key = strings.ToLower(key); key == "type" {
			entry.Type = value
		} else {
			entry.Attrs[key] = value
		}
	}
	if entry.Type == "" {
		return nil, errors.New("it has no type: type=registry,ref=REF or type=local,src=DIR for example")
	}
	return []client.CacheOptionsEntry{entry}, nil
}

// entry returns the export as BuildKit's client takes it.
func (e *Export) entry() client.ExportEntry {
	return client.ExportEntry{Type: e.Type, Attrs: maps.Clone(e.Attrs)}
}
