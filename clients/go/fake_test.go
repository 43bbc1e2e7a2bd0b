package seaway

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen: longer than a busy machine takes for it.
const patience = time.Minute

// fakeBroker takes connections and says what the test tells it to.
type fakeBroker struct {
	t        *testing.T
	listener net.Listener
}

// fakeConn is one connection, seen from the broker.
type fakeConn struct {
	t      *testing.T
	socket net.Conn
	parser *Parser
	frames []Frame
}

func newFakeBroker(t *testing.T) *fakeBroker {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return &fakeBroker{t, listener}
}

// client makes a client of the broker that ends with the test.
func (b *fakeBroker) client(options Options) *Client {
	options.Backoff = time.Millisecond
	if options.Wait == 0 {
		options.Wait = patience
	}
	if options.Failover == 0 {
		// No busy machine makes it look dead, or a client ask where a test knows what comes next.
		options.Failover = time.Hour
	}
	options.Logger = &testLogger{t: b.t}
	client := New(b.listener.Addr().String(), options)
	b.t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		client.Close(ctx)
	})
	return client
}

// accept takes the next connection and answers its HELLO.
func (b *fakeBroker) accept(epoch string) *fakeConn {
	b.t.Helper()
	connection := b.acceptSilently()
	connection.expect("HELLO 1")
	connection.send("HELLO 1 id=1 epoch=%s features=x max-body=1000 max-line=4096 max-names=1024\n", epoch)
	return connection
}

func (b *fakeBroker) acceptSilently() *fakeConn {
	b.t.Helper()
	b.listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	socket, err := b.listener.Accept()
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { socket.Close() })
	return &fakeConn{t: b.t, socket: socket, parser: NewParser(DefaultLimits())}
}

// next reads a frame; ok is false at the end of the stream.
func (c *fakeConn) next() (frame Frame, ok bool) {
	c.t.Helper()
	buffer := make([]byte, 1000)
	for len(c.frames) == 0 {
		c.socket.SetReadDeadline(time.Now().Add(patience))
		count, err := c.socket.Read(buffer)
		if timeout, is := err.(net.Error); is && timeout.Timeout() {
			c.t.Fatal("the client says nothing")
		}
		if err != nil {
			return Frame{}, false
		}
		frames, err := c.parser.Feed(buffer[:count])
		if err != nil {
			c.t.Fatal(err)
		}
		c.frames = frames
	}
	frame, c.frames = c.frames[0], c.frames[1:]
	return frame, true
}

// expect reads a frame that begins with these words.
func (c *fakeConn) expect(words string) Frame {
	c.t.Helper()
	frame, ok := c.next()
	said := strings.Join(append([]string{frame.Verb}, frame.Args...), " ")
	if !ok || !strings.HasPrefix(said+" ", words+" ") {
		c.t.Fatalf("expected %s, got %q", words, said)
	}
	return frame
}

func (c *fakeConn) send(format string, values ...any) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.socket, format, values...); err != nil {
		c.t.Fatal(err)
	}
}

// push sends a message.
func (c *fakeConn) push(words, body string) {
	c.t.Helper()
	c.send("MSG :%d %s\n%s\n", len(body), words, body)
}

// close ends the connection without a word.
func (c *fakeConn) close() { c.socket.Close() }

// testLogger writes to the test's log, and can be searched.
type testLogger struct {
	t     *testing.T
	mu    sync.Mutex
	lines []string
	// Closed with the next line.
	next chan struct{}
}

// written is closed with the next line; called with the lock held.
func (l *testLogger) written() <-chan struct{} {
	if l.next == nil {
		l.next = make(chan struct{})
	}
	return l.next
}

func (l *testLogger) Printf(format string, values ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, values...))
	if l.next != nil {
		close(l.next)
		l.next = nil
	}
}

func logOf(client *Client) *testLogger { return client.options.Logger.(*testLogger) }

// count says how many lines hold the text.
func (l *testLogger) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	count := 0
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			count++
		}
	}
	return count
}

// all are the lines so far.
func (l *testLogger) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

// contains says whether some line holds the text.
func (l *testLogger) contains(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.Join(l.lines, "\n"), text)
}

// background runs a call while the test plays the broker.
func background[R any](call func() R) <-chan R {
	result := make(chan R, 1)
	go func() { result <- call() }()
	return result
}

// await waits for what runs in the background.
func await[R any](t *testing.T, result <-chan R) R {
	t.Helper()
	select {
	case value := <-result:
		return value
	case <-time.After(patience):
		t.Fatal("it does not end")
		panic("unreachable")
	}
}

// playedWorker is one whose broker, or interface server, is played: it asks to be told of the end of a request only where
// the test is about that, and not because this machine was busy for 250 ms.
func playedWorker(client *Client) *Worker {
	worker := NewWorker(client)
	worker.news.after = time.Hour
	return worker
}

// atWork runs a worker. Nothing of it outlives the test, whose end ends the handlers that still run: what they said
// then would end all tests.
func atWork(t *testing.T, running context.Context, worker *Worker) (ended <-chan error) {
	t.Helper()
	running, stop := context.WithCancel(running)
	result, over := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		result <- worker.Run(running)
	}()
	t.Cleanup(func() {
		stop()
		over := over
		limit, cancel := context.WithCancel(context.Background())
		cancel()
		worker.client.Close(limit)
		for _, request := range worker.news.all() {
			request.end()
		}
		await(t, over)
	})
	return result
}
