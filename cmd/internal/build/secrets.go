package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/tonistiigi/go-csvvalue"
)

// Secret is a secret that RUN steps can mount by its ID: a file's content, or the
// value of a variable.
type Secret struct{ ID, File, Env string }

// ParseSecret reads a --secret of buildx: "id=ID,src=FILE", "id=ID,env=NAME", or
// "id=ID" for the variable of that name, else the file.
func ParseSecret(text string, env func(string) (string, bool)) (Secret, error) {
	var s Secret
	fields, err := csvvalue.Fields(text, nil)
	if err != nil {
		return s, err
	}
	kind := ""
	for _, field := range fields {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			return s, fmt.Errorf("%q is not of the form KEY=VALUE", field)
		}
		switch strings.ToLower(key) {
		case "type":
			kind = value
		case "id":
			s.ID = value
		case "src", "source":
			s.File = value
		case "env":
			s.Env = value
		default:
			return s, fmt.Errorf("there is no key %q: it can be id, src, env or type", key)
		}
	}
	if kind != "" && kind != "file" && kind != "env" {
		return s, fmt.Errorf("there is no type %q: it can be file or env", kind)
	}
	if kind == "env" && s.Env == "" {
		s.Env, s.File = s.File, ""
	}
	if s.ID == "" {
		return s, errors.New("it has no id: id=ID,src=FILE for example")
	}
	if s.Env == "" && s.File == "" {
		if _, ok := env(s.ID); ok {
			s.Env = s.ID
		} else {
			s.File = s.ID
		}
	}
	if s.Env != "" {
		if _, ok := env(s.Env); !ok {
			return s, fmt.Errorf("there is no variable %s", s.Env)
		}
		return s, nil
	}
	info, err := os.Stat(s.File)
	if err == nil && info.Size() > secretsprovider.MaxSecretSize {
		err = fmt.Errorf("%s has more than the %d bytes that a secret can have", s.File, secretsprovider.MaxSecretSize)
	}
	return s, err
}

// NewSecrets provides secrets to the builder.
func NewSecrets(list []Secret, env func(string) (string, bool)) session.Attachable {
	return secretsprovider.NewSecretProvider(&secretStore{list, env})
}

type secretStore struct {
	list []Secret
	env  func(string) (string, bool)
}

// GetSecret reads a secret when a step needs it. Of two with one ID the last counts.
func (s *secretStore) GetSecret(_ context.Context, id string) ([]byte, error) {
	for _, secret := range slices.Backward(s.list) {
		if secret.ID != id {
			continue
		}
		if secret.Env != "" {
			value, _ := s.env(secret.Env)
			return []byte(value), nil
		}
		return os.ReadFile(secret.File)
	}
	return nil, fmt.Errorf("secret %s: %w", id, secrets.ErrNotFound)
}

// NewSSH provides SSH agents and keys to the builder, each given as in buildx's --ssh:
// "default", "ID=SOCKET" or "ID=KEY,KEY".
func NewSSH(texts []string) (session.Attachable, error) {
	var agents []sshprovider.AgentConfig
	for _, text := range texts {
		id, paths, ok := strings.Cut(text, "=")
		agent := sshprovider.AgentConfig{ID: id}
		if ok {
			agent.Paths = strings.Split(paths, ",")
		}
		agents = append(agents, agent)
	}
	return sshprovider.NewSSHAgentProvider(agents)
}
