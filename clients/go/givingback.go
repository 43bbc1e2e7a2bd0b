package seaway

import (
	"context"
	"errors"
	"time"
)

const (
	// lastEvents is how long events that are on their way here may take once their sockets were given back.
	lastEvents = 250 * time.Millisecond
	// lastEnds is how long browsers may take to close, and closePace what lies between two closes at most, so that they
	// do not all come back at once.
	lastEnds  = 5 * time.Second
	closePace = 5 * time.Millisecond
	// closeRestart is the close code of a service that restarts: the browser may come again.
	closeRestart = 1012
)

// giveBack gives the sockets that are kept here back to all workers, and closes those that no other could serve: what
// comes from them meanwhile is taken until the context that it returns ends. Nil when there are none.
func (w *Worker) giveBack(work context.Context) context.Context {
	others, tied, none := w.kept.leave()
	if len(others)+len(tied) == 0 {
		return nil
	}
	last, end := context.WithCancel(work)
	go func() {
		defer end()
		for _, kept := range others {
			w.sayAtTheEnd(kept, Message{"receive_channel": nil})
		}
		pace := newPace(w.Drain/2, len(tied))
		for _, kept := range tied {
			w.sayAtTheEnd(kept, Message{"close": closeRestart, "reason": "its worker leaves"})
			if !pace.wait(work) {
				return
			}
		}
		if len(others) > 0 {
			waitFor(work, lastEvents, nil)
		}
		waitFor(work, shorter(lastEnds, w.Drain/2), none)
	}()
	return last
}

func (w *Worker) sayAtTheEnd(kept *keptSocket, message Message) {
	ctx, cancel := context.WithTimeout(context.Background(), w.client.options.Wait)
	defer cancel()
	if err := w.client.Send(ctx, kept.control, message); err != nil && !errors.Is(err, ErrGone) {
		w.logger().Printf("seaway: a socket was not given back: %v", err)
	}
}

// endKept tells the consumers of sockets whose end was not heard of in time.
func (w *Worker) endKept(ctx context.Context) {
	for _, kept := range w.kept.rest() {
		if kept.consumer == nil {
			continue
		}
		socket := &Socket{
			Channel: kept.channel, ControlChannel: kept.control, Event: Message{"type": typeDisconnect},
			client: w.client, kept: &w.kept, isDecided: true, isGone: true,
		}
		w.noteSocket(socket, guard(func() error { return disconnect(ctx, kept.consumer, socket, closeRestart, "") }))
	}
}

// pace spreads a number of steps over a time.
type pace struct{ each time.Duration }

func newPace(most time.Duration, steps int) pace {
	if steps == 0 {
		return pace{}
	}
	return pace{shorter(closePace, most/time.Duration(steps))}
}

func (p pace) wait(ctx context.Context) bool {
	waitFor(ctx, p.each, nil)
	return ctx.Err() == nil
}

// waitFor waits for an event, at most for so long.
func waitFor(ctx context.Context, most time.Duration, event <-chan struct{}) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-event:
	case <-ctx.Done():
	}
}

func shorter(first, second time.Duration) time.Duration {
	if first < second {
		return first
	}
	return second
}
