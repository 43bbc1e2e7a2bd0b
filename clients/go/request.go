package seaway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

	client *Client
	mu     sync.Mutex
	// Something was sent to the reply channel; stream is the answer in pieces that began.
	isAnswered bool
	stream     *Stream
}

// ReplyChannel is where the answer goes, "" when nobody waits for one.
func (r *Request) ReplyChannel() string { return r.Text("reply_channel") }

// Client is the worker's connection, for sending elsewhere.
func (r *Request) Client() *Client { return r.client }

// Reply sends any message to the reply channel, once; [ErrFull] and [ErrGone] come back at once.
func (r *Request) Reply(ctx context.Context, message Message) error {
	if err := r.begin(nil); err != nil {
		return err
	}
	return r.settle(r.client.Send(ctx, r.ReplyChannel(), message))
}

// Respond answers an HTTP request in one message. Names of fields are best given in lower case.
//
// While the channel is full (a slow client) it waits and tries again, until the context ends. [ErrGone] says that
// nobody reads the answer any more.
func (r *Request) Respond(ctx context.Context, status int, header Header, body []byte) error {
	if err := r.begin(nil); err != nil {
		return err
	}
	return r.settle(sendWhenRoom(ctx, r.client, r.ReplyChannel(), responseStart(status, header, body, false)))
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
	stream := &Stream{ctx: ctx, client: r.client, channel: r.ReplyChannel()}
	if err := r.begin(stream); err != nil {
		return nil, err
	}
	if err := r.settle(stream.send(responseStart(status, header, nil, true))); err != nil {
		return nil, err
	}
	return stream, nil
}

// begin notes that an answer begins; there is one for each request.
func (r *Request) begin(stream *Stream) error {
	if r.ReplyChannel() == "" {
		return fmt.Errorf("seaway: %w: the message has no reply channel", ErrState)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isAnswered {
		return fmt.Errorf("seaway: %w: the request was answered before", ErrState)
	}
	r.isAnswered, r.stream = true, stream
	return nil
}

// settle lets another answer be given when surely nothing of this one was stored.
func (r *Request) settle(err error) error {
	if err != nil && !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrGone) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.isAnswered, r.stream = false, nil
	}
	return err
}

// openStream is the answer in pieces that began and has not ended, nil if there is none.
func (r *Request) openStream() *Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stream == nil || r.stream.isClosed() {
		return nil
	}
	return r.stream
}

// fail tells whoever waits that the handler failed: a 500, or the end of the answer that had begun.
func (r *Request) fail(ctx context.Context) error {
	if stream := r.openStream(); stream != nil {
		return stream.breakOff(ctx)
	}
	r.mu.Lock()
	isDone := r.isAnswered
	r.mu.Unlock()
	if isDone || r.ReplyChannel() == "" {
		return nil
	}
	return r.Respond(ctx, 500, Header{{"content-type", "text/plain"}}, []byte("Internal Server Error\n"))
}

func responseStart(status int, header Header, content []byte, hasMore bool) Message {
	message := Message{"status": status, "headers": headerFields(header)}
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
	if utf8.Valid(content) {
		return string(content)
	}
	return Bytes(content)
}

// sendWhenRoom tries again for as long as the channel is full.
func sendWhenRoom(ctx context.Context, client *Client, channel string, message Message) error {
	pause := newBackoff(5*time.Millisecond, time.Second)
	for {
		err := client.Send(ctx, channel, message)
		if !errors.Is(err, ErrFull) {
			return err
		}
		if !pause.wait(ctx) {
			return err
		}
	}
}
