package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"jetkit/cmd/internal/build"
	"jetkit/cmd/internal/outfile"
	"jetkit/pkgspec/diag"
)

// unmark removes the file of the image's ID, so that none is there after a failure, and
// finds out now, and not after hours, which files cannot be written.
func (b *builds) unmark() error {
	for flag, file := range map[string]string{"--metadata-file": b.flags.metadataFile, "--iidfile": b.flags.iidFile} {
		if file == "" {
			continue
		}
		if err := outfile.Check(file); err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
	}
	if b.flags.iidFile == "" {
		return nil
	}
	if err := outfile.Remove(b.flags.iidFile); err != nil {
		return fmt.Errorf("--iidfile: %w", err)
	}
	return nil
}

// finish writes and tells what came of a build.
func (b *builds) finish(result *build.Result) error {
	if err := b.writeFiles(result); err != nil {
		return err
	}
	if b.flags.quiet {
		_, err := fmt.Fprintln(b.out, result.ImageID())
		return err
	}
	if where := whereTo(result); where != "" {
		fmt.Fprintln(b.err, diag.CleanLines(where))
	}
	for _, name := range result.Names {
		if _, err := fmt.Fprintln(b.out, diag.Clean(name)); err != nil {
			return err
		}
	}
	return nil
}

// writeFiles writes --iidfile and --metadata-file.
func (b *builds) writeFiles(result *build.Result) error {
	if file := b.flags.metadataFile; file != "" {
		dt, err := json.MarshalIndent(metadata(result.Response), "", "  ")
		if err == nil {
			err = writeFile(file, string(dt))
		}
		if err != nil {
			return fmt.Errorf("--metadata-file: %w", err)
		}
	}
	if file := b.flags.iidFile; file != "" { // the last one: where it is, all went well
		if err := writeFile(file, result.ImageID()); err != nil {
			return fmt.Errorf("--iidfile: %w", err)
		}
	}
	return nil
}

// metadata returns what exporters tell as docker buildx build writes it: JSON that
// they encode is an object.
func metadata(response map[string]string) map[string]any {
	all := map[string]any{}
	for key, value := range response {
		all[key] = value
		dt, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			continue
		}
		var object map[string]any
		var list []map[string]any
		if json.Unmarshal(dt, &object) == nil && len(object) > 0 || json.Unmarshal(dt, &list) == nil && len(list) > 0 {
			all[key] = json.RawMessage(dt)
		}
	}
	return all
}

// whereTo says in words where an image is.
func whereTo(result *build.Result) string {
	switch {
	case result.Archive != "":
		return fmt.Sprintf("nothing here loads images, so it is in the file\n  %s\nload it where Docker or podman is: docker load -i %[1]s\nor push it: jetkit build --push=REPOSITORY ...", result.Archive)
	case len(result.Engines) > 0:
		return "loaded into " + strings.Join(result.Engines, " and ")
	}
	return ""
}
