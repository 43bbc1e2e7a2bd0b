package seaway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"sync"
	"syscall"
	"time"
)

// Handler does the work for one message.
//
// An error, a panic, runtime.Goexit and a return without an answer ([Request.AnswerLater] is the exception) are logged; where the
// message has a reply channel and no answer was sent, a 500 is. The context ends when nobody waits for the answer any
// more, when the handler's time is over, or the worker's time to finish. Of acknowledged channels see
// [Worker.HandleAcknowledged].
type Handler func(ctx context.Context, request *Request) error

// Worker takes messages from channels, a bounded number at a time, and hands them to handlers.
type Worker struct {
	// Concurrency is how many handlers run at a time, which is also the credit that the broker has; 1 to 1,000,000 (16).
	Concurrency int
	// Timeout ends a handler's context (2 min, when the interface server gives up too); 0: never.
	Timeout time.Duration
	// MostSockets are kept here with a session or a consumer of their own, or Sticky; beyond them the one of which nothing
	// was heard for the longest is given up (65,536).
	MostSockets int
	// Hold is the time for which the broker lets a message of an acknowledged channel be held without a word (its --hold,
	// 600 s): at a third of it the worker says that it still is. 3 ms to 24 h.
	Hold time.Duration
	// Unacknowledged has HTTP requests and the events of sockets delivered once, as they are by a broker without the
	// feature "ack": what a worker has in hand when it dies, nobody does. Else they stay with the broker until they are
	// answered or done, and come again, to another worker, when this one dies ([Request.Times]).
	Unacknowledged bool
	// Drain is how long handlers may take to finish once the worker is told to leave (30 s).
	Drain time.Duration

	client   *Client
	news     *endNews
	handlers map[string]Handler
	// Those of the channels whose messages are acknowledged, and the acknowledgements under way.
	acknowledged map[string]bool
	due          dueCount
	// Those of requests and events of sockets, which are acknowledged where the broker can.
	wished map[string]bool
	// The routes of each channel where connects come in.
	sockets map[string][]*SocketRoute
	kept    keptSockets
	wrong   error
	// As many as handlers may run: the last messages of mailboxes come beyond the credit.
	seats chan struct{}
	// What those who have nothing to do take; closed when there will be nothing more.
	jobs chan func()
	over chan struct{}
	// Closed when it takes no more.
	leaving chan struct{}
}

// NewWorker makes a worker that takes its messages from the client's broker; a client has one worker.
func NewWorker(client *Client) *Worker {
	return &Worker{
		Concurrency: 16, Timeout: 2 * time.Minute, Drain: 30 * time.Second, MostSockets: mostKept,
		client: client, news: newEndNews(client), handlers: make(map[string]Handler),
		Hold: brokerHold, acknowledged: make(map[string]bool), wished: make(map[string]bool),
	}
}

