package seaway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// Socket is one WebSocket of a browser, as long as it is open; it may be kept, and used from anywhere.
//
// What sends returns when the broker has it; while the browser is slow it waits, until the context ends. [ErrGone]
// says that the socket is closed.
type Socket struct {
	// Channel names the socket: what is sent there goes to the browser, and it may be a member of groups.
	Channel string
	// ControlChannel is for what must not wait behind data (W14 of INTERFACE.md).
	ControlChannel string
	// Event is what has happened to it: in a connect it has the headers and the query string.
	Event Message
	// Parameters are what the route's path names: "/chat/{room}", "*" for the tail of "/files/*".
	Parameters map[string]string

	client *Client
	route  *SocketRoute
	kept   *keptSockets
	// Of the message that decides, by which the connect is done: it is not to come again.
	deciding []SendOption

	mu sync.Mutex
	// It was accepted or rejected, and which.
	isDecided, isRefused bool
	// Nobody is there any more.
	isGone bool
	// Whether one of its messages was stored or not, since the connection broke.
	isUnsure bool
}

// SocketMessage is what a browser says, or is told, in one message. Either kind may be empty.
type SocketMessage struct {
	Content []byte
	IsText  bool
}

// AcceptOptions of a socket.
type AcceptOptions struct {
	// Subprotocol is one of those that the browser offers ([Socket.Subprotocols]), or "".
	Subprotocol string
	// Header has more fields for the 101.
	Header Header
	// Greeting is the first message, in one step with the opening.
	Greeting *SocketMessage
	// Groups are joined before the socket opens, so that nothing is missed that is sent to them from then on.
	Groups []string
}

// Path is the path, percent-decoded.
func (s *Socket) Path() string { return s.Event.Text("path") }

// Client is the worker's connection, for sending elsewhere.
func (s *Socket) Client() *Client { return s.client }

// Subprotocols are what the browser offers, in its order; only in a connect.
func (s *Socket) Subprotocols() []string {
	list, _ := s.Event["subprotocols"].([]any)
	var names []string
	for _, item := range list {
		if name, isText := item.(string); isText {
			names = append(names, name)
		}
	}
	return names
}

// Accept opens the socket. A route's Connect that returns nil without a decision accepts too.
func (s *Socket) Accept(ctx context.Context, options AcceptOptions) error {
	message := Message{"accept": true}
	if !s.route.Concurrent {
		message["serial"] = true
	}
	if options.Subprotocol != "" {
		message["subprotocol"] = options.Subprotocol
	}
	if len(options.Header) > 0 {
		message["headers"] = headerFields(options.Header)
	}
	if options.Greeting != nil {
		options.Greeting.putIn(message)
	}
	if s.hasDecision() {
		return ErrAnswered
	}
	for _, group := range options.Groups {
		if err := s.Join(ctx, group); err != nil {
			return err
		}
	}
	if err := s.decide(); err != nil {
		return err
	}
	if s.route.mailbox != "" {
		if channel := s.kept.keep(s, s.route.mailbox); channel != "" {
			message["receive_channel"] = channel
		}
	}
	err := s.put(ctx, s.Channel, message, s.deciding...)
	if errors.Is(err, ErrGone) {
		s.kept.forget(s.Channel)
	}
	return err
}

// Reject does not open the socket; the browser gets this answer, of which its scripts see only that there is no socket.
func (s *Socket) Reject(ctx context.Context, status int, header Header, content []byte) error {
	return s.reject(ctx, status, headerFields(header), content)
}

func (s *Socket) reject(ctx context.Context, status int, fields []any, content []byte) error {
	message := Message{"accept": false, "status": status}
	if len(fields) > 0 {
		message["headers"] = fields
	}
	if len(content) > 0 {
		message["content"] = asField(content)
	}
	if err := s.decide(); err != nil {
		return err
	}
	s.mu.Lock()
	s.isRefused = true
	s.mu.Unlock()
	s.kept.forget(s.Channel)
	return s.put(ctx, s.Channel, message, s.deciding...)
}

// Send sends a message; a socket that was only asked for is accepted with it.
func (s *Socket) Send(ctx context.Context, said SocketMessage) error {
	if !s.hasDecision() {
		return s.Accept(ctx, AcceptOptions{Greeting: &said})
	}
	return s.put(ctx, s.Channel, said.Message())
}

// SendText sends a text message, which has to be UTF-8.
func (s *Socket) SendText(ctx context.Context, text string) error {
	return s.Send(ctx, SocketMessage{Content: []byte(text), IsText: true})
}

// SendBytes sends a binary message.
func (s *Socket) SendBytes(ctx context.Context, content []byte) error {
	return s.Send(ctx, SocketMessage{Content: content})
}

// SendJSON sends a value as JSON text.
func (s *Socket) SendJSON(ctx context.Context, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.Send(ctx, SocketMessage{Content: content, IsText: true})
}

