package seaway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// socketsAtWork is a worker with one route for sockets, and the broker's end of its connection.
type socketsAtWork struct {
	*workerAtWork
	mailbox string
}

func startSockets(t *testing.T, route SocketRoute) *socketsAtWork {
	t.Helper()
	return startSocketWorker(t, func(w *Worker) { w.HandleSockets(route) })
}

func startSocketWorker(t *testing.T, setUp func(*Worker)) *socketsAtWork {
	t.Helper()
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := playedWorker(client)
	worker.Concurrency = 1
	worker.Drain = patience
	setUp(worker)
	running, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	w := &socketsAtWork{workerAtWork: &workerAtWork{
		broker: broker, stop: stop, logger: logOf(client),
		ended: atWork(t, running, worker),
	}}
	w.connection = broker.accept("a")
	frame := w.connection.expect("LISTEN websocket.connect websocket.disconnect websocket.receive")
	for _, name := range frame.Args {
		if strings.HasSuffix(name, "!") {
			w.mailbox = name
		}
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	return w
}

// event delivers an event of socket 1, on a channel of its own if one is named.
func (w *socketsAtWork) event(kind string, order int, path, fields string, channel ...string) {
	w.broker.t.Helper()
	on := append(channel, "websocket."+kind)[0]
	w.connection.push(on, fmt.Sprintf(
		`{"type":"websocket.%s","reply_channel":"websocket.send.k!1","control_channel":"websocket.control.k!1",`+
			`"path":%q,"order":%d%s}`, kind, path, order, fields))
}

// breaks loses the connection; the worker comes back over another one.
func (w *socketsAtWork) breaks() {
	w.broker.t.Helper()
	w.connection.close()
	w.connection = w.broker.accept("b")
	w.connection.expect("LISTEN")
	w.connection.send("OK\n")
}

// expectSentBehind is expectSent behind whatever credit the worker gives before.
func (w *socketsAtWork) expectSentBehind(channel, body string) {
	w.broker.t.Helper()
	frame, ok := w.connection.next()
	for ok && frame.Verb == "READY" {
		frame, ok = w.connection.next()
	}
	if !ok || frame.Verb != "SEND" || frame.Args[0] != channel || string(frame.Body) != body {
		w.broker.t.Fatalf("%s %v %s is not %s to %s", frame.Verb, frame.Args, frame.Body, body, channel)
	}
	w.connection.send("OK\n")
}

// expectSent takes a message that the worker sends, and says that the broker has it.
func (w *socketsAtWork) expectSent(channel, body string) {
	w.broker.t.Helper()
	if frame := w.connection.expect("SEND " + channel); string(frame.Body) != body {
		w.broker.t.Errorf("expected %s, got %s", body, frame.Body)
	}
	w.connection.send("OK\n")
}

const browser, control = "websocket.send.k!1", "websocket.control.k!1"

func echo(ctx context.Context, s *Socket, said SocketMessage) error { return s.Send(ctx, said) }

func TestASocketIsAcceptedAndHearsItsEcho(t *testing.T) {
	w := startSockets(t, SocketRoute{Path: "/chat/{room}", Receive: echo})
	w.event("connect", 0, "/chat/blue", "")
	w.expectSent(browser, `{"accept":true,"serial":true}`)
	w.connection.expect("READY 1")
	said := []struct{ fields, answer string }{
		{`,"text":"hi"`, `{"text":"hi"}`},
		{`,"text":""`, `{"text":""}`},
		{`,"bytes":"hi"`, `{"bytes":"hi"}`},
		{`,"bytes":""`, `{"bytes":""}`},
		{`,"bytes":{"$bytes":"/w=="},"text":null`, `{"bytes":{"$bytes":"/w=="}}`},
	}
	for _, one := range said {
		w.event("receive", 1, "/chat/blue", one.fields)
		w.expectSent(browser, one.answer)
		w.connection.expect("READY 1")
	}
}

func TestAConnectIsDecided(t *testing.T) {
	decide := func(ctx context.Context, s *Socket) error {
		switch s.Parameters["how"] {
		case "accept":
			greeting := SocketMessage{Content: []byte("hi"), IsText: true}
			names := s.Subprotocols()
			return s.Accept(ctx, AcceptOptions{names[len(names)-1], Header{{"x", "1"}}, &greeting, nil})
		case "send":
			return s.SendJSON(ctx, map[string]int{"n": 1})
		case "reject":
			return s.Reject(ctx, 302, Header{{"location", "/"}}, []byte("go"))
		case "close":
			return s.Close(ctx, 1000, "")
		case "error":
			return errors.New("failed as told")
		case "panic":
			panic("failed as told")
		case "late":
			if err := s.Accept(ctx, AcceptOptions{}); err != nil {
				return err
			}
			if err := s.Reject(ctx, 403, nil, nil); !errors.Is(err, ErrAnswered) {
				t.Error("decided twice:", err)
			}
			return errors.New("failed as told")
		}
		return nil
	}
	w := startSockets(t, SocketRoute{Path: "/decide/{how}", Connect: decide, Receive: echo})
	decisions := map[string][]string{
		"/decide/return": {`{"accept":true,"serial":true}`},
		"/decide/accept": {`{"accept":true,"headers":[["x","1"]],"serial":true,"subprotocol":"b","text":"hi"}`},
		"/decide/send":   {`{"accept":true,"serial":true,"text":"{\"n\":1}"}`},
		"/decide/reject": {`{"accept":false,"content":"go","headers":[["location","/"]],"status":302}`},
		"/decide/close":  {`{"accept":false,"status":403}`},
		"/decide/error":  {`{"accept":false,"status":500}`},
		"/decide/panic":  {`{"accept":false,"status":500}`},
		"/decide/late":   {`{"accept":true,"serial":true}`, `{"close":1011}`},
		"/nowhere":       {`{"accept":false,"status":404}`},
	}
	for path, answers := range decisions {
		w.event("connect", 0, path, `,"subprotocols":["a","b"]`)
		for _, answer := range answers {
			w.expectSent(browser, answer)
		}
		w.connection.expect("READY 1")
	}
	if !w.logger.contains("failed as told") {
		t.Error("a failure is not logged")
	}
}

func TestASocketIsInGroupsClosesAndEnds(t *testing.T) {
	ends := make(chan string, 2)
	w := startSockets(t, SocketRoute{
		Connect: func(ctx context.Context, s *Socket) error { return s.Join(ctx, "room") },
		Receive: func(ctx context.Context, s *Socket, said SocketMessage) error {
			if err := s.Close(ctx, 1006, ""); !errors.Is(err, ErrOption) {
				t.Error("a code that is none:", err)
			}
			if err := s.Leave(ctx, "room"); err != nil {
				return err
			}
			if err := s.ReceiveOn(ctx, ""); err != nil {
				return err
			}
			if err := s.CloseAtOnce(ctx, 1000, ""); err != nil {
				return err
			}
			return s.Close(ctx, 4000, "enough")
		},
		Disconnect: func(ctx context.Context, s *Socket, code int, reason string) error {
			ends <- fmt.Sprint(code, " ", reason)
			return nil
		},
	})
	w.event("connect", 0, "/", "")
	w.connection.expect("JOIN room " + browser)
	w.connection.send("OK\n")
	w.expectSent(browser, `{"accept":true,"serial":true}`)
	w.connection.expect("READY 1")
	w.event("receive", 1, "/", `,"text":"hi"`)
	w.connection.expect("LEAVE room " + browser)
	w.connection.send("OK\n")
	w.expectSent(control, `{"receive_channel":null}`)
	w.expectSent(control, `{"close":1000}`)
	w.expectSent(browser, `{"close":4000,"reason":"enough"}`)
	w.connection.expect("READY 1")
	for fields, end := range map[string]string{`,"code":4000,"reason":"enough"`: "4000 enough", "": "1005 "} {
		w.event("disconnect", 2, "/", fields)
		w.connection.expect("READY 1")
		if told := await(t, ends); told != end {
			t.Error(told)
		}
	}
}

func TestASlowSocketIsWaitedForAndOneThatIsGoneIsNoFailure(t *testing.T) {
	w := startSockets(t, SocketRoute{Receive: echo})
	w.event("receive", 1, "/", `,"text":"hi"`)
	w.connection.expect("SEND " + browser)
	w.connection.send("ERR full by=messages\n")
	w.connection.expect("SEND " + browser)
	w.connection.send("ERR gone\n")
	w.connection.expect("READY 1")
	if w.logger.contains("failed") {
		t.Error("that the browser has left is no failure")
	}
}

func TestAMessageThatMayBeLostWithItsBrokerClosesNoSocket(t *testing.T) {
	w := startSockets(t, SocketRoute{Receive: echo})
	w.event("receive", 1, "/", `,"text":"hi","serial":true`)
	w.connection.expect("SEND " + browser)
	w.breaks()
	w.expectSentBehind(control, `{"done":1}`)
	w.event("receive", 2, "/", `,"text":"there","serial":true`)
	w.expectSentBehind(browser, `{"text":"there"}`)
	if !w.logger.contains("a message to the socket " + browser + " may be lost") {
		t.Error("nothing is said of a message that may be lost")
	}
}

func TestACloseThatMayBeLostWithItsBrokerIsSaidAgain(t *testing.T) {
	w := startSockets(t, SocketRoute{Receive: func(ctx context.Context, s *Socket, _ SocketMessage) error {
		return s.Close(ctx, 4000, "")
	}})
	w.event("receive", 1, "/", `,"text":"hi"`)
	w.connection.expect("SEND " + browser)
	w.breaks()
	w.expectSentBehind(browser, `{"close":4000}`)
}

func TestWhatIsNoEventOfASocketHarmsNobody(t *testing.T) {
	w := startSockets(t, SocketRoute{Path: "/chat", Receive: echo})
	for _, body := range []string{
		`{}`, `{"type":"websocket.connect","reply_channel":"websocket.send.k!1"}`,
		`{"type":"websocket.receive","reply_channel":"a!1","control_channel":"b!1","path":"/nowhere","text":"x"}`,
		`{"type":"dance","reply_channel":"a!1","control_channel":"b!1","path":"/chat"}`,
	} {
		w.connection.push("websocket.receive", body)
		w.connection.expect("READY 1")
	}
	w.event("receive", 1, "/chat", `,"text":"hi"`)
	w.expectSent(browser, `{"text":"hi"}`)
}

func TestAStickySocketIsKeptAndGivenBack(t *testing.T) {
	w := startSockets(t, SocketRoute{Sticky: true, Receive: echo})
	w.event("connect", 0, "/", "")
	w.expectSent(browser, `{"accept":true,"receive_channel":"`+w.mailbox+`1","serial":true}`)
	w.connection.expect("READY 1")
	w.event("receive", 1, "/", `,"text":"hi"`, w.mailbox+"1")
	w.expectSent(browser, `{"text":"hi"}`)
	w.connection.expect("READY 1")
	w.stop()
	w.expectSent(control, `{"receive_channel":null}`)
	// On its way when the socket was given back.
	w.event("receive", 2, "/", `,"text":"late"`, w.mailbox+"1")
	w.expectSent(browser, `{"text":"late"}`)
	w.connection.expect("READY 1")
	// What still waits in the mailbox comes, and nothing more of what others may take.
	w.connection.expect("READY 0")
	w.connection.expect("READY 4096 " + w.mailbox)
	w.connection.expect("UNLISTEN")
	w.event("receive", 3, "/", `,"text":"last"`, w.mailbox+"1")
	w.connection.send("OK\n")
	w.expectSent(browser, `{"text":"last"}`)
	w.connection.expect("QUIT")
	w.connection.send("OK\n")
	w.connection.close()
	if err := await(t, w.ended); err != nil {
		t.Error(err)
	}
}

func TestASocketThatHasEndedIsNotGivenBack(t *testing.T) {
	w := startSockets(t, SocketRoute{Sticky: true, Receive: echo})
	w.event("connect", 0, "/", "")
	w.expectSent(browser, `{"accept":true,"receive_channel":"`+w.mailbox+`1","serial":true}`)
	w.connection.expect("READY 1")
	w.event("disconnect", 1, "/", "", w.mailbox+"1")
	w.connection.expect("READY 1")
	w.event("connect", 0, "/", "")
	w.connection.expect("SEND " + browser)
	w.connection.send("ERR gone\n")
	w.connection.expect("READY 1")
	w.stop()
	w.connection.expect("READY 0")
	w.connection.expect("READY 4096 " + w.mailbox)
	w.leaves()
}

// W2 of INTERFACE.md.
func TestTheOtherEventsComeInBesideTheConnects(t *testing.T) {
	names := map[string]string{
		"websocket.connect":        "websocket.receive",
		"websocket.connect.python": "websocket.receive.python",
		"chat":                     "chat.receive",
	}
	for connect, receive := range names {
		if found := beside(connect, "receive"); found != receive {
			t.Errorf("%s: %s", connect, found)
		}
	}
}

func TestABadRouteSaysSoWhenTheWorkerRuns(t *testing.T) {
	client := newFakeBroker(t).client(Options{})
	for _, route := range []SocketRoute{
		{Path: "/chat"}, {Path: "chat", Receive: echo}, {Path: "/a{b}", Receive: echo}, {Path: "/*/a", Receive: echo},
		{Channel: "a b", Receive: echo},
	} {
		worker := playedWorker(client)
		worker.HandleSockets(route)
		if err := worker.Run(ctx); err == nil {
			t.Error(route.Path)
		}
	}
}

func TestAPathFitsItsPattern(t *testing.T) {
	cases := []struct {
		pattern, path, found string
		fits                 bool
	}{
		{"/", "/", "map[]", true},
		{"/", "/a", "", false},
		{"/chat", "/chat", "map[]", true},
		{"/chat", "/chat/", "", false},
		{"/chat/{room}", "/chat/blue", "map[room:blue]", true},
		{"/chat/{room}", "/chat/", "", false},
		{"/chat/{room}", "/chat/a/b", "", false},
		{"/files/*", "/files/a/b", "map[*:a/b]", true},
		{"/files/*", "/files", "map[*:]", true},
		{"/files/*", "/file", "", false},
		{"/*", "", "", false},
	}
	for _, one := range cases {
		pattern, err := parsePattern(one.pattern)
		if err != nil {
			t.Fatal(err)
		}
		found, fits := pattern.match(one.path)
		if fits != one.fits || (fits && fmt.Sprint(found) != one.found) {
			t.Errorf("%s of %s: %v %v", one.path, one.pattern, found, fits)
		}
	}
}
