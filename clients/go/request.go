package seaway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Request is a message that a worker has taken, and the way to answer it.
type Request struct {
	Message
	// Channel is the full name that the message came on; Group the group it was sent to, or "".
	Channel string
	Group   string
	// Times is how often the message was delivered, this time included; 0 on a channel that is not acknowledged.
	Times int
	// Dead is why a message was given up, on a channel of dead letters; else nil.
	Dead *DeadLetter

	// nil on a channel that is not acknowledged.
	lease  *lease
	client *Client
	// Ends the handler's context.
	cancel context.CancelFunc
	// When the handler has got it.
	begun time.Time

	mu sync.Mutex
	// Something was sent to the reply channel; stream is the answer in pieces that began.
	isAnswered bool
	stream     *Stream
	body       *Body
	// Somebody else answers; nobody waits any more; the server was told that a serial event is done.
	isHandedOn, isGone, isDone bool
}

// ReplyChannel is where the answer goes, "" when nobody waits for one.
func (r *Request) ReplyChannel() string { return r.Text("reply_channel") }

// RequestID is what all logs call an HTTP request, "" where requests have no names.
func (r *Request) RequestID() string { return r.Text("request_id") }

// Client is the worker's connection, for sending elsewhere.
func (r *Request) Client() *Client { return r.client }

// Reply sends any message to the reply channel, once; [ErrFull] and [ErrGone] come back at once.
//
// A WebSocket that is accepted with it has its events one at a time, unless the message says otherwise by "serial".
func (r *Request) Reply(ctx context.Context, message Message) error {
	if r.Text("type") == typeConnect {
		message = withSerial(message)
	}
	if err := r.begin(nil); err != nil {
		return err
	}
	return r.settle(r.client.Send(ctx, r.ReplyChannel(), message, r.answering()...))
}

// Respond answers an HTTP request in one message. Names of fields are best given in lower case.
//
// While the channel is full (a slow client), and while no broker is in reach, it waits and tries again, until the
// context ends. [ErrGone] says that nobody reads the answer any more. A second answer is refused with [ErrAnswered], and the first stands.
func (r *Request) Respond(ctx context.Context, status int, header Header, body []byte) error {
	if err := checkStatus(status); err != nil {
		return err
	}
	if err := r.begin(nil); err != nil {
		return err
	}
	return r.answer(ctx, responseStart(status, header, body, false))
}

// respond is Respond of a message that is made.
func (r *Request) respond(ctx context.Context, message Message) error {
	if err := r.begin(nil); err != nil {
		return err
	}
	return r.answer(ctx, message)
}

func (r *Request) answer(ctx context.Context, message Message) error {
	// What comes behind a whole answer is dropped (I18).
	return r.settle(sendSurely(ctx, r.client, r.ReplyChannel(), r.tell(message), r.answering()...))
}

// RespondJSON answers with a value as JSON and its content type.
func (r *Request) RespondJSON(ctx context.Context, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return r.Respond(ctx, status, Header{{"content-type", "application/json"}}, append(body, '\n'))
}

// Stream begins an answer in pieces; write them to the stream and close it.
//
// The context is for all of the answer. A handler that returns nil without closing its stream ends it so.
func (r *Request) Stream(ctx context.Context, status int, header Header) (*Stream, error) {
	if err := checkStatus(status); err != nil {
		return nil, err
	}
	return r.startStream(ctx, status, headerFields(header), nil)
}

// startStream begins an answer with these fields and the first of its content, at most a piece.
func (r *Request) startStream(ctx context.Context, status int, fields []any, content []byte) (*Stream, error) {
	stream := &Stream{
		ctx: ctx, client: r.client, channel: r.ReplyChannel(), onGone: r.end, offset: int64(len(content)),
		last: r.answering(),
	}
	if err := r.begin(stream); err != nil {
		return nil, err
	}
	if err := r.settle(stream.send(r.tell(responseMessage(status, fields, content, true)))); err != nil {
		return nil, err
	}
	return stream, nil
}

// AnswerLater says that somebody else answers, or says that the event is done: another worker that was given the reply
// channel, a goroutine that outlives the handler, a message to a group that the reply channel is in.
//
// Without it a handler that returns and has not answered has failed, and a 500 is sent.
func (r *Request) AnswerLater() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isHandedOn = true
}

// isLeftToOthers says whether somebody else answers.
func (r *Request) isLeftToOthers() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isHandedOn
}

// IsGone says whether nobody waits for the answer any more; the handler's context has ended then.
//
// It is known once a message on the reply channel was answered so, and to a handler that has been at it for 250 ms also
// when the server says so (I27 of INTERFACE.md).
func (r *Request) IsGone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isGone
}

// end notes that nobody waits for the answer any more.
func (r *Request) end() {
	r.mu.Lock()
	r.isGone = true
	r.mu.Unlock()
	if r.cancel != nil {
		r.cancel()
	}
}

// begin notes that an answer begins; there is one for each request.
func (r *Request) begin(stream *Stream) error {
	if r.ReplyChannel() == "" {
		return fmt.Errorf("seaway: %w: the message has no reply channel", ErrState)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.isAnswered:
		return ErrAnswered
	case r.isGone:
		return refuse("SEND", "gone", "nobody waits for the answer any more")
	}
	r.isAnswered, r.stream = true, stream
	return nil
}

// settle lets another answer be given when surely nothing of this one was stored.
func (r *Request) settle(err error) error {
	switch {
	case err == nil || errors.Is(err, ErrUnknown):
	case errors.Is(err, ErrGone):
		r.end()
	default:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.isAnswered, r.stream = false, nil
	}
	return err
}

// subject is what a log line says that it is about.
func (r *Request) subject() string {
	path, isText := r.Message["path"].(string)
	if !isText {
		return cutText(r.Channel)
	}
	what := strings.TrimSpace(cutText(r.Text("method")+r.Text("type")) + " " + cutText(path))
	if name := r.RequestID(); name != "" {
		what += " (request " + cutText(name) + ")"
	}
	return what + " on " + r.Channel
}

func checkStatus(status int) error {
	if status < 200 || status > 599 {
		return outOfRange("a status", 200, 599, status)
	}
	return nil
}

func responseStart(status int, header Header, content []byte, hasMore bool) Message {
	return responseMessage(status, headerFields(header), content, hasMore)
}

func responseMessage(status int, fields []any, content []byte, hasMore bool) Message {
	message := Message{"status": status, "headers": fields}
	if len(content) > 0 {
		message["content"] = asField(content)
	}
	if hasMore {
		message["more_content"] = true
	}
	return message
}

// asField is the shorter form of bytes on the wire: a string where they are UTF-8, which every reader takes for bytes.
func asField(content []byte) any {
	if utf8.Valid(content) && 5*longInJSON(content) <= len(content)/3+len(`{"$bytes":}`) {
		return string(content)
	}
	return Bytes(content)
}

// longInJSON counts what takes six bytes in a string there, and not one.
func longInJSON(content []byte) int {
	count := 0
	for _, char := range content {
		if char < ' ' && char != '\t' && char != '\n' && char != '\r' {
			count++
		}
	}
	return count
}
