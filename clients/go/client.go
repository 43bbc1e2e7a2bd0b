package seaway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"sync"
	"time"
)

// Options of a [Client]; the zero value of each field means its default.
type Options struct {
	// Name is shown to operators: 1 to 64 bytes of A–Z a–z 0–9 - _ . ("go").
	Name string
	// Token is shown to the broker, 1 to 255 bytes (none).
	Token string
	// Heartbeat is the silence after which either side asks for a sign of life, this side after a third of Failover at
	// the latest; after three of them the connection is given up. At most an hour, in whole milliseconds (20 s);
	// negative: never.
	Heartbeat time.Duration
	// Wait is how long a call waits for a connection when there is none (5 s); its context may end it sooner.
	Wait time.Duration
	// Backoff and MaxBackoff are the first and the longest wait between attempts to connect (100 ms, 5 s).
	Backoff, MaxBackoff time.Duration
	// Failover is the silence after which a broker is taken for dead, 300 ms to an hour (2 s).
	Failover time.Duration
	// TLS says whom to trust at an address that begins with "tls://", and has this side's certificate (the system's
	// authorities, and none).
	TLS *tls.Config
	// Dial opens the connection, for what the address cannot say, and tests (what the address says).
	Dial func(ctx context.Context) (net.Conn, error)
	// Logger is told, each time in one line, about connections that break and come back and about failed handlers; control
	// bytes of what others say are escaped (log.Default()).
	Logger interface{ Printf(string, ...any) }
}

// Client is one connection to a broker, shared by all goroutines of a program.
//
// When the connection breaks it comes back by itself, with backoff and jitter, listens and watches again, and joins
// again what was lost. The context of a call limits how long it waits; when it ends after the request was sent the
// outcome is [ErrUnknown]. All methods are safe for concurrent use.
type Client struct {
	options Options
	logger  lineLogger
	news    *connectionNews
	stop    context.CancelFunc
	// Closed when the goroutine that keeps the connection has ended.
	finished chan struct{}

	mu sync.Mutex
	// The connection that calls may use, nil while there is none.
	current *conn
	// Closed and made anew whenever current or over changes.
	changed chan struct{}
	// Why there will never be another connection.
	over      error
	lastError error
	epoch     string
	// Acknowledgements that are said on the next connection.
	due       []*acknowledgement
	listeners map[string]*Listener
	worker    *Listener
	// True for what the broker has granted, or may have.
	watches map[watch]bool

	// The brokers of a client of several, whose own connection is never made; and what one of those clients is part of.
	shards *shards
	part   *shardPart
}

// New makes a client of the broker at an address such as "127.0.0.1:7411", "tls://broker:7411" or "unix:/run/seaway.sock".
//
// It connects in the background; calls wait for that. [Client.Close] ends it.
func New(address string, options Options) *Client {
	setDefaults(&options, address)
	return newClient(address, options, nil)
}

func newClient(address string, options Options, part *shardPart) *Client {
	ctx, stop := context.WithCancel(context.Background())
	logger := lineLogger{options.Logger}
	c := &Client{
		options: options, logger: logger, news: &connectionNews{address: address, logger: logger},
		stop: stop, finished: make(chan struct{}), part: part,
		changed: make(chan struct{}), listeners: make(map[string]*Listener), watches: make(map[watch]bool),
	}
	go c.keepConnected(ctx)
	return c
}

func setDefaults(options *Options, address string) {
	if options.Name == "" {
		options.Name = "go"
	}
	defaultTo(&options.Heartbeat, 20*time.Second)
	defaultTo(&options.Failover, 2*time.Second)
	defaultTo(&options.Wait, 5*time.Second)
	defaultTo(&options.Backoff, 100*time.Millisecond)
	defaultTo(&options.MaxBackoff, 5*time.Second)
	if options.Dial == nil {
		options.Dial = dialer(address, options.TLS)
	}
	if options.Logger == nil {
		options.Logger = log.Default()
	}
}

func defaultTo(value *time.Duration, standard time.Duration) {
	if *value == 0 {
		*value = standard
	}
}

// tellOfConnections has the log told of every connection, as that of a worker is.
func (c *Client) tellOfConnections() {
	if c.shards == nil {
		c.news.worker()
		return
	}
	for _, part := range c.shards.parts {
		part.client.news.worker()
	}
}

