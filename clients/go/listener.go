package seaway

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"
)

// Delivery is one message that came.
type Delivery struct {
	// Channels are the full names that it came for: one, or several of a mailbox when it came through a group.
	Channels []string
	// Group is the group that it was sent to, "" for a message sent to the channel itself.
	Group   string
	Message Message
	// Times is how often it was delivered, this time included; 0 for what is not to be acknowledged.
	Times int
	// Dead is why it was given up, on a channel of dead letters; else nil.
	Dead *DeadLetter

	// nil for what is not to be acknowledged.
	lease *lease
}

// Channel is the first of the channels.
func (d *Delivery) Channel() string { return d.Channels[0] }

// Listener takes part in reading a channel, or reads a mailbox. Make one with [Client.Listen].
type Listener struct {
	client *Client
	names  []string
	credit int
	// Credit of its own name, or the connection's shared credit.
	isCommon bool
	// Those of the names whose messages are to be acknowledged; and after which time HOLD is said of them, 0 for never.
	acknowledged map[string]bool
	holdAfter    time.Duration
	// Those whose messages are acknowledged where the broker can.
	wished map[string]bool
	// Holds what was pushed and not yet received: never more than the credit.
	queue chan *Delivery
	over  chan struct{}
	once  sync.Once

	// Takes what comes in place of the queue, and what this is at several brokers; of a client of several.
	forward func(*Delivery)
	reading *shardReading

	// All of these are guarded by the client's lock.
	reason error
	// No new connection listens for it any more.
	isClosing bool
	// The connection that listens for it.
	on *conn
	// Messages that were pushed and whose credit did not go back.
	held        int
	memberships map[membership]struct{}
}

func newListener(client *Client, names []string, credit int, isCommon bool) *Listener {
	l := &Listener{
		client: client, names: names, credit: credit, isCommon: isCommon,
		over: make(chan struct{}), memberships: make(map[membership]struct{}),
	}
	l.queue = make(chan *Delivery, l.room())
	return l
}

// room is what the queue has to hold: what there is credit for, and the last of the mailboxes.
func (l *Listener) room() int { return l.credit + mostLast*len(l.lastAccounts()) }

// mostLast is what is taken at most of each mailbox that a worker leaves.
const mostLast = 4096

// lastAccounts are the mailboxes of a worker: what waits there when it leaves nobody else would get (L6).
func (l *Listener) lastAccounts() []string {
	var mailboxes []string
	for _, name := range l.names {
		if l.isCommon && len(l.names) > 1 && formOf(name) == mailboxName {
			mailboxes = append(mailboxes, name)
		}
	}
	return mailboxes
}

// Listen takes part in reading a channel, or, when the name ends in "!", reads all reply channels of that mailbox.
//
// Credit, 1 to 1,000,000, is how many messages may be under way to this listener and not yet received; it is its own,
// so a slow listener holds back no other. When the connection breaks, listening goes on with the next one; what was
// under way is lost with it (at most once).
//
// A mailbox, reply or pinned channel has one reader: whoever listens later takes it over, and the former listener
// ends with [ErrLost].
func (c *Client) Listen(ctx context.Context, name string, credit int) (*Listener, error) {
	if !ValidListen(name) {
		return nil, listenRefusal("LISTEN", name)
	}
	if credit < 1 || credit > mostCredit {
		return nil, outOfRange("a credit", 1, mostCredit, credit)
	}
	return c.listen(ctx, newListener(c, []string{name}, credit, false))
}

// ListenAcknowledged is [Client.Listen] on a normal channel of at most 250 bytes, or on one of dead letters, whose
// messages stay with the broker until [Delivery.Ack]: they are delivered again when they are given back
// ([Delivery.Nak]), when the connection ends (after the broker's --return, 2 s), and when nothing was said for its
// --hold (600 s; [Delivery.Hold]).
//
// After as many times as the broker says (--tries, 5) a message goes to CHANNEL.dead. One connection holds at most
// 1,000 (--max-held). [ErrOption]: the broker has not the feature "ack". A [Worker] does all of this by itself.
func (c *Client) ListenAcknowledged(ctx context.Context, name string, credit int) (*Listener, error) {
	if err := acknowledgedRefusal(name); err != nil {
		return nil, err
	}
	if credit < 1 || credit > mostCredit {
		return nil, outOfRange("a credit", 1, mostCredit, credit)
	}
	listener := newListener(c, []string{name}, credit, false)
	listener.acknowledged = map[string]bool{name: true}
	return c.listen(ctx, listener)
}

