package seaway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sort"
)

// Demultiplexer is a [SocketConsumer] that serves several streams, by their names, over one socket: each message, both
// ways, is the JSON text {"stream": NAME, "payload": VALUE}.
//
//	worker.HandleSockets(seaway.SocketRoute{Path: "/live", Consumer: seaway.Demultiplexer{"prices": prices, "chat": chat}})
//
// What is no such message, or of no stream that there is, closes the socket with 1007, a binary message with 1003.
type Demultiplexer map[string]StreamConsumer

// StreamConsumer serves one stream of the sockets of a [Demultiplexer]. It may also have these two, called for each
// stream in the order of their names; once one has rejected the socket no further Connect is called:
//
//	Connect(ctx context.Context, stream *SocketStream) error
//	Disconnect(ctx context.Context, stream *SocketStream, code int, reason string) error
type StreamConsumer interface {
	// Receive takes one payload, as it stands in the message.
	Receive(ctx context.Context, stream *SocketStream, payload json.RawMessage) error
}

type streamConnecter interface {
	Connect(ctx context.Context, stream *SocketStream) error
}

type streamDisconnecter interface {
	Disconnect(ctx context.Context, stream *SocketStream, code int, reason string) error
}

// SocketStream is a stream of one socket.
type SocketStream struct {
	// Socket carries this stream and the others.
	*Socket
	// Name is that of the stream.
	Name string
}

// SendPayload sends a value as JSON in this stream.
func (s *SocketStream) SendPayload(ctx context.Context, payload any) error {
	said, err := StreamMessage(s.Name, payload)
	if err != nil {
		return err
	}
	return s.Send(ctx, said)
}

// Session is the part of the socket's session that is this stream's own.
func (s *SocketStream) Session() (*SocketSession, error) {
	session, err := s.Socket.Session()
	if err != nil {
		return nil, err
	}
	return session.stream(s.Name), nil
}

// StreamMessage is what says a value in a stream, for groups: client.SendGroup(ctx, "traders", said.Message(), "").
func StreamMessage(stream string, payload any) (SocketMessage, error) {
	content, err := json.Marshal(struct {
		Stream  string `json:"stream"`
		Payload any    `json:"payload"`
	}{stream, payload})
	return SocketMessage{Content: content, IsText: true}, err
}

// Connect tells each stream.
func (d Demultiplexer) Connect(ctx context.Context, s *Socket) error {
	for _, stream := range d.streams(s) {
		if with, isThere := d[stream.Name].(streamConnecter); isThere {
			if err := with.Connect(ctx, stream); err != nil {
				return err
			}
		}
		if s.isRejected() {
			return nil
		}
	}
	return nil
}

// Receive gives a payload to its stream.
func (d Demultiplexer) Receive(ctx context.Context, s *Socket, said SocketMessage) error {
	if !said.IsText {
		return s.Close(ctx, 1003, "a text with JSON is expected")
	}
	var fields map[string]json.RawMessage
	if !json.Valid(said.Content) {
		return s.Close(ctx, 1007, "the text is no JSON")
	}
	name := (*string)(nil)
	if json.Unmarshal(said.Content, &fields) == nil {
		_ = json.Unmarshal(fields["stream"], &name)
	}
	payload, hasPayload := fields["payload"]
	if name == nil || !hasPayload {
		return s.Close(ctx, 1007, `expected is {"stream": NAME, "payload": …}`)
	}
	consumer := d[*name]
	if consumer == nil {
		return s.Close(ctx, 1007, cutTo(fmt.Sprintf("there is no stream %+q", cutTo(*name, 48)), mostReason-len("…")))
	}
	return consumer.Receive(ctx, &SocketStream{s, *name}, bytes.TrimSpace(payload))
}

// Disconnect tells every stream; the error is the first.
func (d Demultiplexer) Disconnect(ctx context.Context, s *Socket, code int, reason string) error {
	var first error
	for _, stream := range d.streams(s) {
		stream := stream
		if with, isThere := d[stream.Name].(streamDisconnecter); isThere {
			err := guard(func() error { return with.Disconnect(ctx, stream, code, reason) })
			if first == nil {
				first = err
			}
		}
	}
	return first
}

// streams are those of a socket, in the order of their names.
func (d Demultiplexer) streams(s *Socket) []*SocketStream {
	streams := make([]*SocketStream, 0, len(d))
	for name := range d {
		streams = append(streams, &SocketStream{s, name})
	}
	sort.Slice(streams, func(i, j int) bool { return streams[i].Name < streams[j].Name })
	return streams
}

func (d Demultiplexer) check() error {
	if len(d) == 0 {
		return noForm("a demultiplexer has streams: give it some, by name")
	}
	for name, consumer := range d {
		if consumer == nil {
			return noForm("the stream %q of a demultiplexer has no consumer", name)
		}
		_, connects := consumer.(streamConnecter)
		_, disconnects := consumer.(streamDisconnecter)
		if err := checkMethods(consumer, connects, disconnects); err != nil {
			return err
		}
	}
	return nil
}
