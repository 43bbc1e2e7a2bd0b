package seaway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"
)

const (
	readSize = 64 << 10
	// Requests under way on one connection; a call beyond them waits for its turn.
	maxInFlight = 1024
	// Bytes that wait for the writer; a call beyond them waits, one frame always fits.
	maxUnsent = 4 << 20
	// The broker may be set to larger bodies than ours, and JSON may be longer than what was stored.
	maxReceivedBody = maxSkippedBody
)

// errNotSent: the connection ended before a byte of the request was handed to it, so it may be sent on the next one.
var errNotSent = errors.New("seaway: not sent")

// call is one request under way.
type call struct {
	verb string
	// Holds one answer; the caller may have left.
	answer chan answer
	// What it acknowledges, in place of a caller that waits.
	due []*acknowledgement
	// Its bytes were handed to the operating system, in part at least; guarded by conn.mu.
	isWritten bool
}

type answer struct {
	frame Frame
	err   error
}

// conn is one connection: a goroutine that reads, one that writes, and the calls that wait for answers.
type conn struct {
	socket    net.Conn
	heartbeat time.Duration
	// Takes the pushes; called by the reading goroutine, and must not wait.
	push func(*conn, EventKind, Frame) error
	// Room for requests under way.
	slots chan struct{}
	// Something is there to be written.
	wake chan struct{}
	// Closed when the connection is over, and when its last answer was taken.
	done, finished chan struct{}

	// Set by HELLO, before anybody else sees the connection.
	epoch             string
	warm              int64
	maxBody, maxNames int
	features          map[string]bool

	mu       sync.Mutex
	session  Session[*call]
	unsent   []byte
	unsentOf []*call
	// Closed and made anew when the writer has taken what was unsent.
	taken chan struct{}
	// Credit to be granted by name, "" for the shared credit; and how many PONGs are owed.
	credit map[string]int
	// Names whose credit is to be withdrawn before that.
	withdrawn map[string]bool
	pongs     int
	// Acknowledgements that are not yet written.
	due []*acknowledgement
	err error
	bye string
}

func newConn(socket net.Conn, heartbeat time.Duration, push func(*conn, EventKind, Frame) error) *conn {
	c := &conn{
		socket: socket, heartbeat: heartbeat, push: push, maxBody: defaultMaxBody, maxNames: defaultMaxNames,
		slots: make(chan struct{}, maxInFlight), wake: make(chan struct{}, 1),
		done: make(chan struct{}), finished: make(chan struct{}),
		taken: make(chan struct{}), credit: make(map[string]int), withdrawn: make(map[string]bool),
	}
	go c.read()
	go c.write()
	return c
}

// fail ends the connection for this reason, unless it has ended.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.done)
		c.socket.Close()
	}
}

// reason is why the connection ended: what the broker said in its BYE, and an error.
func (c *conn) reason() (bye string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bye, c.err
}

// roundTrip sends a request and waits for its answer, which may be an ERR.
func (c *conn) roundTrip(ctx context.Context, verb string, wire []byte) (Frame, error) {
	select {
	case c.slots <- struct{}{}:
	case <-c.done:
		return Frame{}, errNotSent
	case <-ctx.Done():
		return Frame{}, ctx.Err()
	}
	request := &call{verb: verb, answer: make(chan answer, 1)}
	if err := c.enqueue(ctx, request, wire); err != nil {
		<-c.slots
		return Frame{}, err
	}
	select {
	case got := <-request.answer:
		return got.frame, got.err
	case <-ctx.Done():
		return Frame{}, because(ErrUnknown, ctx.Err())
	}
}

