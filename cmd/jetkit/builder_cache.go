package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"github.com/spf13/cobra"

	"jetkit/cmd/internal/builder"
)

func newBuilderUsage(sys *system) *cobra.Command {
	var name, format string
	var filters []string
	var verbose bool
	cmd := &cobra.Command{
		Use:                   "du [OPTIONS]",
		DisableFlagsInUseLine: true,
		Short:                 "Show what a builder's cache takes",
		Long: `Show what the cache of the builder takes that a build would use. Options and output are those of docker
buildx du.`,
		Example: `  jetkit builder du
  jetkit builder du --filter type=exec.cachemount --verbose
  jetkit builder du --format '{{.Size}}\t{{.Description}}'`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if verbose && format != "" {
				return usagef(cmd, "--verbose is short for --format pretty: give one of them")
			}
			if verbose {
				format = "pretty"
			}
			if _, err := builder.ParseFilters(filters); err != nil {
				return usagef(cmd, "%w", err)
			}
			return withBuilder(cmd.Context(), sys, name, func(b *builder.Builder) error {
				return b.Usage(cmd.Context(), sys.out, format, filters, time.Now())
			})
		},
	}
	builderFlag(cmd, &name)
	cmd.Flags().StringArrayVar(&filters, "filter", nil, "only records that a `FILTER` selects, such as type=exec.cachemount; repeatable")
	cmd.Flags().StringVar(&format, "format", "", "`FORMAT` of the list: table, pretty, json, or a Go template")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "short for --format pretty")
	return cmd
}

func newBuilderPrune(sys *system) *cobra.Command {
	var name string
	var filters []string
	var verbose, force bool
	var limits client.PruneInfo
	cmd := &cobra.Command{
		Use:                   "prune [OPTIONS]",
		DisableFlagsInUseLine: true,
		Short:                 "Remove a builder's cache",
		Long: `Remove the cache of the builder that a build would use. Options and output are those of docker buildx prune.
What a running build uses stays.`,
		Example: `  jetkit builder prune
  jetkit builder prune --all --force
  jetkit builder prune --max-used-space 20gb --filter until=72h --force`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			filtered, err := builder.ParseFilters(filters)
			if err != nil {
				return usagef(cmd, "%w", err)
			}
			limits.Filter, limits.KeepDuration = filtered.Filter, filtered.KeepDuration
			if !force {
				agreed, err := sys.question(cmd.Context(), pruneWarning(limits.All), false)
				if !agreed || err != nil {
					return err
				}
			}
			return withBuilder(cmd.Context(), sys, name, func(b *builder.Builder) error {
				return b.Prune(cmd.Context(), sys.out, limits, verbose, time.Now())
			})
		},
	}
	builderFlag(cmd, &name)
	flags := cmd.Flags()
	flags.BoolVarP(&limits.All, "all", "a", false, "remove internal records and images of frontends too")
	flags.StringArrayVar(&filters, "filter", nil, "only records that a `FILTER` selects, such as until=24h; repeatable")
	flags.Var((*size)(&limits.ReservedSpace), "reserved-space", "keep this `SIZE` of cache at least")
	flags.Var((*size)(&limits.MaxUsedSpace), "max-used-space", "keep this `SIZE` of cache at most")
	flags.Var((*size)(&limits.MinFreeSpace), "min-free-space", "remove until this `SIZE` of the disk is free")
	flags.Var((*size)(&limits.ReservedSpace), "keep-storage", "older name of --reserved-space, in `SIZE`")
	flags.BoolVar(&verbose, "verbose", false, "show all of each record")
	flags.BoolVarP(&force, "force", "f", false, "do not ask")
	return cmd
}

func pruneWarning(all bool) string {
	which := "dangling "
	if all {
		which = ""
	}
	return "WARNING! This will remove all " + which + "build cache. Are you sure you want to continue?"
}

// withBuilder finds a builder, tells which, and closes it in the end.
func withBuilder(ctx context.Context, sys *system, name string, use func(*builder.Builder) error) error {
	b, err := builder.Find(ctx, builderOptions(sys, name))
	if err != nil {
		return err
	}
	fmt.Fprintln(sys.err, "builder: "+oneLine(b.Why))
	return errors.Join(use(b), b.Close())
}

// size is a flag's value in bytes: "20gb".
type size int64

func (s *size) String() string { return units.BytesSize(float64(*s)) }
func (s *size) Type() string   { return "bytes" }

func (s *size) Set(value string) error {
	n, err := units.RAMInBytes(value)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no size: write 500mb or 20gb", value)
	}
	*s = size(n)
	return nil
}
