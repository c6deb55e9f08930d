package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/build"
	"jetkit/cmd/internal/stepcache"
	"jetkit/frontend"
	"jetkit/pkgspec/diag"
)

// registerCached adds the flag that has --simulate look into the builder's cache.
func (f *buildFlags) registerCached(cmd *cobra.Command) {
	words := []string{"text", "json"}
	cmd.Flags().Var(&choice{value: &f.cached, words: words}, "cached", "with --simulate: also which steps the builder has cached, as `text|json`; --cached=json prints these alone")
	cmd.Flags().Lookup("cached").NoOptDefVal = "text"
	// An error would mean that there is no such flag.
	_ = cmd.RegisterFlagCompletionFunc("cached", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// stepFiles returns what identifies the files of a build's folders.
func stepFiles(r *build.Request) stepcache.Files {
	dirs := map[string]string{}
	maps.Copy(dirs, r.Contexts)
	if !build.IsRemote(r.Context) {
		dirs["context"] = r.Context
	}
	return stepcache.Folders(dirs)
}

// noteSteps keeps what a build tells of the builder's cache.
func (b *builds) noteSteps(c *client.Client, steps *stepcache.Recorder) {
	if b.cache == "" || b.ctx.Err() != nil {
		return
	}
	if err := steps.Save(b.ctx, c, b.cache); err != nil && b.ctx.Err() == nil && !b.flags.quiet {
		fmt.Fprintf(b.err, "--simulate --cached will not know of this build: %s\n", diag.Clean(err.Error()))
	}
}

// printSteps answers --cached.
func (b *builds) printSteps(r *request) error {
	var compiled frontend.Compiled
	err := b.look(r, func(ctx context.Context, c gateway.Client, o frontend.Options) (err error) {
		compiled, err = o.Compile(ctx, c)
		return err
	})
	if err != nil {
		return err
	}
	req, err := b.inputs(r)
	if err != nil {
		return b.usage(err)
	}
	c, err := b.client(req.Platforms)
	if err != nil {
		return err
	}
	steps, err := stepcache.Steps(b.ctx, c, b.cache, stepcache.Question{
		Definition: compiled.Definition, Files: stepFiles(req), Imports: len(req.CacheFrom) > 0,
	})
	if err != nil {
		return fmt.Errorf("asking the builder for its cache: %w", err)
	}
	if b.flags.cached == "json" {
		enc := json.NewEncoder(b.out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(map[string]any{"builder": b.builder.Name, "platform": compiled.Platform, "steps": steps})
	}
	fmt.Fprintf(b.out, "\nSteps on the builder %s\n", diag.Clean(b.builder.Name))
	unknown := false
	for _, s := range steps {
		fmt.Fprintf(b.out, "  %-11s %s\n", stateWords[s.State], strings.Join(strings.Fields(diag.Clean(s.Name)), " "))
		unknown = unknown || s.State == stepcache.Unknown
	}
	if unknown {
		fmt.Fprintln(b.out, "unknown: no build of this machine has run the step on this builder; the builder may have it all the same")
	}
	return nil
}

// stateWords are what people read of a step's state.
var stateWords = map[stepcache.State]string{
	stepcache.Cached: "cached", stepcache.Missing: "not cached", stepcache.Unknown: "unknown",
}
