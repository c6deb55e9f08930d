package bakefile

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sample() *File {
	return &File{
		Groups: []Group{{"default", []string{"a", "b"}}},
		Targets: []Target{
			{Name: "a", Context: ".", Inline: "packages: [\"x\"]\n", Args: map[string]string{"Z": "1", "A": "${B} %{if} <>"}, Tags: []string{"a:1"}, Platforms: []string{"linux/arm64"}, Entitlements: []string{"device"}},
			{Name: "b", Dockerfile: "jetson.yaml", Contexts: map[string]string{"base": "target:a"}, Description: "b \"quoted\""},
		},
	}
}

func TestHCL(t *testing.T) {
	assert.Equal(t, `group "default" {
  targets = ["a", "b"]
}

target "a" {
  context = "."
  dockerfile-inline = "packages: [\"x\"]\n"
  args = {
    "A" = "$${B} %%{if} <>"
    "Z" = "1"
  }
  platforms = ["linux/arm64"]
  entitlements = ["device"]
  tags = ["a:1"]
}

target "b" {
  description = "b \"quoted\""
  contexts = {
    "base" = "target:a"
  }
  dockerfile = "jetson.yaml"
}
`, string(sample().HCL()))
}

func TestJSON(t *testing.T) {
	dt, err := sample().JSON()
	require.NoError(t, err)
	var got map[string]map[string]map[string]any
	require.NoError(t, json.Unmarshal(dt, &got))
	assert.Equal(t, []any{"a", "b"}, got["group"]["default"]["targets"])
	assert.Equal(t, map[string]any{"Z": "1", "A": "$${B} %%{if} <>"}, got["target"]["a"]["args"])
	assert.Equal(t, "jetson.yaml", got["target"]["b"]["dockerfile"])
	assert.NotContains(t, got["target"]["b"], "tags")
}

func TestName(t *testing.T) {
	for text, want := range map[string]string{"cmake:apt": "cmake-apt", "36.4.3": "36-4-3", "ros:humble*": "ros-humble", "a_b": "a_b"} {
		assert.Equal(t, want, Name(text))
	}
}
