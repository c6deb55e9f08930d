package builder

import (
	"context"
	"os"
	"time"

	"github.com/moby/buildkit/client"
)

// Status is what there is to know of the private builder.
type Status struct {
	Name    string    `json:"name"`
	Running bool      `json:"running"`
	Problem string    `json:"problem,omitempty"` // why a daemon that is there cannot be used
	Version string    `json:"version,omitempty"`
	PID     int       `json:"pid,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Socket  string    `json:"socket"`
	Root    string    `json:"root"`
	Config  string    `json:"config"`
	Log     string    `json:"log"`
	// Used is what its cache takes, in bytes; Free what is left on its disk.
	Used int64 `json:"used_bytes"`
	Free int64 `json:"free_bytes"`
	// Devices are its CDI devices' names.
	Devices []string `json:"devices"`
}

// Start starts the private builder, and reports whether it had to. Group names
// who may use root's; empty is root alone.
func Start(ctx context.Context, opts Options, group string) (Status, bool, error) {
	uid := os.Geteuid()
	paths, err := PathsOf(opts.Env, uid)
	if err != nil {
		return Status{}, false, err
	}
	d := &daemon{opts: opts, uid: uid, paths: paths, group: group}
	started := false
	if _, err := d.running(ctx); err != nil {
		if started, err = d.start(ctx); err != nil {
			return Status{}, false, err
		}
	}
	status, err := d.status(ctx)
	return status, started, err
}

// Stop ends the private builder with everything that it runs, and reports whether
// there was one. Its cache stays.
func Stop(ctx context.Context, opts Options) (bool, error) {
	d, err := private(opts)
	if err != nil {
		return false, err
	}
	return d.stop(ctx)
}

// StatusOf describes the private builder, running or not.
func StatusOf(ctx context.Context, opts Options) (Status, error) {
	d, err := private(opts)
	if err != nil {
		return Status{}, err
	}
	return d.status(ctx)
}

func (d *daemon) status(ctx context.Context) (Status, error) {
	s := Status{
		Name: PrivateName, Socket: d.paths.Socket, Root: d.paths.Root,
		Config: d.paths.Config, Log: d.paths.Log, Free: freeSpace(d.paths.Root), Devices: []string{},
	}
	if custom := d.customConfig(); exists(custom) {
		s.Config = custom
	}
	r, err := d.running(ctx)
	if r != nil {
		s.PID, s.Since = r.PID, r.Started
	}
	if err != nil {
		if r != nil {
			s.Problem = err.Error()
		}
		return s, ctx.Err()
	}
	c, err := client.New(ctx, "unix://"+d.paths.Socket)
	if err != nil {
		return s, err
	}
	defer func() { _ = c.Close() }()
	facts, err := ask(ctx, c)
	if err != nil {
		return s, err
	}
	s.Running, s.Version = true, facts.BuildKit
	for _, device := range facts.Devices {
		s.Devices = append(s.Devices, device.Name)
	}
	records, err := c.DiskUsage(ctx)
	for _, record := range records {
		s.Used += record.Size
	}
	return s, err
}

// Attempt is one place where a builder may be.
type Attempt struct {
	// Source is the builder or the place: "buildx builder jetson", "Docker".
	Source string
	// Named tells that the user asked for this one.
	Named bool
	// Reason is why it cannot be used, nil where it can.
	Reason error
	// Builder is one that can be used. The caller closes it: [CloseAll].
	Builder *Builder
}

// CloseAll closes what [Describe] connected to. Nothing was asked of it that could
// fail now.
func CloseAll(attempts []Attempt) {
	for _, a := range attempts {
		if a.Builder != nil {
			_ = a.Builder.Close()
		}
	}
}

// Describe tries all places in order and starts nothing: the first that can be
// used is what a build would take. A private builder that a build would start has
// [ErrStopped] as its reason.
func Describe(ctx context.Context, opts Options) ([]Attempt, error) {
	opts.Passive = true
	list, err := candidates(opts)
	if err != nil {
		return nil, err
	}
	attempts := make([]Attempt, 0, len(list))
	for _, c := range list {
		b, err := c.connect(ctx, opts)
		if ctx.Err() != nil {
			return attempts, ctx.Err()
		}
		if err == nil {
			b.Why = why(c, b, nil)
		}
		attempts = append(attempts, Attempt{Source: c.source, Named: c.named, Reason: err, Builder: b})
	}
	return attempts, nil
}