// Handle says who does the work of a channel; a bad or repeated name makes [Worker.Run] fail.
func (w *Worker) Handle(channel string, handler Handler) {
	switch {
	case !ValidListen(channel):
		w.wrong = listenRefusal("LISTEN", channel)
	case w.handlers[channel] != nil:
		w.wrong = fmt.Errorf("seaway: two handlers for %s", channel)
	}
	w.handlers[channel] = handler
	if isOfBrowsers(channel) {
		w.wish(channel)
	}
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
	if len(w.handlers) == 0 {
		return fmt.Errorf("seaway: %w: the worker has no handler", ErrOption)
	}
	if w.Concurrency < 1 || w.Concurrency > mostCredit {
		return outOfRange("a worker's concurrency", 1, mostCredit, w.Concurrency)
	}
	if w.MostSockets < 1 {
		return outOfRange("the number of sockets kept", 1, mostCredit, w.MostSockets)
	}
	if w.Hold < leastHold || w.Hold > mostDelay {
		return outOfRange("the time that a message is held", leastHold, mostDelay, w.Hold)
	}
	w.kept.most, w.kept.logger = w.MostSockets, w.logger()
	w.seats = make(chan struct{}, w.Concurrency)
	w.jobs, w.over, w.leaving = make(chan func()), make(chan struct{}), make(chan struct{})
	defer close(w.over)
	w.client.tellOfConnections()
	listener, err := w.listen(ctx)
	if err != nil {
		return err
	}
	work, abandon := context.WithCancel(context.Background())
	defer abandon()
	var running sync.WaitGroup
	err = w.takeAll(ctx, work, listener, &running)
	if err == nil {
		if last := w.giveBack(work); last != nil {
			err = w.takeAll(last, work, listener, &running)
			w.endKept(work)
		}
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
		listener := newListener(w.client, names, w.Concurrency, true)
		listener.acknowledged, listener.wished, listener.holdAfter = w.acknowledged, w.wishedNow(), w.Hold/3
		listener, err := w.client.listen(ctx, listener)
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
	w.run(func() {
		defer running.Done()
		defer listener.giveBack()
		if delivery.isStale() {
			return
		}
		select {
		case w.seats <- struct{}{}:
			defer func() { <-w.seats }()
		case <-w.leavingOf(delivery):
			w.giveBackUnbegun(delivery)
			return
		case <-work.Done():
			// Nobody waits for handlers any more: the message is told so at once.
		}
		last := len(delivery.Channels) - 1
		for _, channel := range delivery.Channels[:last] {
			// In goroutines of their own, as a handler may end that in which it runs.
			var one sync.WaitGroup
			one.Add(1)
			go func(channel string) {
				defer one.Done()
				w.handle(work, w.newRequest(delivery, channel))
			}(channel)
			one.Wait()
		}
		w.handle(work, w.newRequest(delivery, delivery.Channels[last]))
	})
}

// run runs a job in a goroutine: one that has nothing to do, if there is one, since its stack has grown already.
func (w *Worker) run(job func()) {
	select {
	case w.jobs <- job:
	default:
		go func() {
			for {
				job()
				select {
				case job = <-w.jobs:
				case <-w.over:
					return
				}
			}
		}()
	}
}

func (w *Worker) newRequest(delivery *Delivery, channel string) *Request {
	return &Request{
		Message: delivery.Message, Channel: channel, Group: delivery.Group, client: w.client,
		Times: delivery.Times, Dead: delivery.Dead, lease: delivery.lease, begun: time.Now(),
	}
}

func (w *Worker) leave(
	reason error, listener *Listener, work context.Context, abandon context.CancelFunc, running *sync.WaitGroup,
) error {
	limit, cancel := context.WithTimeout(context.Background(), w.Drain)
	defer cancel()
	close(w.leaving)
	err := listener.Close(limit)
	// What was pushed before the broker heard of it is ours, and lost if not done or given back.
	for delivery, end := listener.takeRest(); end == nil; delivery, end = listener.takeRest() {
		if delivery.isBetterGivenBack() {
			w.giveBackUnbegun(delivery)
			continue
		}
		w.start(work, listener, delivery, running)
	}
	done := make(chan struct{})
	go func() {
		running.Wait()
		close(done)
	}()
	select {
	case <-done:
		w.due.wait(limit, w.client.options.Wait)
	case <-limit.Done():
		err = fmt.Errorf("seaway: handlers had not finished in %v: %w", w.Drain, limit.Err())
		// What is left open, and the answer to QUIT, need a moment more.
		limit, cancel = context.WithTimeout(context.Background(), lastWords)
		defer cancel()
		abandon()
		w.abandonAll(limit, done)
	}
	if wrong := w.client.Close(limit); err == nil {
		err = wrong
	}
	if reason != nil {
		return reason
	}
	return err
}

// lastWords is how long a worker may take to leave when handlers have not finished in time.
const lastWords = time.Second

// abandonAll answers what handlers that have not finished in time have left open; those that end with their context may still
// end in order.
func (w *Worker) abandonAll(limit context.Context, done <-chan struct{}) {
	limit, cancel := context.WithTimeout(limit, lastWords/2)
	defer cancel()
	for _, request := range w.news.all() {
		request := request
		go func() {
			if request.lease != nil && !request.lease.isWished && !request.hasBegun() {
				// Delivered again when the worker has left.
				w.logger().Printf("seaway: %s is left unfinished, and given back: the worker leaves", request.subject())
				return
			}
			isOpen := request.isOwed() || request.openStream() != nil
			w.logger().Printf("seaway: %s is left unfinished: the worker leaves", request.subject())
			w.closeOff(limit, request, isOpen)
		}()
	}
	select {
	case <-done:
	case <-limit.Done():
	}
}

// handle runs one handler to its end, whatever that is, and sees to what it left open; the goroutine is over with it
// when the handler ends that.
func (w *Worker) handle(work context.Context, request *Request) {
	ctx, cancel := context.WithCancel(work)
	if w.Timeout > 0 {
		ctx, cancel = context.WithTimeout(work, w.Timeout)
	}
	request.cancel = cancel
	ended := w.news.begin(ctx, request)
	toItsEnd(
		func() error { return w.handler(request.Channel)(ctx, request) },
		func(err error) {
			defer cancel()
			w.seeTo(ctx, request, ended, err)
		})
}

// seeTo sees to what a handler has left open that ended so.
func (w *Worker) seeTo(ctx context.Context, request *Request, ended func(), err error) {
	if err == nil {
		if stream := request.openStream(); stream != nil {
			err = stream.Close()
		}
	}
	request.closeBody()
	if errors.Is(err, ErrBodySize) && request.isOwed() {
		err = request.Respond(ctx, 413, Header{{"content-type", "text/plain"}}, []byte("Content Too Large\n"))
	}
	ended()
	if err == nil && request.isOwed() {
		err = errUnanswered
	}
	isFailed := err != nil && !request.isExcused(err)
	if isFailed && !isAbort(err) && !(request.lease != nil && isDeliberate(err)) {
		w.logger().Printf("seaway: %s failed: %v", request.subject(), err)
	}
	isFailed = isFailed && !request.mayHaveLost(ctx, err)
	if request.lease != nil {
		if isFailed && request.isToBeGivenBack(err) {
			w.giveBackFailed(request, err)
			return
		}
		defer w.acknowledge(request)
	}
	if !isFailed && !request.Bool("serial") {
		return
	}
	// The handler's own time may be over, which is when this is needed most.
	late, cancelLate := context.WithTimeout(context.Background(), w.client.options.Wait)
	defer cancelLate()
	w.closeOff(late, request, isFailed)
}

// closeOff tells whoever waits that there will be no answer, where that is so, and that an event is done.
func (w *Worker) closeOff(ctx context.Context, request *Request, isFailed bool) {
	if isFailed {
		w.noteUntold(request, "the failure", request.fail(ctx))
	}
	w.noteUntold(request, "the end", request.finish(ctx))
}

func (w *Worker) noteUntold(request *Request, what string, err error) {
	// Answered meanwhile, or not waited for any more: there is nothing to tell.
	if err != nil && !errors.Is(err, ErrGone) && !errors.Is(err, ErrAnswered) {
		w.logger().Printf("seaway: %s: %s could not be told: %v", request.subject(), what, err)
	}
}

func (w *Worker) logger() lineLogger { return w.client.logger }

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
