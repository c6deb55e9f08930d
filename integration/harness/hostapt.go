//go:build linux

package harness

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// hostApt is what the host knows about getting Debian packages: read at run time, so that the base image works behind
// whatever mirror or proxy the host works behind, and never written into the repository.
type hostApt struct {
	release string            // "bookworm"
	mirror  string            // for debootstrap; empty means its default
	sources map[string][]byte // enabled sources files by path
	trust   map[string][]byte // the keyrings and certificates they may need, by path
	acquire string            // apt.conf lines about fetching: proxies, validity checks
	proxy   string            // for debootstrap
}

// defaultRelease is used on hosts that are not Debian; their apt configuration says nothing about Debian.
const defaultRelease = "bookworm"

// debianPythons are the versions of python3 in Debian's releases.
var debianPythons = map[string]string{"bullseye": "3.9", "bookworm": "3.11", "trixie": "3.13"}

// BasePython returns the version of python3 that Base installs with apt, as PYTHON_VERSION names it.
func (e *Env) BasePython() (string, error) {
	release, err := debianRelease("/etc/os-release")
	if err != nil {
		return "", err
	}
	version, known := debianPythons[cmp.Or(release, defaultRelease)]
	if !known {
		return "", fmt.Errorf("the version of python3 in Debian %s is not known: add it to debianPythons", release)
	}
	return version, nil
}

func (e *Env) readHostApt(ctx context.Context) (hostApt, error) {
	release, err := debianRelease("/etc/os-release")
	if err != nil {
		return hostApt{}, err
	}
	if release == "" {
		return hostApt{release: defaultRelease}, nil
	}
	apt := hostApt{release: release}
	if apt.sources, err = readFiles("/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list",
		"/etc/apt/sources.list.d/*.sources"); err != nil {
		return apt, err
	}
	// Sources name keyrings anywhere ("Signed-By: /usr/share/keyrings/x.gpg"), or rely on the trusted ones.
	patterns := append(namedKeyrings(apt.sources), "/etc/apt/trusted.gpg.d/*", "/etc/apt/keyrings/*",
		"/etc/ssl/certs/ca-certificates.crt")
	if apt.trust, err = readFiles(patterns...); err != nil {
		return apt, err
	}
	config, err := e.output(ctx, "apt-config", "dump")
	if err != nil {
		return apt, err
	}
	apt.acquire = acquireSettings(config)
	apt.proxy = setting(apt.acquire, "Acquire::http::Proxy")
	indexes, err := e.output(ctx, "apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)")
	if err != nil {
		return apt, err
	}
	apt.mirror = mirrorOf(indexes, release)
	return apt, nil
}

// debianRelease is the code name of the host's Debian, or "" on another system.
func debianRelease(osRelease string) (string, error) {
	content, err := os.ReadFile(osRelease)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	values := map[string]string{}
	for line := range strings.Lines(string(content)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[key] = strings.Trim(value, `"`)
		}
	}
	if values["ID"] != "debian" {
		return "", nil
	}
	return values["VERSION_CODENAME"], nil
}

var keyringPath = regexp.MustCompile(`/[^\s,\]]+\.(?:gpg|asc|pgp)\b`)

func namedKeyrings(sources map[string][]byte) []string {
	var paths []string
	for _, content := range sources {
		paths = append(paths, keyringPath.FindAllString(string(content), -1)...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// acquireSettings picks the settings about fetching out of `apt-config dump`. Hooks and other settings name programs of
// the host. So does proxy detection, and the index targets are apt's own defaults.
func acquireSettings(dump string) string {
	var kept strings.Builder
	for line := range strings.Lines(dump) {
		lower := strings.ToLower(line)
		if strings.HasPrefix(lower, "acquire::") && !strings.HasPrefix(lower, "acquire::indextargets") &&
			!strings.Contains(lower, "auto-detect") && !strings.Contains(lower, "autodetect") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// setting finds a value in apt.conf lines of the form `Name "value";`.
func setting(config, name string) string {
	for line := range strings.Lines(config) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && strings.EqualFold(key, name) {
			return strings.Trim(value, `";`)
		}
	}
	return ""
}

// mirrorOf finds where the host gets the release's main component, if debootstrap can read from there too.
func mirrorOf(indexes, release string) string {
	for line := range strings.Lines(indexes) {
		fields := strings.Fields(line)
		const parts = 3
		if len(fields) == parts && fields[0] == release && fields[1] == "main" &&
			(strings.HasPrefix(fields[2], "http://") || strings.HasPrefix(fields[2], "https://")) {
			return fields[2]
		}
	}
	return ""
}

func readFiles(patterns ...string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			files[path] = content
		}
	}
	return files, nil
}

func (a hostApt) proxyEnv() []string {
	if a.proxy == "" || strings.EqualFold(a.proxy, "DIRECT") {
		return nil
	}
	return []string{"http_proxy=" + a.proxy, "https_proxy=" + a.proxy}
}

// digest changes whenever a base image must be made anew. It also holds what else the image is made from.
func (a hostApt) digest(more ...string) string {
	from := []any{a.release, a.mirror, a.sources, a.trust, a.acquire, baseAptConf, baseDpkgConf}
	for _, text := range more {
		from = append(from, text)
	}
	content, err := json.Marshal(from)
	if err != nil {
		panic(err) // strings, bytes and maps of them always marshal
	}
	sum := sha256.Sum256(content)
	const length = 6
	return hex.EncodeToString(sum[:length])
}
