package report

import (
	"fmt"
	"math"
	"time"

	units "github.com/docker/go-units"
)

// formatDuration writes a time as short as it can be read: "0.3s", "12.4s", "3m07s", "1h02m".
func formatDuration(d time.Duration) string { return formatSeconds(d.Seconds()) }

func formatSeconds(s float64) string {
	switch whole := int(math.Round(s)); {
	case s < 99.95:
		return fmt.Sprintf("%.1fs", s)
	case whole < 3600:
		return fmt.Sprintf("%dm%02ds", whole/60, whole%60)
	default:
		return fmt.Sprintf("%dh%02dm", whole/3600, whole%3600/60)
	}
}

// formatSize writes a size as docker does: "84.6MB".
func formatSize(bytes int64) string { return units.HumanSizeWithPrecision(float64(bytes), 3) }

// plural returns a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// clipAdvice says, in lines, how to have all of the output the next time.
func clipAdvice(limit string) string {
	return fmt.Sprintf("the builder drops output above %s\n"+
		"BUILDKIT_STEP_LOG_MAX_SIZE=-1 and BUILDKIT_STEP_LOG_MAX_SPEED=-1 in buildkitd's environment lift the limits, for one of docker buildx:\n"+
		"docker buildx create --driver-opt env.BUILDKIT_STEP_LOG_MAX_SIZE=-1 --driver-opt env.BUILDKIT_STEP_LOG_MAX_SPEED=-1", limit)
}
