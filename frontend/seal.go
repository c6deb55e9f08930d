package frontend

import (
	"cmp"
	"path"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// sealedImage is a finished image and the tests that it depends on.
type sealedImage struct {
	state llb.State
	image *dockerspec.DockerOCIImage
	epoch *time.Time
	runs  []teststep.Run
	// checks are those of constraints on Python projects.
	checks []teststep.Check
}

// sealName is what the progress calls the seal.
const sealName = " seal image"

// seal finishes an image from the stages of its chain: the user's configuration, the
// tests, and the operation that depends on them.
func (b *build) seal(p *plan.Plan, c *converted, platform ocispecs.Platform, epoch *time.Time) (*sealedImage, error) {
	finished, err := finish(p, c.Finished)
	if err != nil {
		return nil, err
	}
	config := b.testConfig(p, platform)
	runs, err := teststep.Steps(config, c.Stages, finished)
	if err != nil {
		return nil, err
	}
	checks, err := teststep.Checks(config, c.Stages, c.whole)
	if err != nil {
		return nil, err
	}
	inputs := b.evaluations.of(platform)
	for _, check := range checks {
		inputs = append(inputs, teststep.BuildInput{State: check.Out, Empty: teststep.CheckOut})
	}
	manifest, err := teststep.NewManifest(p, runs)
	if err != nil {
		return nil, err
	}
	st, err := teststep.Seal(finished, manifest, inputs, epoch,
		llb.WithCustomName(b.label(platform, "internal")+sealName), llb.Platform(platform), b.placeOf(p))
	if err != nil {
		return nil, err
	}
	if chain.ConstraintsText(p.Steps) != "" {
		finished.Image.Config.Env = withConstraints(c.Finished.Image.Config.Env, p)
	}
	finished.Image.Config.Labels = b.labels(finished.Image.Config.Labels, manifest, p)
	return &sealedImage{state: st, image: finished.Image, epoch: epoch, runs: runs, checks: checks}, nil
}

// testConfig returns what the tests of a platform's image share.
func (b *build) testConfig(p *plan.Plan, platform ocispecs.Platform) teststep.Config {
	return teststep.Config{
		Plan: p, Platform: platform, Caps: b.ui.BuildOpts().LLBCaps, Project: b.project(),
		Declared: b.declared, Constrained: b.constrained, Prefix: b.prefix(platform),
		Flags: teststep.Flags{
			ExtraHosts: b.ui.ExtraHosts, CgroupParent: b.ui.CgroupParent, Resources: b.ui.LinuxResources,
			Hostname: b.ui.Hostname, Proxy: proxyOf(b.ui.BuildArgs),
			CacheNamespace: b.ui.CacheIDNamespace, NoCache: b.ui.IsNoCache,
		},
	}
}

// withConstraints returns the variables of a finished image: what the packages made, with the
// names of the constraints on Python projects, for pip and uv in whatever is built on the
// image, and then what the user sets.
func withConstraints(made []string, p *plan.Plan) []string {
	return mergeEnv(chain.WithConstraints(made, path.Join(teststep.ShareDir, teststep.ConstraintsFile)), p.Image.Env)
}

// proxyOf returns the proxies that build arguments name, in small or capital letters, as the
// Dockerfile frontend gives them to RUN steps; nil is none.
func proxyOf(args map[string]string) *llb.ProxyEnv {
	var proxy llb.ProxyEnv
	for name, field := range map[string]*string{
		"http_proxy": &proxy.HTTPProxy, "https_proxy": &proxy.HTTPSProxy, "ftp_proxy": &proxy.FTPProxy, "no_proxy": &proxy.NoProxy, "all_proxy": &proxy.AllProxy,
	} {
		*field = cmp.Or(args[name], args[strings.ToUpper(name)])
	}
	if proxy == (llb.ProxyEnv{}) {
		return nil
	}
	return &proxy
}
