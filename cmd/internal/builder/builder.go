// Package builder finds a BuildKit to build with, says which one and why, and
// keeps a private one where there is no other.
//
// The order is that of the most explicit: --builder, BUILDX_BUILDER, a builder
// chosen by docker buildx use, BUILDKIT_HOST, Docker's own engine, and at last a
// private buildkitd. The first three of what is named by the user (--builder,
// BUILDX_BUILDER, BUILDKIT_HOST) are that builder or an error. What is only found
// is skipped, with the reason, where it cannot be used.
package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/cmd/internal/engine"
	"jetkit/cmd/internal/machine"
)

// Kind is how a builder is reached.
type Kind string

// The kinds of builders.
const (
	Buildx  Kind = "buildx"  // a builder of docker buildx, through docker buildx dial-stdio
	Address Kind = "address" // a daemon at an address: BUILDKIT_HOST
	Docker  Kind = "docker"  // Docker's own engine
	Private Kind = "private" // jetkit's own buildkitd
)

// Options say what is to be looked at.
type Options struct {
	// Name is the flag --builder: the name of a buildx builder or of a Docker
	// context, [PrivateName], or an address such as tcp://host:1234.
	Name string
	// Env looks up environment variables, as os.LookupEnv does.
	Env engine.Env
	// Machine tells where CDI specifications are. Nil means none.
	Machine *machine.Machine
	// Passive starts nothing: neither the private daemon nor a builder's container.
	Passive bool
	// Notes gets a line when something takes long, such as the start of a
	// builder's container. Nil drops it.
	Notes io.Writer
}

// Builder is a BuildKit that answers and is new enough. Close ends its connections.
type Builder struct {
	// Name is the builder's own: buildx's name, an address, "default", "jetkit".
	Name string
	Kind Kind
	// Why names the builder, its version and the reason for it, for one line on
	// standard error after "builder: ".
	Why string
	// Facts are those of the node that builds for the default platform.
	Facts Facts
	// Engine is Docker's engine, where Kind is Docker. It closes with the builder.
	Engine *engine.Engine

	dial     func(ctx context.Context, platform string) (*client.Client, error)
	nodes    int
	mu       sync.Mutex
	opened   map[string]*client.Client
	children children
}

// Find returns the builder to use. The error of a builder that was named says
// what is wrong with it; that of a search lists what was tried.
func Find(ctx context.Context, opts Options) (*Builder, error) {
	candidates, err := candidates(opts)
	if err != nil {
		return nil, err
	}
	var skipped []Skipped
	for _, c := range candidates {
		b, err := c.connect(ctx, opts)
		if err == nil {
			b.Why = why(c, b, skipped)
			return b, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if c.named {
			return nil, fmt.Errorf("%s: %w", c.source, err)
		}
		skipped = append(skipped, Skipped{Source: c.source, Reason: err})
	}
	return nil, &NoneError{Skipped: skipped}
}

// Skipped is a builder that cannot be used, or a place where there is none.
type Skipped struct {
	// Source is where it was looked for: "Docker".
	Source string
	Reason error
}

// NoneError reports that there is nothing to build with.
type NoneError struct {
	Skipped []Skipped
}

// MultiLine tells that the text has several lines.
func (e *NoneError) MultiLine() {}

func (e *NoneError) Error() string {
	var text strings.Builder
	text.WriteString("there is no builder:")
	for _, s := range e.Skipped {
		fmt.Fprintf(&text, "\n  %s: %s", s.Source, strings.ReplaceAll(s.Reason.Error(), "\n", "\n    "))
	}
	fmt.Fprintf(&text, "\nInstall one of these: buildkitd %s or later and runc on the PATH "+
		"(both are in buildkit-vVERSION.linux-arm64.tar.gz or linux-amd64 of https://github.com/moby/buildkit/releases), "+
		"or, but not on JetPack 5 or JetPack 6 up to 6.2, Docker Engine %s or later (https://docs.docker.com/engine/install/)", MinimumVersion, minimumEngine)
	return text.String()
}

// absent is the reason where a place holds no builder at all; its text is short
// enough for [Builder.Why].
type absent struct {
	short string
	error
}

func (a *absent) Unwrap() error { return a.error }

func noSuch(short, format string, args ...any) error {
	return &absent{short: short, error: fmt.Errorf(format, args...)}
}

// why composes the line that tells which builder it is.
func why(c candidate, b *Builder, skipped []Skipped) string {
	var reasons []string
	if c.because != "" {
		reasons = append(reasons, c.because)
	}
	for _, s := range skipped {
		if none, ok := errors.AsType[*absent](s.Reason); ok {
			reasons = append(reasons, none.short)
			continue
		}
		reasons = append(reasons, fmt.Sprintf("not %s: %s", s.Source, s.Reason))
	}
	text := c.source + " " + b.Facts.version()
	if len(reasons) == 0 {
		return text
	}
	return text + " (" + strings.Join(reasons, ", ") + ")"
}

// candidate is one builder that there may be.
type candidate struct {
	source string // what and where, for messages: "buildx builder jetson"
	// because is why it is considered: "BUILDX_BUILDER". Empty for a last resort.
	because string
	named   bool
	limit   time.Duration // for the first answer
	open    func(ctx context.Context, opts Options) (*Builder, error)
}

// Limits for a builder's first answer. A buildx builder may have to pull its
// image first.
const (
	answerLimit = 20 * time.Second
	bootLimit   = 10 * time.Minute
	quietFor    = 3 * time.Second
)

// connect opens a candidate and asks who it is.
func (c candidate) connect(ctx context.Context, opts Options) (_ *Builder, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.limit, fmt.Errorf("no answer within %s", c.limit))
	defer cancel()
	if opts.Notes != nil {
		note := time.AfterFunc(quietFor, func() { fmt.Fprintf(opts.Notes, "builder: waiting for %s\n", c.source) })
		defer note.Stop()
	}
	b, err := c.open(ctx, opts)
	if err != nil {
		return nil, err
	}
	b.opened = map[string]*client.Client{}
	if _, err := b.Client(ctx, nil); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Client returns a connection to the node that builds for a platform; nil is the
// builder's default. Connections are kept and belong to the builder: do not close
// them. A node that is too old is an error.
func (b *Builder) Client(ctx context.Context, platform *ocispecs.Platform) (*client.Client, error) {
	key := ""
	if platform != nil && b.nodes > 1 {
		key = platforms.Format(platforms.Normalize(*platform))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.opened[key]; c != nil {
		return c, nil
	}
	c, err := b.dial(ctx, key)
	if err != nil {
		return nil, err
	}
	facts, err := ask(ctx, c)
	if err == nil {
		facts.complete(ctx, b.Engine)
		err = facts.check()
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if key == "" {
		b.Facts = facts
	}
	b.opened[key] = c
	return c, nil
}

// LoadExporter returns the exporter that puts an image into Docker's own store:
// "moby" where Docker's engine builds. With any other builder it is "docker",
// whose tar archive must go to an engine's image load.
func (b *Builder) LoadExporter() string {
	if b.Kind == Docker {
		return "moby"
	}
	return client.ExporterDocker
}

// Close ends all connections.
func (b *Builder) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var failures []error
	for _, c := range b.opened {
		failures = append(failures, c.Close())
	}
	b.opened = map[string]*client.Client{}
	b.children.close()
	if b.Engine != nil {
		failures = append(failures, b.Engine.Close())
	}
	return errors.Join(failures...)
}
