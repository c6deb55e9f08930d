package build

import (
	"context"
	"io"
	"sync"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
)

// Progress shows what a builder reports, through BuildKit's own display.
type Progress struct {
	out  io.Writer
	mode progressui.DisplayMode

	mu sync.Mutex
	// messages go to the running display; nil while there is none.
	messages chan *client.SolveStatus
	ended    chan struct{}
	// held are messages that came while the display was suspended.
	held      []*client.SolveStatus
	suspended bool
	warnings  []client.VertexWarning
}

// NewProgress returns a display on out: "auto", "plain", "tty", "rawjson" or "quiet".
// A mode that out is not fit for is an error.
func NewProgress(out io.Writer, mode string) (*Progress, error) {
	p := &Progress{out: out, mode: progressui.DisplayMode(mode)}
	_, err := progressui.NewDisplay(out, p.mode)
	return p, err
}

// Write shows a message. It is the OnStatus of [Hooks].
func (p *Progress) Write(status *client.SolveStatus) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range status.Warnings {
		p.warnings = append(p.warnings, *w)
	}
	if p.suspended {
		p.held = append(p.held, status)
		return
	}
	p.show(status)
}

// show hands a message to the display, which it starts if there is none.
func (p *Progress) show(status *client.SolveStatus) {
	if p.messages == nil {
		display, err := progressui.NewDisplay(p.out, p.mode)
		if err != nil { // it was possible in NewProgress; the build goes on unseen
			return
		}
		p.messages, p.ended = make(chan *client.SolveStatus), make(chan struct{})
		go func(messages chan *client.SolveStatus, ended chan struct{}) {
			defer close(ended)
			_, _ = display.UpdateFrom(context.Background(), messages) // fails with its context only
		}(p.messages, p.ended)
	}
	p.messages <- status
}

// end ends the display. What it shows stays.
func (p *Progress) end() {
	if p.messages != nil {
		close(p.messages)
		<-p.ended
		p.messages = nil
	}
}

// Suspend leaves the terminal to somebody else until resume is called. What is
// reported meanwhile is shown then.
func (p *Progress) Suspend() (resume func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
	p.suspended = true
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.suspended = false
		for _, status := range p.held {
			p.show(status)
		}
		p.held = nil
	}
}

// Close ends the display and returns the warnings of the build.
func (p *Progress) Close() []client.VertexWarning {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
	return p.warnings
}
