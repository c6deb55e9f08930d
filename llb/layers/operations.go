package layers

import (
	"context"
	"strings"

	"github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"
)

// Operation is one that makes or joins layers.
type Operation struct {
	// Package is the name of the package whose layer it makes; empty if it joins layers.
	Package string
	output  llb.Output
}

// Operations are those of all layers and joins that the tool has made.
func (t *Tool) Operations() []Operation { return t.made }

func (t *Tool) makes(pkg string, st llb.State) {
	t.made = append(t.made, Operation{Package: pkg, output: st.Output()})
}

// Digest returns what the operation is called in a definition with these constraints.
func (o Operation) Digest(ctx context.Context, c *llb.Constraints) (digest.Digest, error) {
	in, err := o.output.ToInput(ctx, c)
	if err != nil {
		return "", err
	}
	return digest.Digest(in.GetDigest()), nil
}

// called returns an operation's name in the progress: "[numpy layer] copy changes".
func (t *Tool) called(whose, what string) llb.ConstraintsOpt {
	return llb.WithCustomName("[" + strings.TrimSpace(t.prefix+" "+whose) + "] " + what)
}

// joins returns the name of an operation that joins layers: "[layers] join numpy".
func (t *Tool) joins(what string) llb.ConstraintsOpt { return t.called("layers", what) }
