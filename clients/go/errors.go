package seaway

import (
	"errors"
	"fmt"
)

// What a broker answers with ERR, one for each code but "maybe" ([ErrUnknown]); nothing was stored or changed. A [*Refusal] wraps them.
var (
	// ErrFull: the channel, its mailbox or the broker has no room. Try later.
	ErrFull = errors.New("full")
	// ErrAway: nobody listens on the channel, and the message was only for somebody who is there.
	ErrAway = errors.New("away")
	// ErrGone: the channel was closed by its reader. Never try again.
	ErrGone = errors.New("gone")
	// ErrLate: the message is not held any more: it is done, or delivered to another.
	ErrLate = errors.New("late")
	// ErrStore: what keeps that durable channel cannot be asked. Try later.
	ErrStore = errors.New("store")
	// ErrClosing: the broker is about to leave. Try again when it is back.
	ErrClosing = errors.New("closing")
	// ErrLimit: one of the broker's limits is used up. Try again after something was given back.
	ErrLimit = errors.New("limit")
	// ErrName: a name is not legal here. Found before anything is sent, mostly.
	ErrName = errors.New("name")
	// ErrSize: the body is over the broker's max-body.
	ErrSize = errors.New("size")
	// ErrPayload: the body is not one well-formed map; a value in the message has no form on the wire.
	ErrPayload = errors.New("payload")
	// ErrReader: only the reader of the channel may say that.
	ErrReader = errors.New("reader")
	// ErrDenied: the token does not allow it.
	ErrDenied = errors.New("denied")
	// ErrAuth: the token is not known. The client gives up.
	ErrAuth = errors.New("auth")
	// ErrVersion: the broker speaks no version that this client speaks. The client gives up.
	ErrVersion = errors.New("version")
	// ErrOption: an option has a value out of its range, or the broker does not know it.
	ErrOption = errors.New("option")
	// ErrArgs: arguments are missing or too many.
	ErrArgs = errors.New("args")
	// ErrState: the frame is not allowed now.
	ErrState = errors.New("state")
	// ErrVerb: the broker does not know the verb (code "unknown").
	ErrVerb = errors.New("unknown verb")
)

// What this side finds.
var (
	// ErrUnknown: the connection or the context ended before the answer, or what keeps that durable channel has not
	// answered (code "maybe"), so the message is stored or not. Whoever sends it again may send it twice.
	ErrUnknown = errors.New("seaway: the outcome is unknown")
	// ErrOffline: no broker could be reached in time; surely nothing was stored.
	ErrOffline = errors.New("seaway: no connection to the broker")
	// ErrClosed: the client or the listener was closed; surely nothing was stored.
	ErrClosed = errors.New("seaway: closed")
	// ErrLost: another connection listens on the name now. It is not taken back.
	ErrLost = errors.New("seaway: taken over by another reader")
	// ErrAnswered: the request was answered before, or the socket accepted or rejected; what was first sent stands.
	ErrAnswered = errors.New("seaway: answered before")
	// ErrBody: the rest of a request's body does not come; [Request.IsGone] tells whether its client has left.
	ErrBody = errors.New("seaway: the body is not whole")
	// ErrBodySize: a request's body is larger than the handler reads.
	ErrBodySize = errors.New("seaway: the body is too large")
	// ErrNoSession: the worker that had the session of a socket has left, or it had too many. The socket is closed with
	// 1012, which tells the browser to come again.
	ErrNoSession = errors.New("seaway: the session of this socket is not here")
	// ErrProtocol: the other side does not speak this protocol.
	ErrProtocol = errors.New("seaway: protocol error")
)

var refusals = map[string]error{
	"full": ErrFull, "away": ErrAway, "gone": ErrGone, "late": ErrLate, "closing": ErrClosing, "limit": ErrLimit, "name": ErrName,
	"size": ErrSize, "payload": ErrPayload, "reader": ErrReader, "denied": ErrDenied, "auth": ErrAuth,
	"version": ErrVersion, "option": ErrOption, "args": ErrArgs, "state": ErrState, "unknown": ErrVerb,
	"store": ErrStore, "maybe": ErrUnknown,
}

// Refusal is an ERR: the broker declined one request, and nothing was stored or changed (but for "maybe", of which
// nobody knows: errors.Is finds ErrUnknown).
//
// errors.Is finds the sentinel of its code; a code that this version does not know has none.
type Refusal struct {
	// Verb is that of the request.
	Verb string
	// Code is one of the words in PROTOCOL.md, section 3.
	Code string
	// Options tell more: "by" of full, "of" of limit.
	Options map[string]string
	// Text is for people and may change.
	Text string
}

func (r *Refusal) Error() string {
	text := "seaway: " + r.Verb + " refused: " + r.Code
	for _, key := range []string{"by", "of"} {
		if value := r.Options[key]; value != "" {
			text += " " + key + "=" + value
		}
	}
	if r.Text != "" {
		text += ": " + r.Text
	}
	return text
}

// Unwrap gives the sentinel of the code.
func (r *Refusal) Unwrap() error { return refusals[r.Code] }

func newRefusal(verb string, frame Frame) error {
	refusal := &Refusal{Verb: verb, Options: frame.Options, Text: frame.Text}
	if len(frame.Args) > 0 {
		refusal.Code = frame.Args[0]
	}
	return refusal
}

func refuse(verb, code, text string) error { return &Refusal{Verb: verb, Code: code, Text: text} }

// outcomeError is a sentinel of this side with the reason behind it, both found by errors.Is.
type outcomeError struct{ outcome, cause error }

func (e *outcomeError) Error() string {
	if e.cause == nil {
		return e.outcome.Error()
	}
	return fmt.Sprintf("%v: %v", e.outcome, e.cause)
}
func (e *outcomeError) Is(target error) bool { return target == e.outcome }
func (e *outcomeError) Unwrap() error        { return e.cause }

func because(outcome, cause error) error { return &outcomeError{outcome: outcome, cause: cause} }
