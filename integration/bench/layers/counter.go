//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
)

// counter counts what is sent to a registry: the bytes of blobs, and how many of them.
type counter struct {
	next         http.Handler
	bytes, blobs atomic.Int64
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/blobs/uploads/") && (r.Method == http.MethodPut || r.Method == http.MethodPatch) {
		r.Body = &counted{r.Body, &c.bytes}
		if r.Method == http.MethodPut {
			c.blobs.Add(1)
		}
	}
	c.next.ServeHTTP(w, r)
}

// counted is a body whose bytes are counted as they are read.
type counted struct {
	io.ReadCloser
	bytes *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

// startProxy puts the counter in front of the registry.
func (b *bench) startProxy() {
	target := &url.URL{Scheme: "http", Host: b.env.Registry}
	b.counter = &counter{next: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // the registry says where an upload goes on by the host that it was asked by
	}}}
	b.proxy = httptest.NewServer(b.counter)
}

// counting names an image behind the counter.
func (b *bench) counting(nameAndTag string) string {
	return strings.TrimPrefix(b.proxy.URL, "http://") + "/" + nameAndTag
}

// registries has a builder speak plain HTTP with the counter.
func (b *bench) registries() string {
	return fmt.Sprintf("[registry.%q]\n  http = true\n", strings.TrimPrefix(b.proxy.URL, "http://"))
}