// Close closes the socket behind what was sent before; one that was only asked for is rejected with 403.
//
// Codes are 1000 to 1003, 1007 to 1014 and 3000 to 4999; a reason has at most 123 bytes (W11).
func (s *Socket) Close(ctx context.Context, code int, reason string) error {
	return s.closeOn(ctx, s.Channel, code, reason)
}

// CloseAtOnce closes the socket before what still waits to be sent.
func (s *Socket) CloseAtOnce(ctx context.Context, code int, reason string) error {
	return s.closeOn(ctx, s.ControlChannel, code, reason)
}

// refuseLeaving rejects a socket that would have to be kept in a process that is about to leave.
func (s *Socket) refuseLeaving(ctx context.Context) error {
	return s.Reject(ctx, 503, Header{{"retry-after", "1"}}, nil)
}

// closeFor closes a socket whose handler has failed.
func (s *Socket) closeFor(ctx context.Context, err error) error {
	if errors.Is(err, ErrNoSession) {
		// It is well with the next one.
		return s.Close(ctx, closeRestart, "its worker has left")
	}
	return s.Close(ctx, 1011, "")
}

func (s *Socket) closeOn(ctx context.Context, channel string, code int, reason string) error {
	isCode := (1000 <= code && code <= 1003) || (1007 <= code && code <= 1014) || (3000 <= code && code <= 4999)
	if !isCode {
		return fmt.Errorf(
			"seaway: %w: a close code is 1000 to 1003, 1007 to 1014 or 3000 to 4999, this one is %d", ErrOption, code)
	}
	if len(reason) > mostReason {
		return fmt.Errorf("seaway: %w: a reason has at most %d bytes, this one has %d", ErrOption, mostReason, len(reason))
	}
	if !s.hasDecision() {
		return s.Reject(ctx, 403, nil, nil)
	}
	message := Message{"close": code}
	if reason != "" {
		message["reason"] = reason
	}
	// One that comes twice does no harm.
	return s.note(ctx, sendSurely(ctx, s.client, channel, message))
}

// Join makes the socket a member of a group until it closes; in force when it returns, also before the socket is
// accepted (W9).
func (s *Socket) Join(ctx context.Context, group string) error {
	return s.client.Join(ctx, group, s.Channel)
}

// Leave ends a membership.
func (s *Socket) Leave(ctx context.Context, group string) error {
	return s.client.Leave(ctx, group, s.Channel)
}

// ReceiveOn has the socket's events sent to another channel from now on; "" gives it back to the shared ones (W18).
// A route that is Sticky sees to this by itself. Another channel than one in such a mailbox closes the socket with 1011,
// unless an option of the interface server allows it (--websocket-receive-channel).
func (s *Socket) ReceiveOn(ctx context.Context, channel string) error {
	message := Message{"receive_channel": nil}
	if channel != "" {
		message["receive_channel"] = channel
	}
	return s.put(ctx, s.ControlChannel, message)
}

func (s *Socket) put(ctx context.Context, channel string, message Message, options ...SendOption) error {
	return s.note(ctx, sendWhenRoom(ctx, s.client, channel, message, options...))
}

// note remembers what became of a message to the socket.
func (s *Socket) note(ctx context.Context, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, ErrGone) {
		s.isGone = true
	} else if errors.Is(err, ErrUnknown) && ctx.Err() == nil {
		s.isUnsure = true
	}
	return err
}

func (s *Socket) decide() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isDecided {
		return ErrAnswered
	}
	s.isDecided = true
	return nil
}

// isExcused says whether an error only tells that somebody has left; while the browser waits for a decision that is as good
// a reason to fail as any.
func (s *Socket) isExcused(err error) bool {
	var abrupt *abruptEnd
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Is(err, ErrGone) && !errors.As(err, &abrupt) && (s.isGone || s.isDecided)
}

// mayHaveLost says whether an error only tells that a message to the socket is lost, perhaps, with its broker.
func (s *Socket) mayHaveLost(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Is(err, ErrUnknown) && s.isUnsure && s.Event.Text("type") != typeConnect
}

func (s *Socket) isRejected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isRefused
}

func (s *Socket) hasDecision() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isDecided
}

// Message is what says it to a group: client.SendGroup(ctx, "chat", said.Message(), "").
func (m SocketMessage) Message() Message {
	message := make(Message)
	m.putIn(message)
	return message
}

func (m SocketMessage) putIn(message Message) {
	if m.IsText {
		message["text"] = string(m.Content)
	} else {
		message["bytes"] = asField(m.Content)
	}
}

// received reads a websocket.receive: which kind it was is said by the name (W4).
func received(event Message) (SocketMessage, error) {
	if text, isText := event["text"].(string); isText {
		return SocketMessage{Content: []byte(text), IsText: true}, nil
	}
	switch event["bytes"].(type) {
	case string, Bytes:
		return SocketMessage{Content: event.Bytes("bytes")}, nil
	default:
		return SocketMessage{}, errors.New("neither text nor bytes")
	}
}

func headerFields(header Header) []any {
	fields := make([]any, len(header))
	for index, field := range header {
		fields[index] = []any{asField([]byte(field[0])), asField([]byte(field[1]))}
	}
	return fields
}
