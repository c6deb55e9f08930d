//go:build linux

package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// forwardCommand is what this program is run as in the network of a daemon: "forward ADDRESS SOCKET". The address is
// the registry's, as it is on this machine, and the socket leads to it, since sockets that are files know no networks.
const forwardCommand = "forward"

// forward listens at an address and hands on each connection to a socket.
func forward(address, socket string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return serve(l, "unix", socket)
}

// offer lets whoever connects to a socket reach an address of this machine, for as long as this program runs.
func offer(socket, address string) error {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	if err := os.Chmod(socket, 0o666); err != nil {
		return err
	}
	go func() { _ = serve(l, "tcp", address) }() // it ends with the program
	return nil
}

func serve(l net.Listener, network, address string) error {
	for {
		from, err := l.Accept()
		if err != nil {
			return err
		}
		go join(from, network, address)
	}
}

// join connects to an address and copies both ways until both have ended.
func join(from net.Conn, network, address string) {
	defer func() { _ = from.Close() }()
	to, err := net.Dial(network, address)
	if err != nil {
		return // whoever connected sees that it ends
	}
	defer func() { _ = to.Close() }()
	var both sync.WaitGroup
	both.Go(func() { pass(to, from) })
	both.Go(func() { pass(from, to) })

	both.Wait()
}

// pass copies one direction and tells its end.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from) // a connection that broke has ended, too
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// copyOfSelf puts this program where every user can run it.
func copyOfSelf(dir string) (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return copyProgram(path, filepath.Join(dir, "matrix"))
}

func copyProgram(from, to string) (string, error) {
	content, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	return to, os.WriteFile(to, content, 0o755)
}