// enqueue puts a request behind those that the writer has not taken.
func (c *conn) enqueue(ctx context.Context, request *call, wire []byte) error {
	for {
		c.mu.Lock()
		if c.err != nil {
			c.mu.Unlock()
			return errNotSent
		}
		if len(c.unsent) == 0 || len(c.unsent)+len(wire) <= maxUnsent {
			c.appendRequest(request, wire)
			c.mu.Unlock()
			return nil
		}
		taken := c.taken
		c.mu.Unlock()
		select {
		case <-taken:
		case <-c.done:
			return errNotSent
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// appendRequest is called with the lock held.
func (c *conn) appendRequest(request *call, wire []byte) {
	// Credit said before this request must stand before it: what it makes deliverable comes before the answer (R5).
	c.unsent = c.appendOwed(c.unsent)
	c.unsent = append(c.unsent, wire...)
	c.unsentOf = append(c.unsentOf, request)
	c.session.Sent(request.verb, request)
	c.signal()
}

// appendOwed writes the PONG, ACK and READY frames that are owed; called with the lock held.
func (c *conn) appendOwed(wire []byte) []byte {
	for ; c.pongs > 0; c.pongs-- {
		wire = append(wire, "PONG\n"...)
	}
	wire = c.appendDue(wire)
	for name := range c.withdrawn {
		wire = appendReady(wire, 0, name)
		delete(c.withdrawn, name)
	}
	if len(c.credit) == 0 {
		return wire
	}
	names := make([]string, 0, len(c.credit))
	for name := range c.credit {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		wire = appendReady(wire, c.credit[name], name)
		delete(c.credit, name)
	}
	return wire
}

func appendReady(wire []byte, count int, name string) []byte {
	words := []string{strconv.Itoa(count), name}
	if name == "" {
		words = words[:1]
	}
	return appendFrame(wire, "READY", nil, words...)
}

// withdraw takes the credit back that was not used. It never waits.
func (c *conn) withdraw(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		delete(c.credit, name)
		c.withdrawn[name] = true
		c.signal()
	}
}

// grant gives the broker credit; "" is the shared credit. It never waits.
func (c *conn) grant(name string, count int) {
	if count <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.credit[name] += count
		c.signal()
	}
}

func (c *conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *conn) write() {
	for {
		select {
		case <-c.wake:
		case <-c.done:
			return
		}
		c.mu.Lock()
		if c.err != nil {
			c.mu.Unlock()
			return
		}
		wire := c.appendOwed(c.unsent)
		c.unsent = nil
		for _, request := range c.unsentOf {
			request.isWritten = true
		}
		c.unsentOf = nil
		close(c.taken)
		c.taken = make(chan struct{})
		c.mu.Unlock()
		if _, err := c.socket.Write(wire); err != nil {
			c.fail(err)
			return
		}
	}
}

func (c *conn) read() {
	c.fail(c.readFrames())
	c.mu.Lock()
	abandoned, due, unknown := c.session.Abandon(), c.due, because(ErrUnknown, c.err)
	c.due = nil
	reasons := make([]error, len(abandoned))
	for index, request := range abandoned {
		reasons[index] = errNotSent
		if request.isWritten {
			reasons[index] = unknown
		}
	}
	c.mu.Unlock()
	for index, request := range abandoned {
		c.finish(request, answer{err: reasons[index]})
	}
	settleDue(due, answer{err: errNotSent})
	close(c.finished)
}

// readFrames ends with the reason why nothing more can be read.
func (c *conn) readFrames() error {
	parser := NewParser(Limits{MaxLine: defaultMaxLine, MaxBody: maxReceivedBody})
	buffer := make([]byte, readSize)
	silent := 0
	for {
		if c.heartbeat > 0 {
			if err := c.socket.SetReadDeadline(time.Now().Add(c.heartbeat)); err != nil {
				return err
			}
		}
		count, err := c.socket.Read(buffer)
		if count > 0 {
			silent = 0
			frames, wrong := parser.Feed(buffer[:count])
			for _, frame := range frames {
				if err := c.take(frame); err != nil {
					return err
				}
			}
			if wrong != nil {
				return because(ErrProtocol, wrong)
			}
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if silent++; silent > 2 {
				return fmt.Errorf("seaway: the broker was silent for %v", 3*c.heartbeat)
			}
			c.ping()
		} else if err != nil {
			return err
		}
	}
}

// ping asks the broker for a sign of life; nobody waits for the answer.
func (c *conn) ping() {
	select {
	case c.slots <- struct{}{}:
	default:
		// So many requests wait that any answer is a sign of life.
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.appendRequest(&call{verb: "PING", answer: make(chan answer, 1)}, []byte("PING\n"))
}

func (c *conn) take(frame Frame) error {
	c.mu.Lock()
	event, err := c.session.Received(frame)
	if err == nil && event.Kind == EventPing {
		c.pongs++
		c.signal()
	}
	if err == nil && event.Kind == EventBye {
		c.bye = byeReason(frame)
	}
	c.mu.Unlock()
	switch {
	case err != nil:
		return err
	case event.Kind == EventAnswer:
		c.finish(event.Request, answer{frame: frame})
		return nil
	default:
		return c.push(c, event.Kind, frame)
	}
}

func (c *conn) finish(request *call, got answer) {
	if request.due != nil {
		settleDue(request.due, got)
		return
	}
	request.answer <- got
	<-c.slots
}
