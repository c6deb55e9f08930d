package images

import "github.com/docker/cli/cli/config/configfile"

// hubHost is where containerd finds Docker Hub, and hubKey how Docker's CLI files it.
const (
	hubHost = "registry-1.docker.io"
	hubKey  = "https://index.docker.io/v1/"
)

// Credentials returns what docker login has stored for a registry: in the file
// itself, or by a helper that it names, which runs only once a registry asks.
func Credentials(c *configfile.ConfigFile) func(host string) (user, secret string, err error) {
	return func(host string) (string, string, error) {
		if host == hubHost {
			host = hubKey
		}
		auth, err := c.GetAuthConfig(host)
		if err != nil {
			return "", "", err
		}
		if auth.IdentityToken != "" {
			return "", auth.IdentityToken, nil
		}
		return auth.Username, auth.Password, nil
	}
}
