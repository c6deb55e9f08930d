package main

import (
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	"github.com/spf13/cobra"

	planpage "jetkit/cmd/internal/report/page"
	"jetkit/frontend"
	"jetkit/pkgspec/plan"
	"jetkit/pkgspec/plan/jobs"
	"jetkit/pkgspec/plan/printer"
)

// planFormats are the forms that a plan can be printed in.
var planFormats = []string{"text", "json", "mermaid", "dot", "html", "digest", "jobs", "waves"}

// planFlags are the options of jetkit plan.
type planFlags struct {
	requestFlags
	askedFlags
	format string
	check  bool
}

func newPlan(sys *system) *cobra.Command {
	var flags planFlags
	cmd := &cobra.Command{
		Use:                   "plan [OPTIONS] [-f jetson.yaml | PACKAGE...]",
		DisableFlagsInUseLine: true,
		Short:                 "Resolve packages to a plan: target, base image, and the chain with a reason for each choice",
		Long: `Resolve a jetson.yaml, or packages named on the command line, to a plan. It is the plan that
docker buildx build --call=jetson.plan returns for the same file, context and build arguments: the
same JSON and the same digest.

Without -f and without packages, jetson.yaml of the context is read. Only files of this machine are
read, unless --builder names a builder.

--check prints no plan, but what is worth a look in jetson.yaml and the packages, as docker buildx
build --check does, and fails if that is anything. It asks a builder: --builder, or the one that
jetkit build uses.

With layers: packages, --format jobs prints the jobs that several machines can share as matrices of
GitHub Actions, wave by wave, and --format waves the same for people. The build argument
JETKIT_JOBS_CACHE says where they keep their caches, with {job} for the name of each.`,
		Example: `  jetkit plan                                       # ./jetson.yaml
  jetkit plan -f robot/jetson.yaml --cuda 12.4
  jetkit plan numpy cmake:apt --l4t 36.4.3 --platform linux/arm64
  jetkit plan pytorch --source ~/jetson-containers/packages --run-config-py --jetpack 6.2
  jetkit plan --format mermaid > plan.mmd
  jetkit plan --format html > plan.html
  jetkit plan --check
  jetkit plan --format jobs --arg LAYERS=packages --arg 'JETKIT_JOBS_CACHE=registry.example.com/cache:{job}'`,
		RunE: func(cmd *cobra.Command, names []string) error { return flags.run(cmd, sys, names) },
	}
	flags.register(cmd)
	flags.registerLayers(cmd)
	cmd.ValidArgsFunction = flags.completeNames(sys)
	cmd.Flags().BoolVar(&flags.check, "check", false, "check jetson.yaml, the packages and their Dockerfiles, also for what a build does not warn of, and fail if there is anything")
	flags.registerAsked(cmd, "`NAME` of a builder to plan on: config.py files run there, and contexts may be anything that it can get")
	oneOf(cmd, &flags.format, "format", "plan", planFormats...)
	return cmd
}

// run prints the plan, or what is worth a look in it.
func (f *planFlags) run(cmd *cobra.Command, sys *system, names []string) error {
	r, err := f.request(cmd, names, sys)
	if err != nil {
		return err
	}
	if f.check {
		if f.format != "text" && f.format != "json" {
			return usagef(cmd, "--check prints text or json, not %s", f.format)
		}
		return checkOn(cmd, sys, &f.requestFlags, f.askedFlags, r, f.format == "json")
	}
	planned, err := planOf(cmd, sys, &f.requestFlags, f.askedFlags, r)
	if err != nil {
		return err
	}
	var text string
	if f.format == "jobs" || f.format == "waves" {
		text, err = formatJobs(planned, r.args[plan.JobsCacheArg], f.format)
	} else {
		text, err = formatPlan(planned.Plan, f.format)
	}
	if err != nil {
		return err
	}
	printWarnings(sys.err, withoutCommandLine(planned.Problems))
	_, err = fmt.Fprint(sys.out, text)
	return err
}

// planOf plans with the files of this machine, or on a builder that is named.
func planOf(cmd *cobra.Command, sys *system, flags *requestFlags, on askedFlags, r *request) (frontend.Planned, error) {
	if on.builder == "" {
		w, err := load(cmd.Context(), r)
		if err != nil {
			return frontend.Planned{}, err
		}
		defer w.close()
		p, problems, err := w.solve(cmd.Context())
		return frontend.Planned{Platform: r.platform, Plan: p, Problems: problems}, err
	}
	b := builderFor(cmd, sys, flags, on)
	defer b.close()
	return b.planOnBuilder(r)
}

// formatPlan prints a plan in one of planFormats.
func formatPlan(p *plan.Plan, format string) (string, error) {
	switch format {
	case "json":
		dt, err := p.Indented()
		return string(dt), err
	case "mermaid":
		return printer.Mermaid(p), nil
	case "dot":
		return printer.DOT(p), nil
	case "html":
		var b strings.Builder
		err := planpage.OfPlan(p).Write(&b)
		return b.String(), err
	case "digest":
		digest, err := p.Digest()
		return digest + "\n", err
	}
	return printer.Text(p), nil
}

// formatJobs prints what several machines can share of a build: "jobs" for a CI system,
// "waves" for people.
func formatJobs(planned frontend.Planned, cache, format string) (string, error) {
	pattern, err := jobs.ParseCachePattern(cache)
	if err != nil {
		return "", err
	}
	found := jobs.Of([]jobs.Platform{{Name: platforms.Format(platforms.Normalize(planned.Platform)), Plan: planned.Plan}}, pattern)
	if format == "waves" {
		return found.Text(), nil
	}
	dt, err := found.JSON()
	return string(dt), err
}
