package seaway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// lease is one message that a connection holds until it is acknowledged or given back (D9).
type lease struct {
	// That of the broker that gave the message out, one of several perhaps.
	client      *Client
	on          *conn
	channel, id string
	// Its channel is acknowledged since the broker can, not since the worker has asked for that: no failure gives it back.
	isWished bool

	mu sync.Mutex
	// It was acknowledged or given back; nothing more is said to hold it.
	isOver bool
	timer  *time.Timer
}

// word is the option of SEND that acknowledges it.
func (l *lease) word() string { return "Ack=" + l.id }

// leftOutOf is a request without that: on another connection the ID may stand for another message.
func (l *lease) leftOutOf(wire []byte) []byte {
	end := bytes.IndexByte(wire, '\n')
	head := bytes.TrimSuffix(wire[:end], []byte(" "+l.word()))
	return append(append(make([]byte, 0, len(wire)), head...), wire[end:]...)
}

// end notes that the message is acknowledged, or given back.
func (l *lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isOver = true
	if l.timer != nil {
		l.timer.Stop()
	}
}

func (l *lease) hasEnded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isOver
}

// keep says HOLD after each such time, until the message is not held here any more.
func (l *lease) keep(every time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isOver {
		l.timer = time.AfterFunc(every, func() { l.keepOn(every) })
	}
}

func (l *lease) keepOn(every time.Duration) {
	limit, cancel := context.WithTimeout(context.Background(), every)
	defer cancel()
	err := l.hold(limit)
	switch {
	case l.hasEnded() || l.on.isOver():
	case errors.Is(err, ErrLate):
		l.client.logger.Printf("seaway: a message on %s is not held any more, another may have it too: %v", l.channel, err)
	default:
		l.keep(every)
	}
}

// ack acknowledges the message, in one frame with others that are due; done is called once with what became of it.
func (l *lease) ack(done func(error)) {
	l.end()
	due := &acknowledgement{l.channel, l.id, l.on.epoch, l.client, done}
	if !l.on.acknowledge(due) {
		l.client.acknowledgeLater(due)
	}
}

// nak gives the message back, with these options of NAK.
func (l *lease) nak(ctx context.Context, words ...string) error {
	l.end()
	return l.say(ctx, "NAK", words)
}

func (l *lease) hold(ctx context.Context) error { return l.say(ctx, "HOLD", nil) }

// say says what only the connection may say that holds the message.
func (l *lease) say(ctx context.Context, verb string, words []string) error {
	_, err := l.on.ask(ctx, newRequest(verb, nil, append([]string{l.channel, l.id}, words...)...))
	if errors.Is(err, errNotSent) {
		return refuse(verb, "late", "the connection that held the message has ended, it is delivered again")
	}
	return err
}

// Ack acknowledges the message: it is never delivered again. Several that are due go in one frame.
//
// It may be said twice, and late: when the connection has ended it is said on the next one, if that is to the same
// broker and it has not been started anew ([ErrLate] if it has: the message is lost with it, or done). [ErrUnknown]:
// the context ended before the answer; it is still said.
func (d *Delivery) Ack(ctx context.Context) error {
	if d.lease == nil {
		return notHeld("acknowledged")
	}
	result := make(chan error, 1)
	d.lease.ack(func(err error) { result <- err })
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return because(ErrUnknown, ctx.Err())
	}
}

// Nak gives the message back, to whoever has credit: with [Retry] after its time, with [Dead] to the channel of the
// dead letters, with any other reason, nil too, after a second, twice as long each time, 5 min at most.
//
// [ErrLate]: it is not held here any more, for it is done, or elsewhere, or its connection has ended.
func (d *Delivery) Nak(ctx context.Context, reason error) error {
	if d.lease == nil {
		return notHeld("given back")
	}
	return d.lease.nak(ctx, wordsOfNak(reason)...)
}

// Hold has the time begin anew for which the message is held (the broker's --hold, 600 s); say it at a third of that.
//
// [ErrLate]: it is not held here any more.
func (d *Delivery) Hold(ctx context.Context) error {
	if d.lease == nil {
		return notHeld("held")
	}
	return d.lease.hold(ctx)
}

// isStale says whether the message is delivered again anyway, for the connection that held it has ended.
func (d *Delivery) isStale() bool { return d.lease != nil && d.lease.on.isOver() }

func notHeld(what string) error {
	return fmt.Errorf("seaway: %w: only what comes by ListenAcknowledged is %s", ErrState, what)
}
