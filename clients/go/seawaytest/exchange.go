package seawaytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"seaway.dev/seaway"
)

// Answer is what a client got.
type Answer struct {
	// Status is that of the worker, or 502, 503 and 504 of the server itself.
	Status int
	Header http.Header
	Body   []byte
	// Broken is why the answer is not whole, "" for one that is.
	Broken string
}

// Text is the body.
func (a *Answer) Text() string { return string(a.Body) }

func (a *Answer) String() string {
	text := fmt.Sprintf("%d %v %q", a.Status, a.Header, a.Body)
	if a.Broken != "" {
		text += " broken off: " + a.Broken
	}
	return text
}

// Exchange is a request that is under way.
type Exchange struct {
	t       TB
	server  *server
	channel string
	// Where it was sent.
	asked  string
	isHead bool

	mu      sync.Mutex
	changed chan struct{}
	answer  *Answer
	// How much of the body was taken by Next.
	taken  int
	isOver bool
	// Where the worker hears that nobody waits any more; how much it wants of the body.
	disconnect string
	wanted     int64
	path       string
	stopTimer  func()
}

func (s *server) start(request *http.Request) (*Exchange, error) {
	number := s.number()
	e := &Exchange{
		server: s, channel: responses + number, isHead: request.Method == http.MethodHead,
		changed: make(chan struct{}), path: request.URL.Path, stopTimer: func() {},
	}
	message := requestFields(request)
	message["method"], message["reply_channel"] = request.Method, e.channel
	var rest io.Reader
	if request.Body != nil {
		content, err := io.ReadAll(io.LimitReader(request.Body, bodyInline+1))
		if err != nil {
			return nil, err
		}
		size := int64(len(content))
		if size > bodyInline {
			message["body_channel"] = "http.request.body?test." + number
			rest = io.MultiReader(bytesReader(content), request.Body)
			size = request.ContentLength
		} else {
			message["body"] = seaway.Bytes(content)
		}
		if size > 0 {
			message["headers"] = append(message["headers"].([]any), []any{"content-length", fmt.Sprint(size)})
		}
	}
	e.asked = s.channelOf(&s.requests, request.URL.Path, "http.request")
	s.mu.Lock()
	s.exchanges[e.channel] = e
	s.mu.Unlock()
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.client.Send(limit, e.asked, message)
	if errors.Is(err, seaway.ErrFull) {
		e.end(errorAnswer(http.StatusServiceUnavailable), "")
		return e, nil
	}
	if err == nil {
		e.mu.Lock()
		if !e.isOver {
			e.stopTimer = s.clock.after(httpTimeout, func() { e.giveUp("timeout") })
		}
		e.mu.Unlock()
		if rest != nil {
			go e.sendBody(message.Text("body_channel"), rest)
		}
	}
	return e, err
}

// take is one message of the worker.
func (e *Exchange) take(message seaway.Message) {
	e.mu.Lock()
	if channel := message.Text("disconnect_channel"); channel != "" {
		e.disconnect = channel
	}
	if wanted := message.Int("body_wanted"); wanted > e.wanted {
		e.wanted = wanted
		e.change()
	}
	if message["status"] == nil && message["content"] == nil && message["more_content"] == nil && message["offset"] == nil {
		e.mu.Unlock()
		return
	}
	fault := e.add(message)
	isOver := e.isOver
	e.change()
	e.mu.Unlock()
	switch {
	case isOver:
		// It comes behind the end.
	case fault != "":
		e.giveUp(fault)
	case !message.Bool("more_content") || e.hasNoContent():
		e.end(nil, "")
	}
}

