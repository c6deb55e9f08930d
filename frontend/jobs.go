package frontend

import (
	"bytes"
	"context"
	"fmt"

	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"jetkit/pkgspec/diag"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/plan/jobs"
)

// callJobs divides the build of all platforms that were asked for.
func (b *build) callJobs(ctx context.Context) (*client.Result, error) {
	cache, err := jobs.ParseCachePattern(b.ui.BuildArgs[plan.JobsCacheArg])
	if err != nil {
		return nil, err
	}
	asked := b.ui.TargetPlatforms
	if len(asked) == 0 {
		asked = []ocispecs.Platform{b.targetPlatform(nil)}
	}
	var plans []jobs.Platform
	var problems diag.List
	for _, p := range asked {
		resolved, found, err := b.plan(ctx, p)
		if err != nil {
			return nil, err
		}
		plans = append(plans, jobs.Platform{Name: formatPlatform(p), Plan: resolved})
		problems = append(problems, found.Warnings()...)
	}
	found := jobs.Of(plans, cache)
	dt, err := found.JSON()
	if err != nil {
		return nil, err
	}
	text := bytes.NewBufferString(found.Text())
	for _, d := range problems.Sorted() {
		fmt.Fprintf(text, "\n%s\n", d)
	}
	return answer(dt, text.Bytes()), nil
}
