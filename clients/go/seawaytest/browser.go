package seawaytest

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"seaway.dev/seaway"
)

// Browser is the far end of a WebSocket.
type Browser struct {
	// Subprotocol is the one that the worker has chosen, "" for none.
	Subprotocol string
	// Header has what the worker has sent with the acceptance.
	Header http.Header

	t                TB
	server           *server
	number, path     string
	send, controlled string
	// Where it was asked for.
	connects string
	// Closed with the worker's decision; refusal is set before, if it is one.
	decided chan struct{}
	refusal *Answer

	mu      sync.Mutex
	changed chan struct{}
	heard   []seaway.SocketMessage
	// What is to be told to workers, one at a time where they ask for that.
	events                         []seaway.Message
	order, awaited                 int64
	isDecided, isSerial, isTelling bool
	isEnded, isTold                bool
	receiveChannel                 string
	code                           int
	reason                         string
	stopTimer                      func()
}

// SendText says a text.
func (b *Browser) SendText(text string) { b.speak("text", text) }

// SendBytes says a binary message.
func (b *Browser) SendBytes(content []byte) { b.speak("bytes", seaway.Bytes(content)) }

// SendJSON says a value as JSON text.
func (b *Browser) SendJSON(value any) {
	b.t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		b.t.Fatal("no JSON:", err)
	}
	b.SendText(string(content))
}

func (b *Browser) speak(kind string, content any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isEnded {
		return
	}
	event := b.event("websocket.receive")
	event[kind] = content
	b.events = append(b.events, event)
	b.tellNext()
}

// Receive waits for what the browser is told next; the test fails when the socket closes instead.
func (b *Browser) Receive() seaway.SocketMessage {
	b.t.Helper()
	b.wait("a message", func() bool { return len(b.heard) > 0 || b.isEnded })
	b.mu.Lock()
	if len(b.heard) == 0 {
		b.mu.Unlock()
		b.t.Fatal("the socket was closed:", b.code, b.reason)
	}
	defer b.mu.Unlock()
	said := b.heard[0]
	b.heard = b.heard[1:]
	return said
}

// ReceiveText is the text of the next message.
func (b *Browser) ReceiveText() string {
	b.t.Helper()
	said := b.Receive()
	if !said.IsText {
		b.t.Fatal("the message is no text:", said.Content)
	}
	return string(said.Content)
}

// Close closes the socket from the browser's side.
func (b *Browser) Close(code int, reason string) { b.end(code, reason) }

// Closed waits until the socket is closed, and until a worker has been told so; what was said before may still be
// received.
func (b *Browser) Closed() (code int, reason string) {
	b.t.Helper()
	b.wait("the end of the socket", func() bool { return b.isTold })
	return b.code, b.reason
}

// Settle waits until workers have dealt with all that the browser has said, which they tell of sockets whose events come
// one at a time, as they do unless a route is Concurrent.
func (b *Browser) Settle() {
	b.t.Helper()
	b.wait("that all is dealt with", func() bool { return len(b.events) == 0 && !b.isTelling && b.awaited < 0 })
}

// Waiting is how many messages the browser has been sent and Receive has not taken.
func (b *Browser) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.heard)
}

func (b *Browser) wait(what string, isTrue func() bool) {
	b.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		b.mu.Lock()
		changed, isDone := b.changed, isTrue()
		b.mu.Unlock()
		if isDone {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			b.t.Fatal("it does not come: ", what, " of the WebSocket ", b.path)
		}
	}
}
