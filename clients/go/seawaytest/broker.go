package seawaytest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"seaway.dev/seaway"
)

// Broker is a broker in memory: channels, reply channels, mailboxes, groups, credit, pauses, capacities expiry,
// acknowledged channels with their dead letters, messages for later and once. It has neither tokens, presence (WATCH), copies (TAIL) nor STATS, speaks JSON alone, and bounds nothing but the messages
// of each channel (100).
type Broker struct {
	clock *Clock

	mu    sync.Mutex
	store *store
	// Which of them are of workers and other clients; the others are of the interface server.
	connections map[*connection]bool
	accepted    int
	isClosed    bool
	// Closed when the next worker listens.
	next chan struct{}
	// Closed, and nil, when something was done that somebody waits for.
	changed chan struct{}
}

func newBroker(clock *Clock) *Broker {
	b := &Broker{clock: clock, store: newStore(clock), connections: make(map[*connection]bool)}
	b.store.lock = &b.mu
	return b
}

// Dial opens a connection to the broker; it is what Options.Dial of a client is set to.
func (b *Broker) Dial(context.Context) (net.Conn, error) { return b.dial(true) }

func (b *Broker) dial(isBreakable bool) (net.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed {
		return nil, errors.New("the test has ended")
	}
	ours, theirs := net.Pipe()
	c := newConnection(b, ours)
	b.connections[c] = isBreakable
	b.accepted++
	go c.read()
	go c.send()
	return theirs, nil
}

// Break breaks the connections of all clients off, but that of the interface server, as a network does: clients connect
// again. What was on its way to them is lost, what comes from now on waits for them.
func (b *Broker) Break() { b.breakOff(false) }

func (b *Broker) breakOff(isAll bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c, isBreakable := range b.connections {
		if isBreakable || isAll {
			c.socket.Close()
			b.forget(c)
		}
	}
}

func (b *Broker) close() {
	b.mu.Lock()
	b.isClosed = true
	b.mu.Unlock()
	b.breakOff(true)
}

// Waiting is how many messages wait on a channel.
func (b *Broker) Waiting(channel string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store.drop()
	if one := b.store.channels[channel]; one != nil {
		return len(one.waiting)
	}
	return 0
}

// Held is how many messages of a channel were delivered and are neither acknowledged nor back.
func (b *Broker) Held(channel string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.store.held(channel)
}

// Members are those of a group, sorted.
func (b *Broker) Members(group string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store.drop()
	return b.store.members(group)
}

// listened is closed when somebody listens on a normal channel, as every worker does.
func (b *Broker) listened() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

// change wakes who waits; called with the lock held.
func (b *Broker) change() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// unsettled is closed when something more was done; nil when nothing of a channel is held, or waits.
func (b *Broker) unsettled(channel string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store.drop()
	if one := b.store.channels[channel]; b.store.held(channel) == 0 && (one == nil || len(one.waiting) == 0) {
		return nil
	}
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

// lose: a connection has ended.
func (b *Broker) lose(c *connection) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(c)
}

// forget is called with the lock held.
func (b *Broker) forget(c *connection) {
	b.store.giveBackAll(c, returnTime)
	for name := range b.store.readers {
		b.stopReading(c, name)
		if lost, isHeld := b.store.mailboxes[name]; isHeld && lost.IsZero() && len(b.store.readers[name]) == 0 {
			b.store.mailboxes[name] = b.clock.Now()
		}
	}
	delete(b.connections, c)
	c.end()
	b.change()
}

// stopReading takes a reader away; false if it was none.
func (b *Broker) stopReading(c *connection, name string) bool {
	for index, reader := range b.store.readers[name] {
		if reader.to != c {
			continue
		}
		b.store.readers[name] = append(b.store.readers[name][:index:index], b.store.readers[name][index+1:]...)
		if len(b.store.readers[name]) == 0 {
			delete(b.store.readers, name)
		}
		return true
	}
	return false
}

// answer does what a frame asks for.
func (b *Broker) answer(c *connection, frame seaway.Frame) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store.drop()
	if c.isOver {
		return
	}
	defer b.change()
	verb, isVerb := verbs[frame.Verb]
	code := frame.Refused
	switch {
	case !isVerb:
		code = "unknown"
	case code == "":
		code = verb.refusal(frame)
	}
	if code != "" && (frame.Verb == "READY" || frame.Verb == "PONG") {
		code = c.breakOff()
	} else if code == "" {
		code = verb.do(b, c, frame)
	}
	c.isKnown = c.isKnown || code == ""
	if code != "" {
		c.say("ERR " + code + " by the broker of a test")
	}
}

// verb is one request: how many arguments, whether it has a body, and which capital options it knows.
type verb struct {
	least, most int
	hasBody     bool
	options     string
	names       func(int) func(string) bool
	// What is wrong with the options of its own, and with arguments that are no names.
	check func(seaway.Frame) string
	do    func(*Broker, *connection, seaway.Frame) string
}

// refusal is that of a request's form (A4).
func (v verb) refusal(frame seaway.Frame) string {
	if len(frame.Args) < v.least || len(frame.Args) > v.most || (frame.Body != nil) != v.hasBody {
		return "args"
	}
	for key := range frame.Options {
		isKnown := strings.Contains(" "+v.options+" ", " "+key+" ")
		if !isKnown && key[0] >= 'A' && key[0] <= 'Z' {
			return "option"
		}
	}
	if here, isThere := frame.Options["Here"]; isThere && here != "1" {
		return "option"
	}
	if _, isGood := readBounds(frame.Options); !isGood && v.hasBody {
		return "option"
	}
	if v.check != nil {
		if code := v.check(frame); code != "" {
			return code
		}
	}
	for index, name := range frame.Args {
		if v.names != nil && !v.names(index)(name) {
			return "name"
		}
	}
	if except := frame.Options["except"]; except != "" && !seaway.ValidChannel(except) {
		return "name"
	}
	if v.hasBody {
		if _, err := seaway.DecodeMessage(frame.Body); err != nil {
			return "payload"
		}
	}
	return ""
}

func milliseconds(count int) time.Duration { return time.Duration(count) * time.Millisecond }

// oneLine is a body as it stands in a frame: line ends become spaces (V11).
func oneLine(body []byte) []byte {
	for index, char := range body {
		if char == '\n' || char == '\r' {
			body[index] = ' '
		}
	}
	return body
}

func (b *Broker) greet(c *connection, frame seaway.Frame) string {
	format, hasFormat := frame.Options["format"]
	switch {
	case hasFormat && format != "json":
		return "option"
	case frame.Args[0] != "1":
		return "version supported=1"
	case c.isKnown:
		return "state"
	}
	c.say(fmt.Sprintf("HELLO 1 id=c%d epoch=test features=ack,bounds,delay,groups,mailboxes,once,pause max-body=2097152 max-line=4096"+
		" max-names=1024", b.accepted))
	return ""
}
