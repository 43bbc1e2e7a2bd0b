package seaway

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

const (
	// brokerHold is how long a broker that was told nothing else lets a message be held (D13).
	brokerHold = 600 * time.Second
	leastHold  = 3 * time.Millisecond
)

// HandleAcknowledged says who does the work of a channel whose messages stay with the broker until they are done: a
// worker may die, another does the work. The channel is a normal one of at most 250 bytes, or one of dead letters
// (CHANNEL.dead).
//
// The message is acknowledged when the handler returns nil, and by its answer, if it has a reply channel. It is given
// back when the handler fails: with [Retry] after its time, with [Dead] to CHANNEL.dead, with any other error, a panic
// or runtime.Goexit, which are logged, after a second, twice as long each time. [Request.Times] counts. As long as the
// handler runs the message is held ([Worker.Hold]); [Worker.Timeout] ends its context all the same.
//
// At least once: who has done the work and dies before the broker has heard of it leaves it to be done again.
func (w *Worker) HandleAcknowledged(channel string, handler Handler) {
	w.Handle(channel, handler)
	if err := acknowledgedRefusal(channel); err != nil {
		w.wrong = err
	}
	w.acknowledged[channel] = true
}

// wish has a channel acknowledged where the broker can and its name allows it.
func (w *Worker) wish(channel string) {
	if acknowledgedRefusal(channel) == nil {
		w.wished[channel] = true
	}
}

// wishedNow are the channels of requests and events of sockets, unless the program will have none of it.
func (w *Worker) wishedNow() map[string]bool {
	wished := make(map[string]bool)
	for channel := range w.wished {
		wished[channel] = !w.Unacknowledged && !w.acknowledged[channel]
	}
	return wished
}

// isOfBrowsers says whether a channel is one where requests or the events of sockets come in, unless routes of the
// interface server say otherwise.
func isOfBrowsers(channel string) bool {
	for _, name := range []string{"http.request", typeConnect, typeReceive, typeDisconnect} {
		if channel == name || strings.HasPrefix(channel, name+".") {
			return true
		}
	}
	return false
}

// isBetterGivenBack says whether others should have a message that no handler has begun with, when the worker leaves:
// one that may fail is tried again, while requests are worked off.
func (d *Delivery) isBetterGivenBack() bool { return d.lease != nil && !d.lease.isWished }

// leavingOf is closed when a message that waits for its turn is better given back; nil for one that cannot be.
func (w *Worker) leavingOf(delivery *Delivery) <-chan struct{} {
	if !delivery.isBetterGivenBack() {
		return nil
	}
	return w.leaving
}

// giveBackUnbegun gives a message to others at once that no handler has begun with; so this time does not count (D11).
func (w *Worker) giveBackUnbegun(delivery *Delivery) {
	w.giveBackWith(delivery.lease, delivery.Channel(), "In=0", "begun=0")
}

// giveBackFailed gives back what a handler has failed with.
func (w *Worker) giveBackFailed(request *Request, reason error) {
	var dead *DeadError
	if errors.As(reason, &dead) {
		// Nobody will answer any more.
		late, cancel := context.WithTimeout(context.Background(), w.client.options.Wait)
		defer cancel()
		w.closeOff(late, &Request{
			Message: request.Message, Channel: request.Channel, Group: request.Group, client: request.client,
		}, request.isOwed())
	}
	w.giveBackFor(request.lease, request.subject(), reason)
}

// giveBackFor gives back what is held, whatever becomes of its handler's context.
func (w *Worker) giveBackFor(held *lease, subject string, reason error) {
	w.giveBackWith(held, subject, wordsOfNak(reason)...)
}

func (w *Worker) giveBackWith(held *lease, subject string, words ...string) {
	limit, cancel := context.WithTimeout(context.Background(), w.client.options.Wait)
	defer cancel()
	if err := held.nak(limit, words...); err != nil {
		w.logger().Printf("seaway: %s was not given back, but is delivered again: %v", subject, err)
	}
}

// acknowledge acknowledges what a handler has done, unless its answer has; the worker does not wait for it.
func (w *Worker) acknowledge(request *Request) {
	if request.lease.hasEnded() {
		return
	}
	w.due.add(1)
	request.lease.ack(func(err error) {
		defer w.due.add(-1)
		if err != nil {
			w.logger().Printf("seaway: %s was done and could not be acknowledged: %v", request.subject(), err)
		}
	})
}

// isToBeGivenBack says whether others may do what a handler has failed with so: not where an answer has begun, nor
// where the handler has forgotten it, which it would the next time too.
func (r *Request) isToBeGivenBack(err error) bool {
	isMeant := !r.lease.isWished || isDeliberate(err)
	return isMeant && !r.hasBegun() && err != errUnanswered && !r.lease.hasEnded()
}

// hasBegun says whether an answer was given, or has begun.
func (r *Request) hasBegun() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isAnswered
}

// answering has an answer acknowledge what it answers.
func (r *Request) answering() []SendOption {
	if r.lease == nil {
		return nil
	}
	return []SendOption{answering(r.lease)}
}

// dueCount counts acknowledgements that are under way.
type dueCount struct {
	mu    sync.Mutex
	count int
	// Closed when there are none; nil while nobody waits.
	none chan struct{}
}

func (d *dueCount) add(change int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count += change
	if d.count == 0 && d.none != nil {
		close(d.none)
		d.none = nil
	}
}

// wait waits until there are none, at most for so long.
func (d *dueCount) wait(ctx context.Context, most time.Duration) {
	d.mu.Lock()
	if d.count == 0 {
		d.mu.Unlock()
		return
	}
	if d.none == nil {
		d.none = make(chan struct{})
	}
	none := d.none
	d.mu.Unlock()
	waitFor(ctx, most, none)
}
