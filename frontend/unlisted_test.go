package frontend

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
)

func TestPlatformThatTheBuilderDoesNotList(t *testing.T) {
	amd64, arm64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}, ocispecs.Platform{OS: "linux", Architecture: "arm64"}
	for _, tc := range []struct {
		lists []ocispecs.Platform
		hint  bool
	}{
		{[]ocispecs.Platform{amd64, arm64}, false},
		{[]ocispecs.Platform{amd64}, true},
	} {
		for name, explained := range map[string]bool{"[test numpy] test.py": true, "[numpy 1/1] RUN make": true, "[internal] load package folders": false} {
			c, err := failed(t, name, "exit code: 1")
			c.unlisted = unlisted([]client.WorkerInfo{{Platforms: tc.lists}}, arm64)
			got := strings.Contains(c.explain(err).Error(), "the builder does not list linux/arm64 among its platforms")
			want := tc.hint && explained
			assert.Equal(t, want, got, "%s on a builder for %v", name, tc.lists)
		}
	}
}
