package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	"github.com/containerd/errdefs"
)

// boundClient bounds what a registry can make the program do: how long an answer
// takes and how large it is. A registry that is asked too often is not asked again.
func boundClient(c *http.Client) error {
	c.Timeout = remoteWait
	if _, done := c.Transport.(*bounded); !done {
		c.Transport = &bounded{next: c.Transport}
	}
	return nil
}

// bounded is a transport whose answers are no larger than maxDocument.
type bounded struct {
	next http.RoundTripper
}

// tooMany is the error for a registry that wants to be left alone. containerd's
// resolver would ask it five times more.
type tooMany struct {
	after string
}

func (e *tooMany) Error() string {
	text := "the registry answers 429 Too Many Requests"
	if e.after != "" {
		text += "; ask again in " + e.after + " s"
	}
	return text
}

// RoundTrip sends a request.
func (b *bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusTooManyRequests {
		response.Body.Close()
		return nil, &tooMany{after: response.Header.Get("Retry-After")}
	}
	response.Body = &boundedBody{ReadCloser: response.Body, left: maxDocument}
	return response, nil
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("the answer is larger than %d MiB", maxDocument>>20)
	}
	return n, err
}

// plainly says what is wrong with a registry without the layers of libraries and URLs.
func plainly(domain string, err error) error {
	var busy *tooMany
	var status remoteerrors.ErrUnexpectedStatus
	switch {
	case err == nil:
		return nil
	case errors.As(err, &busy):
		return fmt.Errorf("%s: %w", domain, busy)
	case errors.As(err, &status) && (status.StatusCode == http.StatusUnauthorized || status.StatusCode == http.StatusForbidden),
		errors.Is(err, errDenied), errors.Is(err, docker.ErrInvalidAuthorization), errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err):
		return fmt.Errorf("%s: %w", domain, errDenied)
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return fmt.Errorf("%s: no answer in time", domain)
	case errors.Is(err, context.Canceled):
		return err
	}
	text := err.Error()
	if i := strings.LastIndex(text, "dial tcp"); i >= 0 {
		return fmt.Errorf("%s: it cannot be reached: %s", domain, text[i:])
	}
	return fmt.Errorf("%s: %w", domain, err)
}
