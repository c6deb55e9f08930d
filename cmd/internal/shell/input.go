package shell

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// input reads a file until it is closed, also while it waits: what is typed after that is
// for others to read.
type input struct {
	file   *os.File
	end    io.Reader // readable once it is closed
	wake   int
	writer *os.File
	once   sync.Once
}

// interruptible returns the user's input. Closing it leaves the stream itself open.
func interruptible(in io.Reader) io.ReadCloser {
	file, ok := in.(*os.File)
	if !ok {
		return io.NopCloser(in)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return io.NopCloser(in)
	}
	return &input{file: file, end: r, wake: int(r.Fd()), writer: w}
}

// Read waits for input, or for Close.
func (i *input) Read(buffer []byte) (int, error) {
	fds := []unix.PollFd{{Fd: int32(i.file.Fd()), Events: unix.POLLIN}, {Fd: int32(i.wake), Events: unix.POLLIN}} // descriptors are small
	for {
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if fds[1].Revents != 0 {
			return 0, io.EOF
		}
		return i.file.Read(buffer)
	}
}

// Close ends a Read. The pipe's other end stays open for it, until the program ends.
func (i *input) Close() error {
	var err error
	i.once.Do(func() { err = i.writer.Close() })
	return err
}
