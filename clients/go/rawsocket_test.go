package seaway

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// startRaw is a worker that takes the events of sockets by Handle, and does what the text of each says.
func startRaw(t *testing.T) *socketsAtWork {
	t.Helper()
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := playedWorker(client)
	worker.Concurrency = 1
	handler := func(ctx context.Context, r *Request) error {
		switch r.Text("path") {
		case "/accept":
			return r.Reply(ctx, Message{"accept": true})
		case "/greet":
			return r.Reply(ctx, Message{"text": "hi"})
		case "/fast":
			return r.Reply(ctx, Message{"accept": true, "serial": false})
		case "/reject":
			return r.Reply(ctx, Message{"accept": false})
		case "/close":
			return r.Reply(ctx, Message{"close": 1000})
		case "/error":
			return errors.New("failed as told")
		case "/late":
			if err := r.Reply(ctx, Message{"accept": true}); err != nil {
				return err
			}
			return errors.New("failed as told")
		case "/done":
			return r.Done(ctx)
		case "/hand-on":
			r.AnswerLater()
		}
		return nil
	}
	for _, channel := range []string{"websocket.connect", "websocket.receive", "websocket.disconnect"} {
		worker.Handle(channel, handler)
	}
	running, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	w := &socketsAtWork{workerAtWork: &workerAtWork{
		broker: broker, stop: stop, logger: logOf(client),
		ended: atWork(t, running, worker),
	}}
	w.connection = broker.accept("a")
	w.connection.expect("LISTEN websocket.connect websocket.disconnect websocket.receive")
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	return w
}

// W16 of INTERFACE.md.
func TestAnAcceptOfARawHandlerIsSerialUnlessItSaysOtherwise(t *testing.T) {
	w := startRaw(t)
	for path, answers := range map[string][]string{
		"/accept":  {`{"accept":true,"serial":true}`},
		"/greet":   {`{"serial":true,"text":"hi"}`},
		"/fast":    {`{"accept":true,"serial":false}`},
		"/reject":  {`{"accept":false}`},
		"/close":   {`{"close":1000}`},
		"/error":   {`{"accept":false,"status":500}`},
		"/return":  {`{"accept":false,"status":500}`},
		"/late":    {`{"accept":true,"serial":true}`, `{"close":1011}`},
		"/hand-on": nil,
	} {
		w.event("connect", 0, path, "")
		for _, answer := range answers {
			w.expectSent(browser, answer)
		}
		w.connection.expect("READY 1")
	}
	if !w.logger.contains("websocket.connect /return on websocket.connect failed: it ended without an answer") {
		t.Errorf("%q", w.logger.all())
	}
}

func TestAReplyOfARawHandlerThatMayBeLostClosesNoSocket(t *testing.T) {
	w := startRaw(t)
	w.event("receive", 1, "/close", `,"text":"hi","serial":true`)
	w.connection.expect("SEND " + browser)
	w.breaks()
	w.expectSentBehind(control, `{"done":1}`)
}

func TestARawHandlersSerialEventIsDoneWhenItHasEnded(t *testing.T) {
	w := startRaw(t)
	w.event("receive", 1, "/return", `,"text":"hi","serial":true`)
	w.expectSent(control, `{"done":1}`)
	w.connection.expect("READY 1")
	w.event("receive", 2, "/error", `,"text":"hi","serial":true`)
	w.expectSent(browser, `{"close":1011}`)
	w.expectSent(control, `{"done":2}`)
	w.connection.expect("READY 1")
	w.event("receive", 3, "/done", `,"text":"hi","serial":true`)
	w.expectSent(control, `{"done":3}`)
	w.connection.expect("READY 1")
	for order, path := range []string{"/hand-on", "/return"} {
		serial := fmt.Sprintf(`,"text":"hi","serial":%v`, path == "/hand-on")
		w.event("receive", 4+order, path, serial)
		w.connection.expect("READY 1")
	}
	w.event("disconnect", 6, "/error", "")
	w.connection.expect("READY 1")
}