// add puts a message behind the others; what is returned is what is wrong with it (I12, I15).
func (e *Exchange) add(message seaway.Message) string {
	content := message.Bytes("content")
	status, hasStatus := message["status"].(int64)
	offset, hasOffset := message["offset"].(int64)
	switch {
	case e.isOver:
		return ""
	case message["content"] != nil && content == nil:
		return "content is no bytes"
	case e.answer == nil && (!hasStatus || status < 200 || status > 599):
		return fmt.Sprintf("a status is 200 to 599, this one is %v", message["status"])
	case e.answer == nil:
		e.answer = answerOf(status, message.Header("headers"))
	case hasStatus:
		return "a second status"
	case hasOffset && offset+int64(len(content)) <= int64(len(e.answer.Body)) && message.Bool("more_content"):
		// It had come before.
		return ""
	case hasOffset && offset != int64(len(e.answer.Body)):
		return fmt.Sprintf("a hole at %d", len(e.answer.Body))
	}
	if !e.hasNoContentNow() {
		e.answer.Body = append(e.answer.Body, content...)
	}
	return ""
}

func (e *Exchange) hasNoContent() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.hasNoContentNow()
}

func (e *Exchange) hasNoContentNow() bool {
	status := e.answer.Status
	return e.isHead || status == 204 || status == 205 || status == 304
}

// change wakes who waits; called with the lock held.
func (e *Exchange) change() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// end: the answer is there, or never comes; false if it had ended before.
func (e *Exchange) end(instead *Answer, broken string) bool {
	e.server.mu.Lock()
	delete(e.server.exchanges, e.channel)
	e.server.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.isOver {
		return false
	}
	e.isOver = true
	e.stopTimer()
	if e.answer == nil {
		e.answer = instead
		broken = ""
	}
	if e.answer == nil {
		e.answer = &Answer{}
	}
	e.answer.Broken = broken
	e.change()
	return true
}

// giveUp ends the exchange before its answer is whole, and tells the worker.
func (e *Exchange) giveUp(reason string) {
	status := http.StatusBadGateway
	if reason == "timeout" {
		status = http.StatusGatewayTimeout
	}
	var instead *Answer
	if reason != "left" {
		instead = errorAnswer(status)
	}
	if !e.end(instead, reason) {
		return
	}
	go func() {
		e.mu.Lock()
		own := e.disconnect
		e.mu.Unlock()
		news := seaway.Message{"reply_channel": e.channel, "path": e.path, "reason": reason}
		if own != "" {
			e.server.tell(own, news)
		}
		if reason == "left" {
			e.server.tell(beside(e.asked, "http.request", "disconnect"), news)
		}
		e.server.closeChannels(e.channel)
	}()
}

// Leave is the client that goes away. A worker hears of it when it has worked on the request for 250 ms, by the clock on
// the wall, or at once when it has asked to be told.
func (e *Exchange) Leave() { e.giveUp("left") }

// Head waits for status and header of the answer; its body is what has come so far.
func (e *Exchange) Head() *Answer {
	e.t.Helper()
	e.wait("an answer", func() bool { return e.answer != nil })
	e.mu.Lock()
	defer e.mu.Unlock()
	copied := *e.answer
	return &copied
}

// Next waits for more of the body, and returns what has come since the last; nil when the answer has ended.
func (e *Exchange) Next() []byte {
	e.t.Helper()
	e.wait("more of the answer", func() bool {
		return e.isOver || e.answer != nil && len(e.answer.Body) > e.taken
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	piece := e.answer.Body[e.taken:]
	e.taken = len(e.answer.Body)
	if len(piece) == 0 {
		return nil
	}
	return append([]byte(nil), piece...)
}

// Answer waits until the answer is whole, or broken off.
func (e *Exchange) Answer() *Answer {
	e.t.Helper()
	e.wait("the end of the answer", func() bool { return e.isOver })
	return e.answer
}

// wait waits until something is true that the lock guards.
func (e *Exchange) wait(what string, isTrue func() bool) {
	e.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		e.mu.Lock()
		changed, isDone := e.changed, isTrue()
		e.mu.Unlock()
		if isDone {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			e.t.Fatal("it does not come: ", what, " to ", e.path)
		}
	}
}