// Close takes leave of the broker (QUIT) and ends the client; requests under way are answered before.
//
// The mailboxes that it listens on end with it. Further calls, and listeners, fail with [ErrClosed].
func (c *Client) Close(ctx context.Context) error {
	if c.shards != nil {
		return c.shards.close(ctx)
	}
	c.mu.Lock()
	current := c.current
	isOver := c.over != nil
	c.mu.Unlock()
	c.end(ErrClosed)
	var err error
	if current != nil && !isOver {
		if _, err = current.roundTrip(ctx, "QUIT", []byte("QUIT\n")); errors.Is(err, errNotSent) {
			err = nil
		}
	}
	c.stop()
	<-c.finished
	return err
}

// end makes the client useless: no more calls, no more connections.
func (c *Client) end(reason error) {
	defer c.endDue(reason)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over != nil {
		return
	}
	c.over = reason
	c.change()
	for _, listener := range c.allListeners() {
		listener.end(reason)
	}
	c.listeners = make(map[string]*Listener)
	c.worker = nil
}

// change wakes all that wait for another state; called with the lock held.
func (c *Client) change() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// request is one frame to be sent: its verb, its body's size for the broker's limit, and its bytes.
type request struct {
	verb string
	body int
	wire []byte
	// The stream that it belongs to, at several brokers; "" for none.
	stream string
	// What the broker has to know beyond what every broker does (H2).
	features []string
	// It has a key, so it may be said again when its outcome is not known (S12).
	isOnce bool
	// What it acknowledges (S13); said on the connection alone that holds that.
	answered *lease
}

func newRequest(verb string, body []byte, words ...string) request {
	// Room for the verb, the size and the line ends too.
	size := len(verb) + len(body) + 16
	for _, word := range words {
		size += len(word) + 1
	}
	return request{verb: verb, body: len(body), wire: appendFrame(make([]byte, 0, size), verb, body, words...)}
}

// do sends a request on the connection, or on the next one if nothing of it was sent, and returns what answers it.
func (c *Client) do(ctx context.Context, r request) (Frame, error) {
	if c.shards != nil {
		return c.shards.do(ctx, r)
	}
	// Mostly there is a connection, and nothing to wait for.
	var deadline *time.Timer
	for {
		current, err := c.connectionNow()
		if current == nil && err == nil {
			if deadline == nil {
				deadline = time.NewTimer(c.options.Wait)
				defer deadline.Stop()
			}
			current, err = c.connection(ctx, deadline.C)
		}
		if err != nil {
			return Frame{}, err
		}
		frame, err := c.askSurely(ctx, current, r)
		if !errors.Is(err, errNotSent) {
			return frame, err
		}
	}
}

// try sends a request on the connection that there is; errNotSent if there is none.
func (c *Client) try(ctx context.Context, r request) (Frame, error) {
	c.mu.Lock()
	current := c.current
	c.mu.Unlock()
	if current == nil || current.isOver() {
		return Frame{}, errNotSent
	}
	return c.askSurely(ctx, current, r)
}

// ask sends a request on this connection; an ERR becomes a [*Refusal].
func (c *conn) ask(ctx context.Context, r request) (Frame, error) {
	if r.body > c.maxBody {
		return Frame{}, refuse(r.verb, "size", fmt.Sprintf("a body has at most %d bytes, this one has %d", c.maxBody, r.body))
	}
	for _, feature := range r.features {
		if !c.features[feature] {
			return Frame{}, refuse(r.verb, "option", fmt.Sprintf("the broker has not the feature %q", feature))
		}
	}
	wire, isAnswering := r.wire, r.answered != nil && r.answered.on == c
	if r.answered != nil && !isAnswering {
		wire = r.answered.leftOutOf(wire)
	}
	frame, err := c.roundTrip(ctx, r.verb, wire)
	if err == nil && frame.Verb == "ERR" {
		return Frame{}, newRefusal(r.verb, frame)
	}
	if err == nil && isAnswering {
		r.answered.end()
	}
	return frame, err
}

// connectionNow is the one that there is, nil while there is none; the error is why there will never be one.
func (c *Client) connectionNow() (*conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over != nil || c.current == nil || c.current.isOver() {
		return nil, c.over
	}
	return c.current, nil
}

// connection waits until there is one.
func (c *Client) connection(ctx context.Context, deadline <-chan time.Time) (*conn, error) {
	for {
		c.mu.Lock()
		current, over, changed := c.current, c.over, c.changed
		c.mu.Unlock()
		if over != nil {
			return nil, over
		}
		if current != nil && !current.isOver() {
			return current, nil
		}
		select {
		case <-changed:
		case <-deadline:
			return nil, because(ErrOffline, c.reasonOffline())
		case <-ctx.Done():
			return nil, because(ErrOffline, ctx.Err())
		}
	}
}

// reasonOffline is why the last attempt failed.
func (c *Client) reasonOffline() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastError
}

func (c *conn) isOver() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
