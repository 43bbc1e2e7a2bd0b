package seaway

import (
	"context"
	"errors"
	"strings"
)

// What a request still needs when its handler has ended.

const (
	typeConnect    = "websocket.connect"
	typeReceive    = "websocket.receive"
	typeDisconnect = "websocket.disconnect"
)

// isHTTP says whether an answer of HTTP is waited for.
func (r *Request) isHTTP() bool {
	if !strings.HasPrefix(r.ReplyChannel(), "http.response.") {
		return false
	}
	// The news that nobody waits for one any more has the reply channel too (I4).
	isNews := strings.HasPrefix(r.Channel, "http.disconnect") || strings.HasSuffix(r.Channel, ".disconnect")
	return !isNews || r.Text("method") != ""
}

// isOwed says whether somebody waits for an answer that was not given.
func (r *Request) isOwed() bool {
	if r.ReplyChannel() == "" || !r.isHTTP() && r.Text("type") != typeConnect {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.isAnswered && !r.isHandedOn && !r.isGone
}

// isWaitedFor says whether an answer of HTTP is not yet complete, as far as is known here.
func (r *Request) isWaitedFor() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	isComplete := r.isAnswered && (r.stream == nil || r.stream.isEnded.Load())
	return !isComplete && !r.isHandedOn && !r.isGone
}

// isExcused says whether an error only tells that somebody has left, which is nobody's fault.
func (r *Request) isExcused(err error) bool {
	var abrupt *abruptEnd
	switch {
	case errors.As(err, &abrupt):
		return false
	case r.IsGone():
		return true
	default:
		// Of another channel, while somebody waits here, it is as good a reason to fail as any.
		return errors.Is(err, ErrGone) && !r.isOwed()
	}
}

// mayHaveLost says whether an error only tells that a message to a socket is lost, perhaps, with its broker: the socket is as
// it was, and goes on over other connections.
func (r *Request) mayHaveLost(ctx context.Context, err error) bool {
	if r.Text("type") != typeReceive || !errors.Is(err, ErrUnknown) || ctx.Err() != nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isAnswered
}

// leaveToSocket has somebody else than the handler see to the answer, within this library.
func (r *Request) leaveToSocket() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isAnswered = true
}

// openStream is the answer in pieces that began and has not ended, nil if there is none.
func (r *Request) openStream() *Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stream == nil || r.stream.isEnded.Load() {
		return nil
	}
	return r.stream
}

// fail tells whoever waits that the handler failed: a 500, the end of the answer that had begun, or of the socket.
func (r *Request) fail(ctx context.Context) error {
	r.mu.Lock()
	stream, isHandedOn, isAnswered := r.stream, r.isHandedOn, r.isAnswered
	r.mu.Unlock()
	switch {
	case isHandedOn || r.ReplyChannel() == "" || r.Text("type") == typeDisconnect:
		return nil
	case r.Text("type") == typeReceive, r.Text("type") == typeConnect && isAnswered:
		return sendWhenRoom(ctx, r.client, r.ReplyChannel(), Message{"close": 1011})
	case stream != nil && !stream.isWhole.Load():
		return stream.breakOff(ctx)
	case isAnswered:
		return nil
	case r.Text("type") == typeConnect:
		return r.Reply(ctx, Message{"accept": false, "status": 500})
	default:
		return r.Respond(ctx, 500, Header{{"content-type", "text/plain"}}, []byte("Internal Server Error\n"))
	}
}

// Done says that an event of a WebSocket is dealt with, so that the next one of that socket may come; a worker says it
// by itself when the handler has ended. For an event that nobody waits for it does nothing.
func (r *Request) Done(ctx context.Context) error {
	control := r.Text("control_channel")
	r.mu.Lock()
	isDone := r.isDone
	r.isDone = true
	r.mu.Unlock()
	if isDone || control == "" || !r.Bool("serial") || r.Text("type") == typeConnect {
		return nil
	}
	return sendSurely(ctx, r.client, control, Message{"done": r.Int("order")}, r.answering()...)
}

// finish says that an event is done, unless somebody else is to say it.
func (r *Request) finish(ctx context.Context) error {
	r.mu.Lock()
	isHandedOn := r.isHandedOn
	r.mu.Unlock()
	if isHandedOn {
		return nil
	}
	return r.Done(ctx)
}

// withSerial has a socket that is accepted get its events one at a time, unless the message says something about that
// (W16).
func withSerial(message Message) Message {
	_, isSaid := message["serial"]
	accept, hasAccept := message["accept"].(bool)
	if isSaid || hasAccept && !accept || !hasAccept && message["text"] == nil && message["bytes"] == nil {
		return message
	}
	with := Message{"serial": true}
	for key, value := range message {
		with[key] = value
	}
	return with
}
