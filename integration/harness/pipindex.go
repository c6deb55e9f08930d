//go:build linux

package harness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// PipFault is what is wrong with a [PipIndex].
type PipFault int

// The faults of an index of Python packages.
const (
	PipWorks       PipFault = iota
	PipDown                 // nobody listens
	PipSlow                 // it answers after a minute
	PipUnavailable          // it answers 503
	PipRecovers             // it answers 503 to the first request for each path, and then as it should
	PipPortal               // it answers all with a page that is no index, as portals of networks do
	PipCorrupt              // its files are not those that its pages say
)

// PipIndex is an index of Python packages on this machine, which RUN steps reach. It speaks PEP 503 and PEP 691.
type PipIndex struct {
	// URL is the address, as pip takes it.
	URL string

	server *http.Server
	fault  PipFault
	files  map[string][]byte // by name

	mu       sync.Mutex
	requests []string
}

// ServePipIndex starts an index with these wheels. Close ends it.
func ServePipIndex(fault PipFault, wheels ...Wheel) (*PipIndex, error) {
	p := &PipIndex{fault: fault, files: map[string][]byte{}}
	for _, w := range wheels {
		dt, err := w.Bytes()
		if err != nil {
			return nil, err
		}
		p.files[w.Filename()] = dt
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.URL = "http://" + listener.Addr().String() + "/simple"
	if fault == PipDown {
		return p, listener.Close()
	}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(listener) }() // it ends with Close, and its error says so
	return p, nil
}

// Close ends the index.
func (p *PipIndex) Close() error {
	if p.server == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // slow answers need not be waited for
	err := p.server.Shutdown(ctx)
	if errors.Is(err, context.Canceled) {
		return p.server.Close()
	}
	return err
}

// Requests are the paths that the index was asked for, in order.
func (p *PipIndex) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// ServeHTTP answers for the index.
func (p *PipIndex) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	first := !slices.Contains(p.requests, r.URL.Path)
	p.requests = append(p.requests, r.URL.Path)
	p.mu.Unlock()
	switch {
	case p.fault == PipSlow:
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
		return
	case p.fault == PipUnavailable, p.fault == PipRecovers && first:
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	case p.fault == PipPortal:
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<html><title>Welcome</title><a href="/login">Please log in</a></html>`)
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/files/"); ok {
		p.serveFile(w, r, name)
		return
	}
	p.servePage(w, r)
}

func (p *PipIndex) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	content, ok := p.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if p.fault == PipCorrupt {
		content = append(slices.Clone(content), "and more"...)
	}
	_, _ = w.Write(content) // who asked may be gone
}

// pipFile is a file in an index's page, with PEP 691's names.
type pipFile struct {
	Filename string            `json:"filename"`
	URL      string            `json:"url"`
	Hashes   map[string]string `json:"hashes"`
}

// servePage serves /simple/, and /simple/PROJECT/ for the projects that there are files of.
func (p *PipIndex) servePage(w http.ResponseWriter, r *http.Request) {
	project := path.Base(r.URL.Path)
	files := []pipFile{}
	for name, content := range p.files {
		if of, _, _ := strings.Cut(name, "-"); strings.ReplaceAll(of, "_", "-") == project {
			sum := sha256.Sum256(content)
			files = append(files, pipFile{name, "../../files/" + strings.ReplaceAll(name, "+", "%2B"), map[string]string{"sha256": hex.EncodeToString(sum[:])}})
		}
	}
	if len(files) == 0 && project != "simple" {
		http.NotFound(w, r)
		return
	}
	slices.SortFunc(files, func(a, b pipFile) int { return strings.Compare(a.Filename, b.Filename) })
	if kind := "application/vnd.pypi.simple.v1+json"; strings.Contains(r.Header.Get("Accept"), kind) {
		w.Header().Set("Content-Type", kind)
		_ = json.NewEncoder(w).Encode(map[string]any{"meta": map[string]string{"api-version": "1.0"}, "name": project, "files": files})
		return
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, "<html><title>Links for %s</title>", project)
	for _, f := range files {
		fmt.Fprintf(w, `<a href="%s#sha256=%s">%s</a>`, f.URL, f.Hashes["sha256"], f.Filename)
	}
}
