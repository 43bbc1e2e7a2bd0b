//go:build unix

package seaway

import (
	"syscall"
	"testing"
)

// A program that a worker starts must not hold its connection.
func TestTheConnectionDoesNotReachProgramsThatAreStarted(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	result := sending(client, "a")
	connection.expect("SEND a")
	connection.send("OK\n")
	if err := await(t, result); err != nil {
		t.Fatal(err)
	}
	client.mu.Lock()
	socket := client.current.socket.(syscall.Conn)
	client.mu.Unlock()
	raw, err := socket.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(descriptor uintptr) {
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, descriptor, syscall.F_GETFD, 0)
		if errno != 0 || flags&syscall.FD_CLOEXEC == 0 {
			t.Error(flags, errno)
		}
	})
	if err != nil {
		t.Error(err)
	}
}
