package frontend

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	if p.Image.Shell != nil {
		c.Shell = p.Image.Shell
	}
	if p.Image.StopSignal != "" {
		c.StopSignal = p.Image.StopSignal
	}
	for _, volume := range p.Image.Volumes {
		c.Volumes = withKey(c.Volumes, volume)
	}
	for _, ports := range p.Image.Ports {
		for _, port := range portsOf(ports) {
			c.ExposedPorts = withKey(c.ExposedPorts, port)
		}
	}
	if !p.Image.Healthcheck.IsZero() {
		c.Healthcheck = healthcheck(c.Healthcheck, p.Image.Healthcheck)
	}
	c.Env = mergeEnv(c.Env, p.Image.Env)
	last.Image = image
	return last, nil
}

func withKey(set map[string]struct{}, key string) map[string]struct{} {
	if set == nil {
		set = map[string]struct{}{}
	}
	set[key] = struct{}{}
	return set
}

// portsOf lists the ports of a range, such as "8000-8010/tcp".
func portsOf(ports string) []string {
	numbers, protocol, _ := strings.Cut(ports, "/")
	first, last, several := strings.Cut(numbers, "-")
	if !several {
		return []string{ports}
	}
	from, _ := strconv.Atoi(first) // a plan has ports that were checked
	to, _ := strconv.Atoi(last)
	var list []string
	for ; from <= to; from++ {
		list = append(list, strconv.Itoa(from)+"/"+protocol)
	}
	return list
}

// healthcheck lays what the user sets over what the packages left.
func healthcheck(made *dockerspec.HealthcheckConfig, set plan.Healthcheck) *dockerspec.HealthcheckConfig {
	h := dockerspec.HealthcheckConfig{}
	if made != nil {
		h = *made
	}
	if len(set.Test) > 0 {
		h.Test = set.Test
	}
	h.Interval = cmp.Or(set.Interval.Duration(), h.Interval)
	h.Timeout = cmp.Or(set.Timeout.Duration(), h.Timeout)
	h.StartPeriod = cmp.Or(set.StartPeriod.Duration(), h.StartPeriod)
	h.StartInterval = cmp.Or(set.StartInterval.Duration(), h.StartInterval)
	h.Retries = cmp.Or(set.Retries, h.Retries)
	return &h
}

// mergeEnv sets variables, replacing those that are there. As in one ENV instruction,
// values name the variables as they were before.
func mergeEnv(env []string, set map[string]string) []string {
	before := func(name string) string {
		for _, e := range slices.Backward(env) {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return value
			}
		}
		return ""
	}
	merged := slices.Clone(env)
	for _, name := range slices.Sorted(maps.Keys(set)) {
		value, err := plan.Expand(set[name], before)
		if err != nil { // a plan has values that were checked
			value = set[name]
		}
		merged = slices.DeleteFunc(merged, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		merged = append(merged, name+"="+value)
	}
	return merged
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
