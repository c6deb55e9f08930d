//go:build linux

package main

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// difference says in which files, of which layers, two images differ.
func (m *matrix) difference(ctx context.Context, first, second string) (string, error) {
	var entries [2]map[string]string
	for i, digest := range []string{first, second} {
		image, err := m.env.Image(ctx, m.env.Ref("out@"+digest), "")
		if err != nil {
			return "", err
		}
		if entries[i], err = entriesOf(image); err != nil {
			return "", err
		}
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(merged(entries[0], entries[1]))) {
		switch a, b := entries[0][name], entries[1][name]; {
		case a == b:
		case a == "":
			lines = append(lines, name+": only here, "+b)
		case b == "":
			lines = append(lines, name+": only there, "+a)
		default:
			lines = append(lines, name+": here "+b+", there "+a)
		}
	}
	const most = 12
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("and %d more", len(lines)-most))
	}
	return strings.Join(lines, "\n"), nil
}

func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// entriesOf describes each entry of each layer.
func entriesOf(image v1.Image) (map[string]string, error) {
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	entries := map[string]string{}
	for i, layer := range layers {
		content, err := layer.Uncompressed()
		if err != nil {
			return nil, err
		}
		archive := tar.NewReader(content)
		for {
			h, err := archive.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, errors.Join(err, content.Close())
			}
			hash := sha256.New()
			if _, err := io.Copy(hash, archive); err != nil {
				return nil, errors.Join(err, content.Close())
			}
			entries[fmt.Sprintf("layer %d /%s", i+1, h.Name)] = fmt.Sprintf("type %c, mode %o, %d:%d, %d bytes, sha256:%.4x…, time %d%s%s",
				h.Typeflag, h.Mode, h.Uid, h.Gid, h.Size, hash.Sum(nil), h.ModTime.Unix(), target(h.Linkname), records(h.PAXRecords))
		}
		if err := content.Close(); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func records(all map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, ", %s=%q", name, all[name])
	}
	return b.String()
}

func target(link string) string {
	if link == "" {
		return ""
	}
	return ", link to " + link
}
