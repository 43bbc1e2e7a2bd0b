package seaway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sort"
	"sync"
	"syscall"
	"time"
)

// Handler does the work for one message.
//
// An error, or a panic, is logged; where the message has a reply channel and no answer was sent, a 500 is. The context
// ends when the handler's time is over, or the worker's time to finish.
type Handler func(ctx context.Context, request *Request) error

// Worker takes messages from channels, a bounded number at a time, and hands them to handlers.
type Worker struct {
	// Concurrency is how many handlers run at a time, which is also the credit that the broker has; 1 to 1,000,000 (16).
	Concurrency int
	// Timeout ends a handler's context (2 min, when the interface server gives up too).
	Timeout time.Duration
	// Drain is how long handlers may take to finish once the worker is told to leave (30 s).
	Drain time.Duration

	client   *Client
	handlers map[string]Handler
	// The routes of each channel where connects come in.
	sockets map[string][]*SocketRoute
	kept    keptSockets
	wrong   error
}

// NewWorker makes a worker that takes its messages from the client's broker; a client has one worker.
func NewWorker(client *Client) *Worker {
	return &Worker{
		Concurrency: 16, Timeout: 2 * time.Minute, Drain: 30 * time.Second,
		client: client, handlers: make(map[string]Handler),
	}
}

// Handle says who does the work of a channel; a bad or repeated name makes [Worker.Run] fail.
func (w *Worker) Handle(channel string, handler Handler) {
	switch {
	case !ValidListen(channel):
		w.wrong = nameRefusal("LISTEN", channel)
	case w.handlers[channel] != nil:
		w.wrong = fmt.Errorf("seaway: two handlers for %s", channel)
	}
	w.handlers[channel] = handler
}

// RunUntilSignal is [Worker.Run], told to leave by SIGTERM or SIGINT; a second signal ends the program at once.
func (w *Worker) RunUntilSignal(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		<-ctx.Done()
		stop()
	}()
	return w.Run(ctx)
}

// Run works until the context ends; then it takes no more, lets the handlers finish, and closes the client (QUIT).
//
// The error is nil after such an end in time, [context.DeadlineExceeded] when handlers had to be left behind, or why
// there is nothing more to take: [ErrAuth], [ErrClosed], [ErrLost] …
func (w *Worker) Run(ctx context.Context) error {
	if w.wrong != nil {
		return w.wrong
	}
	if w.Concurrency < 1 || w.Concurrency > 1_000_000 || len(w.handlers) == 0 {
		return fmt.Errorf("seaway: %w: %d handlers, %d at a time", ErrOption, len(w.handlers), w.Concurrency)
	}
	listener, err := w.listen(ctx)
	if err != nil {
		return err
	}
	work, abandon := context.WithCancel(context.Background())
	defer abandon()
	var running sync.WaitGroup
	err = w.takeAll(ctx, work, listener, &running)
	if err == nil && w.giveBack() {
		last, cancel := context.WithTimeout(work, lastEvents)
		err = w.takeAll(last, work, listener, &running)
		cancel()
	}
	return w.leave(err, listener, work, abandon, &running)
}

// listen waits as long as it takes for a broker; a worker is often started before it.
func (w *Worker) listen(ctx context.Context) (*Listener, error) {
	names := make([]string, 0, len(w.handlers))
	for name := range w.handlers {
		names = append(names, name)
	}
	sort.Strings(names)
	for {
		listener, err := w.client.listen(ctx, newListener(w.client, names, w.Concurrency, true))
		if !errors.Is(err, ErrOffline) || ctx.Err() != nil {
			return listener, err
		}
	}
}

// takeAll starts a handler for each message until the context ends (nil) or nothing more can come.
//
// The credit bounds the handlers: it goes back only when one is done.
func (w *Worker) takeAll(ctx, work context.Context, listener *Listener, running *sync.WaitGroup) error {
	for {
		delivery, err := listener.take(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		w.start(work, listener, delivery, running)
	}
}

func (w *Worker) start(work context.Context, listener *Listener, delivery *Delivery, running *sync.WaitGroup) {
	running.Add(1)
	go func() {
		defer running.Done()
		defer listener.giveBack()
		for _, channel := range delivery.Channels {
			w.handle(work, &Request{
				Message: delivery.Message, Channel: channel, Group: delivery.Group, client: w.client,
			})
		}
	}()
}

func (w *Worker) leave(
	reason error, listener *Listener, work context.Context, abandon context.CancelFunc, running *sync.WaitGroup,
) error {
	limit, cancel := context.WithTimeout(context.Background(), w.Drain)
	defer cancel()
	err := listener.Close(limit)
	// What was pushed before the broker heard of it is ours, and lost if not done.
	for delivery, end := listener.takeRest(); end == nil; delivery, end = listener.takeRest() {
		w.start(work, listener, delivery, running)
	}
	done := make(chan struct{})
	go func() {
		running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-limit.Done():
		abandon()
		err = fmt.Errorf("seaway: handlers had not finished in %v: %w", w.Drain, limit.Err())
		// The answer to QUIT needs a moment more.
		limit, cancel = context.WithTimeout(context.Background(), time.Second)
		defer cancel()
	}
	if wrong := w.client.Close(limit); err == nil {
		err = wrong
	}
	if reason != nil {
		return reason
	}
	return err
}

// handle runs one handler to its end and sees to what it left open.
func (w *Worker) handle(work context.Context, request *Request) {
	ctx, cancel := context.WithTimeout(work, w.Timeout)
	defer cancel()
	err := w.call(ctx, request)
	if err == nil {
		if stream := request.openStream(); stream != nil {
			err = stream.Close()
		}
	}
	if err == nil || errors.Is(err, ErrGone) {
		// Whoever asked has left: nobody's fault.
		return
	}
	logger := w.client.options.Logger
	logger.Printf("seaway: %s failed: %v", request.Channel, err)
	// The handler's own time may be over, which is when the 500 is needed most.
	late, cancelLate := context.WithTimeout(work, w.client.options.Wait)
	defer cancelLate()
	if err := request.fail(late); err != nil && !errors.Is(err, ErrGone) {
		logger.Printf("seaway: %s: the failure could not be told: %v", request.Channel, err)
	}
}

func (w *Worker) call(ctx context.Context, request *Request) error {
	return guard(func() error { return w.handler(request.Channel)(ctx, request) })
}

// guard turns a panic into an error.
func guard(call func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
	}()
	return call()
}

func (w *Worker) handler(channel string) Handler {
	if handler := w.handlers[channel]; handler != nil {
		return handler
	}
	// A mailbox is handled whole.
	if handler := w.handlers[mailboxOf(channel)]; handler != nil {
		return handler
	}
	return func(context.Context, *Request) error { return fmt.Errorf("no handler for %s", channel) }
}
