package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/pkgspec/plan"
)

func TestIsBuilderArg(t *testing.T) {
	for name, want := range map[string]bool{
		"SOURCE_DATE_EPOCH": true, "BUILDKIT_SYNTAX": true, "HTTP_PROXY": true, "https_proxy": true, "JETKIT_DEBUG": true, "JETKIT_JOBS_CACHE": true,
		"source_date_epoch": false, "buildkit_x": false, "CUDA_VERSION": false, "MY_HTTP_PROXY": false, "": false,
	} {
		assert.Equal(t, want, plan.IsBuilderArg(name), "IsBuilderArg(%q)", name)
	}
}
