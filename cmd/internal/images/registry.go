package images

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/remotes/docker/config"
	"github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/distribution/reference"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/sirupsen/logrus"
)

// Registries reads registries, as docker pull would: with Docker's credentials and
// certificates, and over HTTP where the registry is on this machine and speaks no TLS.
type Registries struct {
	hosts    docker.RegistryHosts
	resolver remotes.Resolver
}

// RegistryOptions say how to reach registries.
type RegistryOptions struct {
	// Credentials returns the name and password, or token, for a registry's host.
	Credentials func(host string) (user, secret string, err error)
	// Certificates is the folder with a folder for each registry of its own
	// authority: /etc/docker/certs.d.
	Certificates string
	// Agent is how the program calls itself.
	Agent string
}

// NewRegistries returns a reader of registries.
func NewRegistries(o RegistryOptions) *Registries {
	header := http.Header{"User-Agent": {o.Agent}}
	hosts := config.HostOptions{
		Credentials:    o.Credentials,
		UpdateClient:   boundClient,
		AuthorizerOpts: []docker.AuthorizerOpt{docker.WithAuthHeader(header)},
	}
	if o.Certificates != "" {
		hosts.HostDir = config.HostDirFromRoot(o.Certificates)
	}
	r := &Registries{hosts: config.ConfigureHosts(quiet(context.Background()), hosts)}
	r.resolver = docker.NewResolver(docker.ResolverOptions{Hosts: r.hosts, Headers: header})
	return r
}

// quiet keeps containerd's libraries from logging: errors say what is wrong.
func quiet(ctx context.Context) context.Context {
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	return log.WithLogger(ctx, logrus.NewEntry(logger))
}

// Repositories is a Store: the repositories of a user of Docker Hub, or below a path of
// another registry.
type Repositories struct {
	registries *Registries
	// prefix is the normal form: "docker.io/dustynv".
	prefix string
}

// Repositories returns those of a user or organisation of Docker Hub ("dustynv"), or those
// below a path of another registry ("registry.example.com/robots", "localhost:5000").
func (r *Registries) Repositories(prefix string) (*Repositories, error) {
	prefix = strings.TrimSuffix(prefix, "/")
	// Only with a name behind it does a registry's host parse as one.
	named, err := reference.ParseNormalizedNamed(prefix + "/x")
	if err != nil {
		return nil, fmt.Errorf("%s is neither a user of Docker Hub nor a path of a registry", prefix)
	}
	return &Repositories{registries: r, prefix: strings.TrimSuffix(named.Name(), "/x")}, nil
}

// String names the store: "docker.io/dustynv".
func (r *Repositories) String() string { return r.prefix }

// List returns the tags of the repositories with these last names. A repository that
// does not exist has none; where that cannot be told from one that may not be read, and
// no repository gave a tag, it is an error.
func (r *Repositories) List(ctx context.Context, repositories []string) ([]*Image, error) {
	var found []*Image
	var denied error
	for _, name := range repositories {
		named, err := reference.ParseNormalizedNamed(r.prefix + "/" + name)
		if err != nil { // no registry can have such a name
			continue
		}
		tags, err := r.registries.Tags(ctx, named)
		switch {
		case errors.Is(err, errDenied):
			denied = err
		case err != nil:
			return nil, err
		}
		for _, tag := range tags {
			tagged, err := reference.WithTag(named, tag)
			if err != nil { // docker could not pull it
				continue
			}
			found = append(found, &Image{Name: reference.FamiliarString(tagged), Repository: path.Base(named.Name()), Tag: tag})
		}
	}
	if len(found) == 0 && denied != nil {
		return nil, denied
	}
	return sorted(found), nil
}

// Read reads the configuration of one image: its manifest and the configuration's
// blob. Docker Hub counts it as a pull.
func (r *Repositories) Read(ctx context.Context, image *Image, platform ocispecs.Platform) error {
	ctx = quiet(ctx)
	named, err := reference.ParseNormalizedNamed(image.Name)
	if err != nil {
		return err
	}
	_, root, err := r.registries.resolver.Resolve(ctx, named.String())
	if err != nil {
		return plainly(reference.Domain(named), err)
	}
	fetcher, err := r.registries.resolver.Fetcher(ctx, named.String())
	if err != nil {
		return plainly(reference.Domain(named), err)
	}
	image.Digest = root.Digest.String()
	err = readImage(ctx, image, root, platform, func(ctx context.Context, desc ocispecs.Descriptor) ([]byte, error) {
		body, err := fetcher.Fetch(ctx, desc)
		if err != nil {
			return nil, err
		}
		defer body.Close()
		return io.ReadAll(body) // bounded by boundClient
	})
	return plainly(reference.Domain(named), err)
}

