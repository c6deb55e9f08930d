package build

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/docker/go-units"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/util/entitlements"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/go-csvvalue"
)

// ParseAttest reads an --attest of buildx: "type=provenance,mode=max". An attestation
// that is turned off has no value.
func ParseAttest(text string) (kind, value string, err error) {
	fields, err := csvvalue.Fields(text, nil)
	if err != nil {
		return "", "", err
	}
	off := false
	for _, field := range fields {
		key, v, ok := strings.Cut(field, "=")
		if !ok {
			return "", "", fmt.Errorf("%q is not of the form KEY=VALUE", field)
		}
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "type":
			kind = v
		case "disabled":
			if off, err = strconv.ParseBool(v); err != nil {
				return "", "", err
			}
		}
	}
	switch {
	case kind == "":
		return "", "", errors.New("it has no type: type=provenance,mode=max for example")
	case off:
		return kind, "", nil
	}
	return kind, text, nil
}

// ShortAttest reads a --provenance or --sbom of buildx: true, false or "mode=max".
func ShortAttest(kind, text string) string {
	if on, err := strconv.ParseBool(text); err == nil {
		return fmt.Sprintf("type=%s,disabled=%t", kind, !on)
	}
	return "type=" + kind + "," + text
}

var annotationType = regexp.MustCompile(`^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$`)

// ParseAnnotation reads an --annotation of buildx, "[TYPE[PLATFORM],...:]NAME=VALUE",
// into options of exporters.
func ParseAnnotation(text string, into map[string]string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return errors.New("write NAME=VALUE")
	}
	types, key, typed := strings.Cut(name, ":")
	if !typed {
		into[exptypes.AnnotationKey{Key: name}.String()] = value
		return nil
	}
	for kind := range strings.SplitSeq(types, ",") {
		m := annotationType.FindStringSubmatch(kind)
		if m == nil {
			return fmt.Errorf("%q is no type", kind)
		}
		switch m[1] {
		case exptypes.AnnotationIndex, exptypes.AnnotationIndexDescriptor, exptypes.AnnotationManifest, exptypes.AnnotationManifestDescriptor:
		default:
			return fmt.Errorf("there is no type %q: it can be index, index-descriptor, manifest or manifest-descriptor", m[1])
		}
		var platform *ocispecs.Platform
		if m[2] != "" {
			p, err := platforms.Parse(m[2])
			if err != nil {
				return err
			}
			platform = &p
		}
		into[exptypes.AnnotationKey{Type: m[1], Platform: platform, Key: key}.String()] = value
	}
	return nil
}

// ParseHost reads an --add-host, "HOST:IP" or "HOST=IP", into BuildKit's form.
func ParseHost(text string) (string, error) {
	host, ip, ok := strings.Cut(text, "=")
	if !ok {
		host, ip, ok = strings.Cut(text, ":")
	}
	ip = strings.TrimSuffix(strings.TrimPrefix(ip, "["), "]")
	if !ok || host == "" || net.ParseIP(ip) == nil {
		return "", errors.New("write HOST:IP")
	}
	return host + "=" + ip, nil
}

// ParseUlimit reads a --ulimit, "NAME=SOFT[:HARD]", into BuildKit's form.
func ParseUlimit(text string) (string, error) {
	limit, err := units.ParseUlimit(text)
	if err != nil {
		return "", err
	}
	return limit.String(), nil
}

// ParseSize reads a --shm-size, such as "8g", into BuildKit's form.
func ParseSize(text string) (string, error) {
	size, err := units.RAMInBytes(text)
	return strconv.FormatInt(size, 10), err
}

// CheckAllowed reports an --allow that BuildKit does not know.
func CheckAllowed(text string) error {
	_, _, err := entitlements.Parse(text)
	return err
}
