package seaway

import (
	"context"
	"fmt"
	"runtime"
	"testing"
)

// W16 of INTERFACE.md.
func TestTheNextEventOfASocketComesWhenTheOneBeforeIsDoneAlsoAfterAFailure(t *testing.T) {
	w := startSockets(t, SocketRoute{Path: "/chat", Receive: func(ctx context.Context, s *Socket, said SocketMessage) error {
		switch string(said.Content) {
		case "panic":
			panic("failed as told")
		case "panic nil":
			panic(nil)
		case "goexit":
			runtime.Goexit()
		}
		return s.Send(ctx, said)
	}})
	w.event("connect", 0, "/chat", "")
	w.expectSent(browser, `{"accept":true,"serial":true}`)
	w.connection.expect("READY 1")
	w.event("receive", 1, "/chat", `,"text":"hi","serial":true`)
	w.expectSent(browser, `{"text":"hi"}`)
	w.expectSent(control, `{"done":1}`)
	w.connection.expect("READY 1")
	for order, fields := range []string{`,"text":"panic"`, `,"text":"panic nil"`, `,"text":"goexit"`, ""} {
		w.event("receive", 2+order, "/chat", fields+`,"serial":true`)
		w.expectSent(browser, `{"close":1011}`)
		w.expectSent(control, fmt.Sprintf(`{"done":%d}`, 2+order))
		w.connection.expect("READY 1")
	}
	// One that no route fits is waited for too.
	w.event("receive", 6, "/nowhere", `,"text":"hi","serial":true`)
	w.expectSent(control, `{"done":6}`)
	w.connection.expect("READY 1")
	// And one that says nothing of it is not.
	w.event("receive", 7, "/chat", `,"text":"hi"`)
	w.expectSent(browser, `{"text":"hi"}`)
	w.connection.expect("READY 1")
}

func TestWhoWantsSpeedSaysSo(t *testing.T) {
	w := startSockets(t, SocketRoute{Concurrent: true, Receive: echo})
	w.event("connect", 0, "/", "")
	w.expectSent(browser, `{"accept":true}`)
	w.connection.expect("READY 1")
	// Accepted by a worker that did not.
	w.event("receive", 1, "/", `,"text":"hi","serial":true`)
	w.expectSent(browser, `{"text":"hi"}`)
	w.expectSent(control, `{"done":1}`)
	w.connection.expect("READY 1")
}

func TestAConnectThatFailsWhileTheBrowserWaitsIsRejectedWhoeverElseHasLeft(t *testing.T) {
	w := startSockets(t, SocketRoute{
		Path: "/{how}",
		Connect: func(ctx context.Context, s *Socket) error {
			if s.Parameters["how"] == "goexit" {
				runtime.Goexit()
			}
			return s.Client().Send(ctx, "another!1", Message{})
		},
		Receive: echo,
	})
	w.event("connect", 0, "/gone", "")
	w.connection.expect("SEND another!1")
	w.connection.send("ERR gone\n")
	w.expectSent(browser, `{"accept":false,"status":500}`)
	w.connection.expect("READY 1")
	w.event("connect", 0, "/goexit", "")
	w.expectSent(browser, `{"accept":false,"status":500}`)
	w.connection.expect("READY 1")
	if !w.logger.contains("websocket.connect /goexit of the socket " + browser + " failed: it left by runtime.Goexit") {
		t.Error(w.logger.all())
	}
}
