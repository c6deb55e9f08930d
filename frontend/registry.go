package frontend

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/distribution/reference"
)

// plainText matches the errors about a manifest whose type is text/plain: one registry
// once sent the manifests of before 2016 so, and they are named. Source: containerd,
// core/remotes/docker, getManifestMediaType; BuildKit v0.33, util/imageutil.
var plainText = regexp.MustCompile(`manifest version 2, schema 1 has been removed|media type "application/vnd\.docker\.distribution\.manifest\.v1`)

// garbled matches what BuildKit and containerd say of an answer that is no manifest, or
// not the one that its headers announce.
var garbled = regexp.MustCompile(`invalid character|unexpected end of JSON|content size of zero|unexpected commit (digest|size)|unexpected media type|unknown type|no manifest found|could not find manifest|cannot unmarshal`)

// unanswered matches what containerd says of a registry that is away: it ends the line, or cuts
// it, or says so itself. People paste the address, so it has no characters of a shell's.
var unanswered = regexp.MustCompile(`(?:failed to do request: \w+ "|unexpected status from \w+ request to )(https?://[\w.:-]+)/v2/[^"\s]*` +
	`(?:": (?:EOF\b|unexpected EOF\b|[^\n]*(?:connection re(?:fused|set)|timeout|no route to host|network is unreachable))|: 50[0234] )`)

// registryError explains an error of looking an image up: it names the server, which
// BuildKit's own errors need not, and what it sent if that is no image. A login page of a
// network, a proxy's error and a registry that is none look like this.
func registryError(ref string, err error) error {
	named, parseErr := reference.ParseNormalizedNamed(strings.TrimPrefix(ref, "docker-image://"))
	if err == nil || parseErr != nil {
		return err
	}
	server, text := reference.Domain(named), err.Error()
	var sent string
	switch {
	case plainText.MatchString(text):
		sent = "plain text (type text/plain)"
	case garbled.MatchString(text):
		sent = "something else"
	case !strings.Contains(text, server):
		return fmt.Errorf("registry %s: %w", server, err)
	default:
		return err
	}
	tag := "latest"
	switch r := reference.TagNameOnly(named).(type) {
	case reference.Digested:
		tag = r.Digest().String()
	case reference.Tagged:
		tag = r.Tag()
	}
	scheme := "https"
	if strings.HasPrefix(server, "localhost") || strings.HasPrefix(server, "127.") {
		scheme = "http" // as containerd has it
	}
	return fmt.Errorf("the registry %s sent %s instead of an image's manifest; look at what is there: curl -i %s://%[1]s/v2/%[4]s/manifests/%[5]s (BuildKit: %[6]w)",
		server, sent, scheme, reference.Path(named), tag, err)
}