const (
	// maxPages bounds the pages of a list of tags, and pageSize how many a page is
	// asked to have.
	maxPages = 50
	pageSize = 1000
)

// errDenied says that a registry refuses a repository. Docker Hub and others answer so
// for what does not exist too.
var errDenied = errors.New("there is no such repository, or it needs docker login")

// Tags lists the tags of a repository. containerd's resolver knows no lists, so that
// the requests are made here, with its hosts and authorization.
func (r *Registries) Tags(ctx context.Context, named reference.Named) ([]string, error) {
	domain, name := reference.Domain(named), reference.Path(named)
	ctx = docker.WithScope(quiet(ctx), "repository:"+name+":pull")
	hosts, err := r.hosts(domain)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", domain, err)
	}
	hosts = slices.DeleteFunc(hosts, func(h docker.RegistryHost) bool { return !h.Capabilities.Has(docker.HostCapabilityResolve) })
	err = fmt.Errorf("%s: no host of it may be asked for tags", domain)
	for _, host := range hosts { // as a rule there is one
		var tags []string
		if tags, err = listTags(ctx, host, name); err == nil {
			return tags, nil
		}
	}
	return nil, plainly(domain, err)
}

// listTags reads all pages of a list of tags.
func listTags(ctx context.Context, host docker.RegistryHost, name string) ([]string, error) {
	next := &url.URL{
		Scheme: host.Scheme, Host: host.Host, Path: path.Join(host.Path, name, "tags/list"),
		RawQuery: "n=" + strconv.Itoa(pageSize),
	}
	var tags []string
	for range maxPages {
		page, link, err := tagsPage(ctx, host, next)
		if err != nil {
			return nil, err
		}
		tags = append(tags, page...)
		if link == nil || len(tags) >= maxImages {
			slices.Sort(tags)
			tags = slices.Compact(tags)
			return tags[:min(len(tags), maxImages)], nil
		}
		if link.Host != next.Host { // it would get the token
			return nil, fmt.Errorf("the list of tags goes on at another host: %s", link.Host)
		}
		link.Scheme = next.Scheme // what began with TLS goes on with it
		next = link
	}
	return nil, fmt.Errorf("the list of tags has more than %d pages", maxPages)
}

// tagsPage reads one page, and the address of the next one.
func tagsPage(ctx context.Context, host docker.RegistryHost, at *url.URL) ([]string, *url.URL, error) {
	response, err := authorized(ctx, host, at)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, nil, nil
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, nil, errDenied
	default:
		return nil, nil, fmt.Errorf("the registry answers %s", response.Status)
	}
	var page struct {
		Tags []string `json:"tags"`
	}
	dt, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(dt, &page); err != nil {
		kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
		return nil, nil, fmt.Errorf("the answer is no list of tags but %s: this is no registry, or a proxy is in between", cmp.Or(kind, "something else"))
	}
	return page.Tags, nextPage(response, at), nil
}

// authorized sends a request, and again once the registry has said how it wants to be
// asked.
func authorized(ctx context.Context, host docker.RegistryHost, at *url.URL) (*http.Response, error) {
	const attempts = 3
	var answers []*http.Response
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
		if err != nil {
			return nil, err
		}
		maps.Copy(request.Header, host.Header)
		request.Header.Set("Accept", "application/json")
		if host.Authorizer != nil {
			if err := host.Authorizer.Authorize(ctx, request); err != nil {
				return nil, err
			}
		}
		response, err := host.Client.Do(request)
		if err != nil {
			return nil, err
		}
		answers = append(answers, response)
		if response.StatusCode != http.StatusUnauthorized || host.Authorizer == nil || len(answers) == attempts {
			return response, nil
		}
		if err := host.Authorizer.AddResponses(ctx, answers); err != nil {
			if errdefs.IsNotImplemented(err) {
				return response, nil
			}
			response.Body.Close()
			return nil, err
		}
		response.Body.Close()
	}
}

// nextPage reads the Link header: </v2/x/tags/list?last=b&n=2>; rel="next".
func nextPage(response *http.Response, at *url.URL) *url.URL {
	for _, link := range response.Header.Values("Link") {
		target, parameters, _ := strings.Cut(link, ";")
		target = strings.TrimSpace(target)
		if !strings.HasPrefix(target, "<") || !strings.HasSuffix(target, ">") || !strings.Contains(strings.ReplaceAll(parameters, `"`, ""), "rel=next") {
			continue
		}
		if next, err := at.Parse(strings.Trim(target, "<>")); err == nil {
			return next
		}
	}
	return nil
}
