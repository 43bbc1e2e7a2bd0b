package seawaytest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"seaway.dev/seaway"
)

// TB is what is needed of a testing.TB.
type TB interface {
	Helper()
	Cleanup(func())
	Log(arguments ...any)
	Error(arguments ...any)
	Fatal(arguments ...any)
}

// patience is how long a test waits, by the clock on the wall, for what must happen.
const patience = 10 * time.Second

// Site is a broker and an interface server in memory, for one test. What does not happen within 10 s ends the test, so
// its methods, and those of what it returns, are called by the goroutine of the test.
type Site struct {
	Broker *Broker
	// Clock is the time of the broker and of the server, which pass only by Advance. Timeouts of workers and clients
	// (Worker.Timeout, Options.Wait …) are real time.
	Clock *Clock

	t       TB
	clients *clients
	server  *server
}

// clients are those that a test has made; each is closed with it.
type clients struct {
	mu  sync.Mutex
	all []*seaway.Client
}

// New makes a site that ends with the test.
func New(t TB) *Site {
	t.Helper()
	clock := newClock()
	s := &Site{Broker: newBroker(clock), Clock: clock, t: t, clients: &clients{}}
	t.Cleanup(s.end)
	server, err := newServer(s.ClientWith(seaway.Options{
		Name: "server", Dial: func(context.Context) (net.Conn, error) { return s.Broker.dial(false) },
	}), clock)
	if err != nil {
		t.Fatal("the interface server of the test:", err)
	}
	s.server = server
	return s
}

// Client makes a client of the broker, which ends with the test; it logs to the test.
func (s *Site) Client() *seaway.Client { return s.ClientWith(seaway.Options{}) }

// ClientWith makes one with options; unless given, Dial is that of the broker, and Logger writes to the test's log.
func (s *Site) ClientWith(options seaway.Options) *seaway.Client {
	if options.Dial == nil {
		options.Dial = s.Broker.Dial
	}
	if options.Backoff == 0 {
		options.Backoff = time.Millisecond
	}
	if options.Logger == nil {
		options.Logger = &testLog{t: s.t, clients: s.clients}
	}
	client := seaway.New("the broker of the test", options)
	s.clients.mu.Lock()
	defer s.clients.mu.Unlock()
	s.clients.all = append(s.clients.all, client)
	return client
}

// Run runs a worker until the test ends, and waits until it listens. The test fails if the worker does.
func (s *Site) Run(worker *seaway.Worker) {
	s.t.Helper()
	s.RunUntil(context.Background(), worker)
}

// RunUntil runs a worker until the context ends, or the test does; what is returned has its error then.
func (s *Site) RunUntil(ctx context.Context, worker *seaway.Worker) (ended <-chan error) {
	s.t.Helper()
	before := s.Broker.listened()
	ctx, stop := context.WithCancel(ctx)
	result, over := make(chan error, 1), make(chan struct{})
	var failure error
	go func() {
		defer close(over)
		failure = worker.Run(ctx)
		result <- failure
	}()
	s.t.Cleanup(func() {
		stop()
		select {
		case <-over:
			if failure != nil {
				s.t.Error("a worker of the test:", failure)
			}
		case <-time.After(patience):
			s.t.Error("a worker has not left: a handler that does not end with its context?")
		}
	})
	select {
	case <-before:
	case <-over:
		s.t.Fatal("the worker does not run:", failure)
	case <-time.After(patience):
		s.t.Fatal("the worker does not listen")
	}
	return result
}

// Advance lets time pass: what is due by then is done before it returns, at the broker and at the server.
func (s *Site) Advance(span time.Duration) { s.Clock.advance(span) }

// Settle waits until workers have dealt with all that waits on an acknowledged channel: it is acknowledged, or given
// back and not due before the clock is moved, or with the dead letters.
func (s *Site) Settle(channel string) {
	s.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		changed := s.Broker.unsettled(channel)
		if changed == nil {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			s.t.Fatal("it is not dealt with: what waits on ", channel)
		}
	}
}

// Get is the answer to a GET of a target such as "/moon?x=1".
func (s *Site) Get(target string) *Answer {
	s.t.Helper()
	return s.Do(s.request(http.MethodGet, target))
}

func (s *Site) request(method, target string) *http.Request {
	s.t.Helper()
	request, err := http.NewRequest(method, target, nil)
	if err != nil || !strings.HasPrefix(target, "/") {
		s.t.Fatal("a target begins with /:", target, err)
	}
	return request
}

// Do is the whole answer to a request, whose body may have any size.
func (s *Site) Do(request *http.Request) *Answer {
	s.t.Helper()
	exchange := s.Start(request)
	return exchange.Answer()
}

// Start sends a request; its answer may be taken piece by piece, and the client may leave.
func (s *Site) Start(request *http.Request) *Exchange {
	s.t.Helper()
	exchange, err := s.server.start(request)
	if err != nil {
		s.t.Fatal("the request was not sent:", err)
	}
	exchange.t = s.t
	return exchange
}

// Open opens a WebSocket at a target; the test fails when it is refused.
func (s *Site) Open(target string) *Browser {
	s.t.Helper()
	browser, refusal := s.Ask(s.request(http.MethodGet, target))
	if refusal != nil {
		s.t.Fatal("the WebSocket was refused: ", refusal)
	}
	return browser
}

// Ask asks for a WebSocket, with the headers of the request (Sec-WebSocket-Protocol, Cookie …); the answer is that of a
// refusal, else nil.
func (s *Site) Ask(request *http.Request) (*Browser, *Answer) {
	s.t.Helper()
	browser, err := s.server.ask(request)
	if err != nil {
		s.t.Fatal("the WebSocket was not asked for:", err)
	}
	browser.t = s.t
	select {
	case <-browser.decided:
	case <-time.After(patience):
		s.t.Fatal("no worker has decided about the WebSocket:", request.URL)
	}
	if browser.refusal != nil {
		return nil, browser.refusal
	}
	return browser, nil
}

func (s *Site) end() {
	limit, cancel := context.WithCancel(context.Background())
	cancel()
	s.clients.mu.Lock()
	all := s.clients.all
	s.clients.all = nil
	s.clients.mu.Unlock()
	for _, client := range all {
		_ = client.Close(limit)
	}
	s.Broker.close()
}

// testLog is the log of the clients; nothing is logged when the test is over.
type testLog struct {
	t       TB
	clients *clients
}

func (l *testLog) Printf(format string, values ...any) {
	l.clients.mu.Lock()
	defer l.clients.mu.Unlock()
	if l.clients.all != nil {
		l.t.Log(fmt.Sprintf(format, values...))
	}
}
