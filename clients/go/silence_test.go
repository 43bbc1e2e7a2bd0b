package seaway

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// silences are the connections of a client on which no time passes but by the test.
type silences struct {
	t  *testing.T
	mu sync.Mutex
	// The last one to each address.
	connections map[string]*silentConn
}

func newSilences(t *testing.T) *silences {
	return &silences{t: t, connections: make(map[string]*silentConn)}
}

// dialer is that of an address.
func (s *silences) dialer(address string) func(context.Context) (net.Conn, error) {
	dial := dialer(address, nil)
	return func(ctx context.Context) (net.Conn, error) {
		socket, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		connection := &silentConn{Conn: socket, asked: make(chan struct{})}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.connections[address] = connection
		return connection, nil
	}
}

// to is the last connection to an address.
func (s *silences) to(address string) *silentConn {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	connection := s.connections[address]
	if connection == nil {
		s.t.Fatal("there is no connection to ", address)
	}
	return connection
}

// silentConn is a connection whose reader waits for as long as the test wants.
type silentConn struct {
	net.Conn
	// Closed when a SEND has been handed to it.
	asked chan struct{}
	once  sync.Once

	mu sync.Mutex
	// How often the reader is still to hear that its time is over, and how much it has given the other side.
	owed  int
	given time.Duration
}

// pass lets the time pass that the reader waits for.
func (c *silentConn) pass() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed++
	return c.set()
}

// patience is how long the reader would wait.
func (c *silentConn) patience() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.given
}

func (c *silentConn) SetReadDeadline(when time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.given = time.Until(when)
	return c.set()
}

// set is called with the lock held.
func (c *silentConn) set() error {
	if c.owed > 0 {
		return c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
	return c.Conn.SetReadDeadline(time.Time{})
}

func (c *silentConn) Read(into []byte) (int, error) {
	count, err := c.Conn.Read(into)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.mu.Lock()
		c.owed--
		c.mu.Unlock()
	}
	return count, err
}

func (c *silentConn) Write(wire []byte) (int, error) {
	count, err := c.Conn.Write(wire)
	if strings.HasPrefix(string(wire), "SEND ") {
		c.once.Do(func() { close(c.asked) })
	}
	return count, err
}
