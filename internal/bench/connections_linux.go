package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// connect makes n connections to the service of a table for local UDP: a
// datagram from each of n ports.
func connect(n int) error {
	service := &unix.SockaddrInet4{Addr: netip.MustParseAddr("127.0.0.1").As4(), Port: 80}
	for i := range n {
		client := &unix.SockaddrInet4{Addr: service.Addr, Port: 20000 + i}
		if err := datagram(client, service); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
	}
	text, err := os.ReadFile("/proc/self/net/ip_vs_conn")
	if err != nil {
		return err
	}
	if got := bytes.Count(text, []byte("\n")) - 1; got != n {
		return fmt.Errorf("%d connections instead of %d", got, n)
	}
	return nil
}

// datagram sends an empty one.
func datagram(from, to unix.Sockaddr) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, from); err != nil {
		return err
	}
	return unix.Sendto(fd, nil, 0, to)
}
