package frontend

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"jetkit/llb/chain"
	"jetkit/llb/teststep"
	"jetkit/pkgspec/plan"
)

// finish applies the configuration that the user set for the image to what all packages
// made.
func finish(p *plan.Plan, made chain.Base) (chain.Stage, error) {
	last := chain.Stage{State: made.State, Image: made.Image}
	dt, err := json.Marshal(last.Image) // a deep copy: the stage's own configuration stays as it is
	if err != nil {
		return last, fmt.Errorf("copying the image configuration: %w", err)
	}
	image := &dockerspec.DockerOCIImage{}
	if err := json.Unmarshal(dt, image); err != nil {
		return last, fmt.Errorf("copying the image configuration: %w", err)
	}
	c := &image.Config
	if p.Image.Entrypoint != nil {
		// As in a Dockerfile, a new entrypoint drops the command it doesn't know.
		c.Entrypoint, c.Cmd = p.Image.Entrypoint, nil
	}
	if p.Image.Cmd != nil {
		c.Cmd = p.Image.Cmd
	}
	if p.Image.Workdir != "" {
		c.WorkingDir = p.Image.Workdir
	}
	if p.Image.User != "" {
		c.User = p.Image.User
	}
	c.Env = mergeEnv(c.Env, p.Image.Env)
	last.Image = image
	return last, nil
}

// mergeEnv sets variables, replacing those that are there.
func mergeEnv(env []string, set map[string]string) []string {
	env = slices.Clone(env)
	for _, name := range slices.Sorted(maps.Keys(set)) {
		env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		env = append(env, name+"="+set[name])
	}
	return env
}

// labels joins the image's labels: the packages' own, what jetkit knows, the
// file's, and the command line's, each winning over those before. jetkit's labels of
// the image that this one is built on describe that image, and are left out.
func (b *build) labels(packages map[string]string, m *teststep.Manifest, p *plan.Plan) map[string]string {
	packages = maps.Clone(packages)
	maps.DeleteFunc(packages, func(name, _ string) bool { return strings.HasPrefix(name, plan.LabelPrefix) })
	labels := map[string]string{}
	for _, more := range []map[string]string{packages, m.Labels(), p.Image.Labels, b.ui.Labels} {
		maps.Copy(labels, more)
	}
	return labels
}