func (c *Client) listen(ctx context.Context, listener *Listener) (*Listener, error) {
	if c.shards != nil {
		return c.shards.listen(ctx, listener)
	}
	if err := c.register(listener); err != nil {
		return nil, err
	}
	deadline := time.NewTimer(c.options.Wait)
	defer deadline.Stop()
	for {
		current, err := c.connection(ctx, deadline.C)
		if err == nil {
			err = c.listenOn(ctx, current, listener)
		}
		if err == nil {
			return listener, nil
		}
		// Listening twice is listening once, so an unknown outcome does no harm.
		isBroken := errors.Is(err, errNotSent) || errors.Is(err, ErrUnknown)
		if !isBroken || ctx.Err() != nil {
			c.forget(listener, err)
			return nil, err
		}
	}
}

// register makes the listener known, so that each new connection listens for it.
func (c *Client) register(listener *Listener) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over != nil {
		return c.over
	}
	if listener.isCommon && c.worker != nil {
		return fmt.Errorf("seaway: %w: a client has one worker", ErrState)
	}
	for _, name := range listener.names {
		if c.listeners[name] != nil {
			return fmt.Errorf("seaway: %w: this client listens on %s already", ErrState, name)
		}
	}
	for _, name := range listener.names {
		c.listeners[name] = listener
	}
	if listener.isCommon {
		c.worker = listener
	}
	return nil
}

// forget ends a listener; no connection listens for it again.
func (c *Client) forget(listener *Listener, reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range listener.names {
		delete(c.listeners, name)
	}
	if c.worker == listener {
		c.worker = nil
	}
	listener.end(reason)
}

// allListeners are each once, in a fixed order; called with the lock held.
func (c *Client) allListeners() []*Listener {
	var all []*Listener
	for name, listener := range c.listeners {
		if name == listener.names[0] {
			all = append(all, listener)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].names[0] < all[j].names[0] })
	return all
}

// notYetOn are the listeners that the connection does not read for; called with the lock held.
func (c *Client) notYetOn(current *conn) []*Listener {
	var missing []*Listener
	for _, listener := range c.allListeners() {
		if listener.on != current && !listener.isClosing {
			missing = append(missing, listener)
		}
	}
	return missing
}

// end is called with the client's lock held.
func (l *Listener) end(reason error) {
	l.once.Do(func() {
		l.reason = reason
		close(l.over)
	})
}

// Receive waits for the next message. Receiving it gives the broker credit for another.
//
// The error is that of the context, [ErrClosed], [ErrLost], or why the broker refused to let it listen again; before
// such an end, what had come is still received.
func (l *Listener) Receive(ctx context.Context) (*Delivery, error) {
	for {
		delivery, err := l.take(ctx)
		if err != nil {
			return nil, err
		}
		l.giveBack()
		if !delivery.isStale() {
			return delivery, nil
		}
	}
}

// take waits for the next message and keeps its credit.
func (l *Listener) take(ctx context.Context) (*Delivery, error) {
	select {
	case delivery := <-l.queue:
		return delivery, nil
	default:
	}
	select {
	case delivery := <-l.queue:
		return delivery, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.over:
		return l.takeRest()
	}
}

// takeRest takes what had come before the end.
func (l *Listener) takeRest() (*Delivery, error) {
	select {
	case delivery := <-l.queue:
		return delivery, nil
	default:
		l.client.mu.Lock()
		defer l.client.mu.Unlock()
		return nil, l.reason
	}
}

// giveBack lets the broker push one message more.
func (l *Listener) giveBack() {
	if l.reading != nil {
		l.reading.ready(1)
		return
	}
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	l.held--
	if l.on != nil && l.reason == nil {
		l.on.grant(l.account(), 1)
	}
}

// account is the name of the credit it takes from, "" for the shared credit.
func (l *Listener) account() string {
	if l.isCommon {
		return ""
	}
	return l.names[0]
}

// Close ends listening: nothing more is pushed, what had come can still be received, then [ErrClosed].
//
// A mailbox's messages and memberships end at once; what waits on a normal channel goes to others.
func (l *Listener) Close(ctx context.Context) error {
	if l.reading != nil {
		return l.client.shards.stop(ctx, l.reading, ErrClosed)
	}
	l.client.mu.Lock()
	isOver := l.reason != nil
	l.isClosing = true
	current := l.on
	l.client.mu.Unlock()
	if isOver {
		return nil
	}
	defer l.client.forget(l, ErrClosed)
	if current == nil {
		return nil
	}
	// What is pushed for this comes before the answer to what is said behind it (R5).
	last := ""
	if accounts := l.lastAccounts(); len(accounts) > 0 {
		last = "READY 0\n"
		for _, account := range accounts {
			last += fmt.Sprintf("READY %d %s\n", mostLast, account)
		}
	}
	for _, words := range chunks(l.names, len("UNLISTEN")) {
		request := newRequest("UNLISTEN", nil, words...)
		request.wire = append([]byte(last), request.wire...)
		last = ""
		_, err := current.ask(ctx, request)
		if err != nil && !current.isOver() {
			return err
		}
	}
	return nil
}
