package builder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jetkit/cmd/internal/engine"
	"jetkit/pkgspec/diag"
)

// candidates lists where to look, the most explicit first. With a name in the
// options or in BUILDX_BUILDER there is one.
func candidates(opts Options) ([]candidate, error) {
	for _, named := range []struct{ by, name string }{
		{"--builder", opts.Name},
		{"BUILDX_BUILDER", opts.Env.Get("BUILDX_BUILDER")},
	} {
		if named.name == "" {
			continue
		}
		c, err := byName(opts, named.name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", named.by, err)
		}
		c.named, c.because = true, named.by
		return []candidate{c}, nil
	}
	list := []candidate{current(opts)}
	if host := opts.Env.Get("BUILDKIT_HOST"); host != "" {
		c, err := byAddress(host)
		if err != nil {
			return nil, fmt.Errorf("BUILDKIT_HOST: %w", err)
		}
		c.named, c.because = true, "BUILDKIT_HOST"
		return append(list, c), nil
	}
	return append(list, missing("BUILDKIT_HOST", "no BUILDKIT_HOST", "not set"), dockerCandidate(""), privateCandidate()), nil
}

// missing is a place where there is no builder.
func missing(source, short, format string, args ...any) candidate {
	return candidate{source: source, limit: answerLimit, open: func(context.Context, Options) (*Builder, error) {
		return nil, noSuch(short, format, args...)
	}}
}

// byName finds the builder that a name means: buildx's before Docker's contexts,
// as buildx itself does.
func byName(opts Options, name string) (candidate, error) {
	if strings.Contains(name, "://") {
		return byAddress(name)
	}
	store := storeOf(opts.Env)
	group, err := store.group(name)
	if err != nil {
		return candidate{}, err
	}
	if group != nil {
		return buildxCandidate(group), nil
	}
	contexts, err := engine.Contexts(opts.Env)
	if err != nil {
		return candidate{}, fmt.Errorf("docker's contexts: %w", err)
	}
	contexts = append(contexts, engine.DefaultContext)
	switch {
	case slices.Contains(contexts, name):
		return dockerCandidate(name), nil
	case name == PrivateName:
		return privateCandidate(), nil
	}
	known := append(append(store.names(), contexts...), PrivateName)
	hint := diag.DidYouMean(name, known)
	if hint == "" {
		slices.Sort(known)
		hint = "there are " + strings.Join(slices.Compact(known), ", ")
	}
	return candidate{}, fmt.Errorf("there is no builder %q: %s", name, hint)
}

// current is the builder chosen by docker buildx use. Where nothing was chosen,
// buildx's own default is Docker's engine, which has its turn later.
func current(opts Options) candidate {
	const source, short = "buildx", "no buildx builder"
	group, err := storeOf(opts.Env).current()
	if err != nil {
		return candidate{source: source, limit: answerLimit, open: func(context.Context, Options) (*Builder, error) { return nil, err }}
	}
	if group == nil || group.Driver == "docker" {
		return missing(source, short, "no builder was chosen (docker buildx use NAME)")
	}
	c := buildxCandidate(group)
	c.because = "docker buildx use"
	return c
}

// errNoBuildx is the reason where a buildx builder is known and buildx is not.
var errNoBuildx = errors.New("there is no docker buildx to reach it with: install docker-buildx-plugin, or put buildx on the PATH")
