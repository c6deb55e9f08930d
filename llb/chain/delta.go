package chain

import (
	"maps"
	"reflect"
	"slices"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// configDelta is what one package does to an image's configuration. Its instructions run
// again on whatever configuration it is applied to, so that PATH=/opt/x/bin:$PATH extends
// the PATH that packages have set which the package itself was not built on, and USER root
// holds after an unrelated package's USER app. Where the package was built on all packages
// before it, applying its delta gives what its conversion gave.
//
// The history is no part of it. The zero value, of a package without a Dockerfile, changes
// nothing.
type configDelta struct {
	dockerfile *configDockerfile
	// replaced is the configuration itself, of a package that builds on another image.
	replaced *dockerspec.DockerOCIImage
	// own is the configuration that the package's conversion had in the end.
	own *dockerspec.DockerOCIImage
	// workdir is set if the package sets one: its own, as its own has been made, and
	// that of a relative path would be another one elsewhere.
	workdir bool
	// kept are the parts of own that the instructions do not explain.
	kept []configPart
	// env and labels are the variables and labels that they do not explain.
	env    []envDelta
	labels map[string]string
	ports  map[string]struct{}
}

// deltaOf returns what a Dockerfile does to a configuration, by its text and by what its
// conversion made of one. OnBase says that its last stage builds on BASE_IMAGE.
func deltaOf(before, after *dockerspec.DockerOCIImage, dockerfile []byte, args configArgs, onBase bool) (configDelta, error) {
	own := CloneImage(after)
	own.History = nil
	if !onBase {
		return configDelta{replaced: own}, nil
	}
	f, err := readConfigDockerfile(dockerfile, args)
	if err != nil {
		return configDelta{}, err
	}
	f.inherit(before.Config.OnBuild)
	d := configDelta{dockerfile: f, own: own, workdir: f.setsWorkdir()}
	d.ports = maps.Clone(own.Config.ExposedPorts)
	for port := range before.Config.ExposedPorts {
		delete(d.ports, port)
	}
	d.keepUnexplained(before, d.apply(before))
	return d, nil
}

// keepUnexplained sets what the package's own configuration has and its instructions did
// not give: they used an argument that nobody named, say.
func (d *configDelta) keepUnexplained(before, explained *dockerspec.DockerOCIImage) {
	for _, part := range configParts {
		if !part.same(d.own, explained) {
			d.kept = append(d.kept, part)
		}
	}
	for _, v := range d.own.Config.Env {
		key, value := cutVariable(v)
		if got, ok := variable(explained.Config.Env, key); !ok || got != value {
			d.env = append(d.env, envDeltaOf(before.Config.Env, key, value))
		}
	}
	for key, value := range d.own.Config.Labels {
		if got, ok := explained.Config.Labels[key]; !ok || got != value {
			if d.labels == nil {
				d.labels = map[string]string{}
			}
			d.labels[key] = value
		}
	}
}

// apply returns a configuration after the package. It shares nothing with the one given.
func (d configDelta) apply(image *dockerspec.DockerOCIImage) *dockerspec.DockerOCIImage {
	result := CloneImage(image)
	if d.replaced != nil {
		history := result.History
		result = CloneImage(d.replaced)
		result.History, result.Created = history, nil
		return result
	}
	if d.dockerfile == nil {
		return result
	}
	result.Created = nil
	result.Platform = d.own.Platform
	d.dockerfile.replay(result)
	result.Config.OnBuild = slices.Clone(d.own.Config.OnBuild)
	own := CloneImage(d.own)
	for _, part := range d.kept {
		part.take(result, own)
	}
	if d.workdir {
		result.Config.WorkingDir = own.Config.WorkingDir
	}
	for _, v := range d.env {
		v.apply(&result.Config, image.Config.Env)
	}
	add(&result.Config.Labels, d.labels)
	add(&result.Config.ExposedPorts, d.ports)
	return result
}

// add adds entries to a map, which is made where there is none and an entry for it.
func add[V any](to *map[string]V, entries map[string]V) {
	if *to == nil && len(entries) > 0 {
		*to = map[string]V{}
	}
	maps.Copy(*to, entries)
}

// configPart is a part of a configuration that an instruction sets as a whole.
type configPart struct {
	same func(a, b *dockerspec.DockerOCIImage) bool
	take func(to, from *dockerspec.DockerOCIImage)
}

var configParts = []configPart{
	part(func(i *dockerspec.DockerOCIImage) *string { return &i.Author }),
	part(func(i *dockerspec.DockerOCIImage) *string { return &i.Config.User }),
	part(func(i *dockerspec.DockerOCIImage) *string { return &i.Config.StopSignal }),
	list(func(i *dockerspec.DockerOCIImage) *[]string { return &i.Config.Entrypoint }),
	list(func(i *dockerspec.DockerOCIImage) *[]string { return &i.Config.Cmd }),
	part(func(i *dockerspec.DockerOCIImage) *bool { return &i.Config.ArgsEscaped }), //nolint:staticcheck // Docker sets it
	list(func(i *dockerspec.DockerOCIImage) *[]string { return &i.Config.Shell }),
	part(func(i *dockerspec.DockerOCIImage) **dockerspec.HealthcheckConfig { return &i.Config.Healthcheck }),
}

func part[T any](of func(*dockerspec.DockerOCIImage) *T) configPart {
	return configPart{
		same: func(a, b *dockerspec.DockerOCIImage) bool { return reflect.DeepEqual(*of(a), *of(b)) },
		take: func(to, from *dockerspec.DockerOCIImage) { *of(to) = *of(from) },
	}
}

// list is a part that is a list: an empty one and none are the same, as they are written.
func list(of func(*dockerspec.DockerOCIImage) *[]string) configPart {
	p := part(of)
	p.same = func(a, b *dockerspec.DockerOCIImage) bool { return slices.Equal(*of(a), *of(b)) }
	return p
}

// CloneImage returns a copy of a configuration that shares nothing with it.
func CloneImage(image *dockerspec.DockerOCIImage) *dockerspec.DockerOCIImage {
	c := *image
	c.OSFeatures = slices.Clone(c.OSFeatures)
	c.RootFS.DiffIDs = slices.Clone(c.RootFS.DiffIDs)
	c.History = slices.Clone(c.History)
	config := &c.Config
	for _, list := range []*[]string{&config.Env, &config.Entrypoint, &config.Cmd, &config.OnBuild, &config.Shell} {
		*list = slices.Clone(*list)
	}
	config.ExposedPorts = maps.Clone(config.ExposedPorts)
	config.Volumes = maps.Clone(config.Volumes)
	config.Labels = maps.Clone(config.Labels)
	if config.Healthcheck != nil {
		check := *config.Healthcheck
		check.Test = slices.Clone(check.Test)
		config.Healthcheck = &check
	}
	return &c
}
