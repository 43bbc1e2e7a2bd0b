package seaway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// counting counts, in the session of its socket, what the browser has said.
type counting struct{ t *testing.T }

func (c counting) Connect(ctx context.Context, s *Socket) error {
	session, err := s.Session()
	if err == nil {
		session.Set("count", 0)
	}
	return err
}

func (c counting) Receive(ctx context.Context, s *Socket, said SocketMessage) error {
	session, err := s.Session()
	if err != nil {
		return err
	}
	session.Set("count", session.Get("count").(int)+1)
	return s.SendJSON(ctx, session.Get("count"))
}

func (c counting) Disconnect(ctx context.Context, s *Socket, code int, reason string) error {
	session, err := s.Session()
	if err != nil {
		return err
	}
	session.Delete("gone")
	c.t.Log(code)
	return s.Client().Send(ctx, "log", Message{"count": session.Get("count"), "code": code})
}

// accepted opens socket 1 of a sticky route and returns the channel of its events.
func (w *socketsAtWork) accepted(path string) string {
	w.broker.t.Helper()
	w.event("connect", 0, path, "")
	frame := w.connection.expect("SEND " + browser)
	message, err := DecodeMessage(frame.Body)
	if err != nil || !message.Bool("accept") || !message.Bool("serial") {
		w.broker.t.Fatalf("%s", frame.Body)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	return message.Text("receive_channel")
}

func TestASessionLivesAsLongAsItsSocket(t *testing.T) {
	w := startSockets(t, SocketRoute{Sticky: true, Consumer: counting{t}})
	channel := w.accepted("/")
	for number := 1; number <= 2; number++ {
		w.event("receive", number, "/", `,"text":""`, channel)
		w.expectSent(browser, fmt.Sprintf(`{"text":"%d"}`, number))
		w.connection.expect("READY 1")
	}
	w.event("disconnect", 3, "/", `,"code":1001`, channel)
	w.expectSent("log", `{"code":1001,"count":2}`)
	w.connection.expect("READY 1")
	// It is gone with it: what still comes finds none.
	w.event("receive", 4, "/", `,"text":""`, channel)
	w.expectSent(browser, `{"close":1012,"reason":"its worker has left"}`)
	w.connection.expect("READY 1")
	if w.logger.count(ErrNoSession.Error()) != 1 {
		t.Errorf("%q", w.logger.all())
	}
}

func TestASessionOfARouteThatIsNotStickyIsRefused(t *testing.T) {
	w := startSockets(t, SocketRoute{Path: "/chat/{room}", Consumer: counting{t}})
	w.event("connect", 0, "/chat/blue", "")
	w.expectSent(browser, `{"accept":false,"status":500}`)
	w.connection.expect("READY 1")
	if w.logger.count("make the route of /chat/blue Sticky") != 1 {
		t.Errorf("%q", w.logger.all())
	}
	var s Socket
	if _, err := s.Session(); !errors.Is(err, ErrState) {
		t.Error(err)
	}
}

func TestASocketWithASessionIsClosedWhenItsWorkerLeaves(t *testing.T) {
	w := startSockets(t, SocketRoute{Sticky: true, Consumer: counting{t}})
	channel := w.accepted("/")
	w.stop()
	w.expectSent(control, `{"close":1012,"reason":"its worker leaves"}`)
	// Another one that comes meanwhile is to try again.
	w.connection.push("websocket.connect", `{"type":"websocket.connect","path":"/",`+
		`"reply_channel":"websocket.send.k!2","control_channel":"websocket.control.k!2"}`)
	w.expectSent("websocket.send.k!2", `{"accept":false,"headers":[["retry-after","1"]],"status":503}`)
	w.connection.expect("READY 1")
	w.event("disconnect", 1, "/", `,"code":1012`, channel)
	w.expectSent("log", `{"code":1012,"count":0}`)
	for _, words := range []string{"READY 1", "READY 0", "READY 4096"} {
		w.connection.expect(words)
	}
	w.leaves()
}

func TestTheSocketsThatAreKeptAreBounded(t *testing.T) {
	logger := &testLogger{t: t}
	kept := keptSockets{most: 2, logger: lineLogger{logger}}
	named := func(name string) *Socket { return &Socket{Channel: name, ControlChannel: name} }
	for _, name := range []string{"a", "b"} {
		if channel := kept.keep(named(name), "m!"); channel == "" {
			t.Fatal("not kept:", name)
		}
	}
	// Heard of last, so the other one has to go.
	first := kept.session(named("a"), false)
	first.Set("x", 1)
	kept.keep(named("c"), "m!")
	if kept.session(named("b"), false) != nil || kept.session(named("a"), false).Get("x") != 1 {
		t.Error("the wrong one was given up")
	}
	kept.keep(named("d"), "m!")
	kept.keep(named("e"), "m!")
	if logger.count("the socket a is given up: more than 2 are kept here") != 1 || len(logger.all()) != 1 {
		t.Errorf("%q", logger.all())
	}
	others, tied, none := kept.leave()
	if len(others) != 2 || len(tied) != 0 {
		t.Error(others, tied)
	}
	await(t, none)
	if channel := kept.keep(named("a"), "m!"); channel != "" || kept.session(named("a"), true) != nil {
		t.Error("kept by a worker that leaves:", channel)
	}
}

// odd has a method with the name of an event, which would never be called.
type odd struct{ counting }

func (odd) Disconnect(context.Context, *Socket) error { return nil }

func TestABadConsumerIsRefusedWhenTheWorkerRuns(t *testing.T) {
	client := newFakeBroker(t).client(Options{})
	for said, route := range map[string]SocketRoute{
		"Disconnect of a seaway.odd has not the form": {Consumer: odd{}},
		"functions besides":                           {Consumer: counting{t}, Receive: echo},
		"give it some":                                {Consumer: Demultiplexer{}},
		`the stream "a" of a demultiplexer`:           {Consumer: Demultiplexer{"a": nil}},
	} {
		worker := playedWorker(client)
		worker.HandleSockets(route)
		if err := worker.Run(ctx); !errors.Is(err, ErrOption) || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v", said, err)
		}
	}
}
