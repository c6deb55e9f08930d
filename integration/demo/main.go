//go:build linux

// Command demo builds examples/robot-arm the way a user does, with `jetkit build`, on a
// buildkitd and a registry of its own, runs the image, builds again, builds once more
// with `docker buildx build -f jetson.yaml .`, and prints what happened.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"jetkit/integration/harness"
	"jetkit/integration/progress"
	"jetkit/llb/teststep"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: failed:", err)
		os.Exit(1)
	}
	fmt.Println("demo: ok")
}

const example = "examples/robot-arm"

func run(ctx context.Context) (err error) {
	say("starting a private buildkitd and registry")
	env, err := harness.Start(ctx, harness.Options{Logf: say})
	if err != nil {
		return err
	}
	defer func() {
		if e := env.Close(); err == nil {
			err = e
		}
	}()
	d := &demo{env: env, image: env.Ref("robot-arm:demo")}
	for _, step := range []func(context.Context) error{d.prepare, d.build, d.run, d.rebuild, d.buildx} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return d.report()
}

type demo struct {
	env             *harness.Env
	image           string
	base, frontend  string
	python          string
	first, second   harness.Result
	third           harness.Result
	pose            string
	manifest        teststep.Manifest
	layers          int
	imageBytes      int64
	executed, again []*progress.Step
	byBuildx        []*progress.Step
}

func (d *demo) prepare(ctx context.Context) (err error) {
	say("base image: this machine's Debian, made with debootstrap (a Jetson would pull its JetPack's base)")
	if d.base, err = d.env.Base(ctx); err != nil {
		return err
	}
	if d.python, err = d.env.BasePython(); err != nil {
		return err
	}
	say("the frontend as an image, which docker buildx build needs and jetkit build does not: compiled here and pushed to the private registry")
	d.frontend, err = d.env.FrontendImage(ctx)
	return err
}

// args are what a user types, but for what replaces the public base image by that of
// the private registry.
func (d *demo) args() []string {
	args := []string{
		"-f", "jetson.yaml",
		"--build-context", "base=docker-image://" + d.base,
		"--build-arg", "PYTHON_VERSION=" + d.python, // Debian's, where the example's base would have Ubuntu's
	}
	if runtime.GOARCH == "amd64" {
		// The example names a Jetson release. Here it is meant to run on a PC.
		args = append(args, "--build-arg", "CUDA_ARCH=x86_64")
	}
	return append(args, "--push", "-t", d.image)
}

// jetkit runs jetkit build on the private builder.
func (d *demo) jetkit(ctx context.Context, live io.Writer) harness.Result {
	return d.env.Jetkit(ctx, harness.JetkitRun{
		Dir: example, Args: append([]string{"build"}, d.args()...), Env: []string{"BUILDKIT_HOST=" + d.env.Daemon.Addr}, Live: live,
	})
}

func (d *demo) build(ctx context.Context) error {
	say("jetkit build %s", strings.Join(d.args(), " "))
	d.first = d.jetkit(ctx, os.Stdout)
	d.executed = progress.Executed(progress.Parse(d.first.Stderr))
	return d.first.Err()
}

// run starts the built image as a user would, and reads what it says of itself.
func (d *demo) run(ctx context.Context) error {
	say("docker run %s", d.image)
	res, err := d.env.RunImage(ctx, d.image)
	if err != nil {
		return err
	}
	if err := res.Err(); err != nil {
		return err
	}
	d.pose = strings.TrimSpace(res.Stdout)
	dt, err := d.env.ImageFile(ctx, d.image, teststep.ShareDir+"/manifest.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(dt, &d.manifest); err != nil {
		return fmt.Errorf("the image's manifest: %w", err)
	}
	img, err := d.env.Image(ctx, d.image, "")
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		size, err := l.Size()
		if err != nil {
			return err
		}
		d.imageBytes += size
	}
	d.layers = len(layers)
	return nil
}

func (d *demo) rebuild(ctx context.Context) error {
	say("the same build again")
	d.second = d.jetkit(ctx, nil)
	if err := d.second.Err(); err != nil {
		return err
	}
	d.again = progress.Executed(progress.Parse(d.second.Stderr))
	return nothingRan(d.again)
}

// buildx builds the same with docker buildx build, which runs the frontend's image. The
// steps are the same, so none runs.
func (d *demo) buildx(ctx context.Context) error {
	args := append(d.args(), "--build-arg", "BUILDKIT_SYNTAX="+d.frontend, ".")
	say("docker buildx build %s", strings.Join(args, " "))
	d.third = d.env.Buildx(ctx, harness.BuildxRun{Dir: example, Args: args})
	if err := d.third.Err(); err != nil {
		return err
	}
	d.byBuildx = progress.Executed(progress.Parse(d.third.Stderr))
	return nothingRan(d.byBuildx)
}

func nothingRan(steps []*progress.Step) error {
	if len(steps) > 0 {
		return fmt.Errorf("nothing changed, but %d steps ran again, first: %s", len(steps), steps[0].Name)
	}
	return nil
}

func (d *demo) report() error {
	fmt.Println()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STEP\tPACKAGE\tFROM\tBUILD\tTESTS")
	for i, p := range d.manifest.Packages {
		var build time.Duration
		for _, s := range d.executed {
			if strings.HasPrefix(s.Name, "["+p.Name+" ") {
				build += s.Time
			}
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%.1fs\t%s\n", i+1, p.Name, p.Source, build.Seconds(), d.tests(p.Name))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf(`
image    %s
         %d layers, %.0f MB compressed, plan %s
         docker run says: %s
first    %.1fs, %d steps ran
again    %.1fs, %d steps ran, everything cached
buildx   %.1fs, %d steps ran: docker buildx build -f jetson.yaml . has the same steps

`, filepath.Base(d.image), d.layers, float64(d.imageBytes)/1e6, d.manifest.Plan, d.pose,
		d.first.Duration.Seconds(), len(d.executed), d.second.Duration.Seconds(), len(d.again), d.third.Duration.Seconds(), len(d.byBuildx))
	return nil
}

// tests sums up a package's tests: "test.py 2x passed".
func (d *demo) tests(pkg string) string {
	var order []string
	count := map[string]int{}
	for _, t := range d.manifest.Tests {
		if t.Package != pkg {
			continue
		}
		key := t.Test + " " + string(t.Result)
		if count[key] == 0 {
			order = append(order, key)
		}
		count[key]++
	}
	for i, key := range order {
		if count[key] > 1 {
			order[i] = fmt.Sprintf("%s on %d images", key, count[key])
		}
	}
	return strings.Join(order, ", ")
}

func say(format string, args ...any) { fmt.Printf("demo: "+format+"\n", args...) }
