package builder

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"

	// The schemes of BuildKit's own client.
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer"
	_ "github.com/moby/buildkit/client/connhelper/kubepod"
	_ "github.com/moby/buildkit/client/connhelper/nerdctlcontainer"
	_ "github.com/moby/buildkit/client/connhelper/npipe"
	_ "github.com/moby/buildkit/client/connhelper/podmancontainer"
	_ "github.com/moby/buildkit/client/connhelper/ssh"

	"jetkit/pkgspec/diag"
)

// schemes are those of addresses.
var schemes = []string{"unix", "tcp", "docker-container", "kube-pod", "nerdctl-container", "npipe", "podman-container", "ssh"}

// byAddress is the daemon at an address, in the form of BUILDKIT_HOST.
func byAddress(address string) (candidate, error) {
	u, err := url.Parse(address)
	if err != nil {
		return candidate{}, fmt.Errorf("%q is no address: %w", address, err)
	}
	if !slices.Contains(schemes, u.Scheme) {
		hint := diag.DidYouMean(u.Scheme, schemes)
		if hint == "" {
			hint = "there are " + strings.Join(schemes, ", ")
		}
		return candidate{}, fmt.Errorf("%q is no address of a builder: unknown scheme %q: %s", address, u.Scheme, hint)
	}
	return candidate{source: "BuildKit at " + address, limit: answerLimit, open: func(context.Context, Options) (*Builder, error) {
		return &Builder{Name: address, Kind: Address, dial: func(ctx context.Context, _ string) (*client.Client, error) {
			return client.New(ctx, address)
		}}, nil
	}}, nil
}
