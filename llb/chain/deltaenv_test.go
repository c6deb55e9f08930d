package chain

import (
	"testing"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"
)

// Without the words of an instruction, values before and after tell what it extends.
func TestEnvDelta(t *testing.T) {
	for name, tc := range map[string]struct{ old, value, current, want string }{
		"in front":           {"/bin", "/a:/bin", "/x:/bin", "/a:/x:/bin"},
		"at the end":         {"/bin", "/bin:/a", "/bin:/x", "/bin:/x:/a"},
		"both sides":         {"/bin", "/a:/bin:/b", "/x", "/a:/x:/b"},
		"flags":              {"-O2", "-g -O2", "-O2 -pipe", "-g -O2 -pipe"},
		"list of CMake":      {"/a", "/b;/a", "/a;/c", "/b;/a;/c"},
		"not a component":    {"/bin", "/usr/bin", "/x:/bin", "/usr/bin"},
		"begins a component": {"/bin", "/bin2", "/x", "/bin2"},
		"a component later":  {"/bin", "/usr/bin:/bin", "/x:/bin", "/usr/bin:/x:/bin"},
		"the same":           {"/bin", "/bin", "/x:/bin", "/x:/bin"},
		"another":            {"1", "2", "3", "2"},
		"empty before":       {"", "/a:", "/x", "/a:"},
		"removed":            {"/a:/b", "/a", "/a:/b:/c", "/a"},
	} {
		t.Run(name, func(t *testing.T) {
			config := &dockerspec.DockerOCIImageConfig{}
			envDeltaOf([]string{"P=" + tc.old}, "P", tc.value).apply(config, []string{"P=" + tc.current})
			require.Equal(t, []string{"P=" + tc.want}, config.Env)
		})
	}
	config := &dockerspec.DockerOCIImageConfig{}
	envDeltaOf(nil, "P", "/a").apply(config, []string{"P=/x"})
	require.Equal(t, []string{"P=/a"}, config.Env)
}
