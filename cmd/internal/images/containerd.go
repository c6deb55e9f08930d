package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	imagesapi "github.com/containerd/containerd/api/services/images/v1"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// Namespaces are those of containerd that hold images: of ctr and nerdctl, of Docker
// with containerd's image store, and of Kubernetes.
func Namespaces() []string { return []string{"default", "moby", "k8s.io"} }

// Sockets are where containerd listens: its own daemon, k3s's and Docker's.
func Sockets() []string {
	return []string{"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock", "/run/docker/containerd/containerd.sock"}
}

// Containerd is the image store of one namespace of a containerd.
type Containerd struct {
	// Namespace is the namespace.
	Namespace string

	socket  string
	images  imagesapi.ImagesClient
	content contentapi.ContentClient
	roots   map[*Image]ocispecs.Descriptor
}

// OpenContainerd connects to the containerd that listens on a socket, and returns a
// store for each namespace, and what closes the connection. It returns ErrAbsent where
// there is no socket, and says so of one that the user may not open.
func OpenContainerd(socket string, names []string) ([]*Containerd, io.Closer, error) {
	f, err := os.OpenFile(socket, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("%w: %s", ErrAbsent, socket)
	case errors.Is(err, fs.ErrPermission):
		return nil, nil, fmt.Errorf("%s: permission denied; containerd answers root only", socket)
	case err == nil: // a socket cannot be opened so
		f.Close()
		return nil, nil, fmt.Errorf("%s is no socket", socket)
	}
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", socket, err)
	}
	stores := make([]*Containerd, len(names))
	for i, name := range names {
		stores[i] = &Containerd{
			Namespace: name, socket: socket, images: imagesapi.NewImagesClient(conn), content: contentapi.NewContentClient(conn),
			roots: map[*Image]ocispecs.Descriptor{},
		}
	}
	return stores, conn, nil
}

// String names the store.
func (c *Containerd) String() string { return "containerd, namespace " + c.Namespace }

// List returns all tagged images of the namespace.
func (c *Containerd) List(ctx context.Context, _ []string) ([]*Image, error) {
	ctx, cancel := context.WithTimeout(namespaces.WithNamespace(ctx, c.Namespace), localWait)
	defer cancel()
	response, err := c.images.List(ctx, &imagesapi.ListImagesRequest{})
	if err != nil {
		return nil, c.failed(err)
	}
	var found []*Image
	for _, record := range response.Images {
		image, err := newImage(record.Name)
		if err != nil || strings.Contains(record.Name, "@") || record.Target == nil {
			continue // Kubernetes also names images by digest
		}
		if at := record.UpdatedAt; at != nil {
			image.Created = at.AsTime().Truncate(time.Second)
		}
		image.Digest = record.Target.Digest
		if c.Namespace != "moby" {
			image.Hint = "docker run does not see this image: it is in containerd's namespace " + c.Namespace + ", for nerdctl --namespace " + c.Namespace + " run"
		}
		c.roots[image] = ocispecs.Descriptor{
			MediaType: record.Target.MediaType, Digest: digest.Digest(record.Target.Digest), Size: record.Target.Size,
		}
		found = append(found, image)
	}
	return sorted(found), nil
}

// Read reads an image's configuration from the content store.
func (c *Containerd) Read(ctx context.Context, image *Image, platform ocispecs.Platform) error {
	ctx, cancel := context.WithTimeout(namespaces.WithNamespace(ctx, c.Namespace), localWait)
	defer cancel()
	image.Created = time.Time{} // that of the record is when it was pulled
	return readImage(ctx, image, c.roots[image], platform, c.blob)
}

// blob reads a document of the content store.
func (c *Containerd) blob(ctx context.Context, desc ocispecs.Descriptor) ([]byte, error) {
	stream, err := c.content.Read(ctx, &contentapi.ReadContentRequest{Digest: desc.Digest.String()})
	if err != nil {
		return nil, c.failed(err)
	}
	var dt bytes.Buffer
	for {
		part, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return dt.Bytes(), nil
		case err != nil:
			return nil, c.failed(err)
		case dt.Len()+len(part.Data) > maxDocument:
			return nil, fmt.Errorf("%s is larger than %d MiB", desc.Digest, maxDocument>>20)
		}
		dt.Write(part.Data)
	}
}

// failed says what is wrong with a containerd that does not answer.
func (c *Containerd) failed(err error) error {
	switch status.Code(err) {
	case codes.Unavailable:
		return fmt.Errorf("%w: nothing answers at %s", ErrAbsent, c.socket)
	case codes.NotFound:
		return errors.New("a part of the image is not in containerd's store")
	}
	return fmt.Errorf("%s: %w", c.socket, err)
}
