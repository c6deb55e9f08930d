package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
)

// Filters of docker buildx prune that are no filters of BuildKit's.
const (
	untilFilter  = "until"
	unusedFilter = "unused-for" // an older name
	idFilter     = "id"
)

// ParseFilters reads the values of --filter: "until=24h" is an age, all others
// are BuildKit's, such as "type=exec.cachemount" or "description~=apt".
func ParseFilters(filters []string) (client.PruneInfo, error) {
	var info client.PruneInfo
	var conditions, seen []string
	for _, f := range filters {
		name, value, hasValue := strings.Cut(f, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if slices.Contains(seen, name) {
			return info, fmt.Errorf("--filter %s: it can be given once", name)
		}
		seen = append(seen, name)
		switch {
		case name == untilFilter || name == unusedFilter:
			age, err := time.ParseDuration(value)
			if err != nil || age < 0 {
				return info, fmt.Errorf("--filter %s: %q is no duration: write 24h or 90m", name, value)
			}
			info.KeepDuration = age
		case name == "" || strings.Contains(f, ","):
			return info, fmt.Errorf("--filter: %q is not of the form NAME=VALUE", f)
		case !hasValue:
			conditions = append(conditions, name)
		case name == idFilter:
			conditions = append(conditions, name+"~="+value)
		case strings.HasSuffix(name, "!") || strings.HasSuffix(name, "~"):
			conditions = append(conditions, name+"="+value)
		default:
			conditions = append(conditions, name+"=="+value)
		}
	}
	if slices.Contains(seen, untilFilter) && slices.Contains(seen, unusedFilter) {
		return info, errors.New("--filter: until and unused-for are one filter with two names")
	}
	info.Filter = []string{strings.Join(conditions, ",")}
	return info, nil
}

// Prune removes records of a builder's cache, and prints each as docker buildx
// prune does, verbose in the form of [Builder.Usage]'s "pretty". It ends with the
// sum.
func (b *Builder) Prune(ctx context.Context, out io.Writer, limits client.PruneInfo, verbose bool, now time.Time) error {
	c, err := b.Client(ctx, nil)
	if err != nil {
		return err
	}
	options := []client.PruneOption{
		client.WithKeepOpt(limits.KeepDuration, limits.ReservedSpace, limits.MaxUsedSpace, limits.MinFreeSpace),
		client.WithFilter(limits.Filter),
	}
	if limits.All {
		options = append(options, client.PruneAll)
	}
	removed := make(chan client.UsageInfo)
	printed := make(chan int64)
	go func() { printed <- printRemoved(out, removed, verbose, now) }()
	err = c.Prune(ctx, removed, options...)
	close(removed)
	total := <-printed
	if err != nil {
		return plain(err)
	}
	tw := tabwriter.NewWriter(out, 1, 8, 1, '\t', 0)
	fmt.Fprintf(tw, "Total:\t%s\n", units.HumanSize(float64(total)))
	return tw.Flush()
}

// printRemoved prints records while they are removed, and returns their size.
func printRemoved(out io.Writer, removed <-chan client.UsageInfo, verbose bool, now time.Time) int64 {
	var total int64
	first := true
	for r := range removed {
		total += r.Size
		u := usageOf(&r, !verbose, now)
		if verbose {
			f, err := parseForm("pretty")
			if err == nil {
				err = f.row(out, u)
			}
			if err != nil {
				fmt.Fprintln(out, err)
			}
			continue
		}
		if first {
			fmt.Fprintln(out, "ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED")
			first = false
		}
		fmt.Fprintf(out, "%-40s\t%-5v\t%-10s\t%s\n", u.ID, u.Reclaimable, u.Size, u.LastUsedAt)
	}
	return total
}
