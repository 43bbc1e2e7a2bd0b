package seaway

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// SocketRoute says who serves the sockets of a path, and how.
//
// What a socket sends is dealt with in its order: the next of its events comes when Receive has returned, also with an
// error, while other sockets go on (W16 of INTERFACE.md). An error, a panic and runtime.Goexit are logged and close the
// socket with 1011, or reject it with 500.
type SocketRoute struct {
	// Path begins with /; "/chat/{room}" names a segment, "/files/*" takes all that follow ("/*").
	Path string
	// Channel is where connects come in; the other events come in beside it (W2). ("websocket.connect")
	Channel string
	// Concurrent has a socket's events come as fast as they are sent, to whichever worker is free, in any order; its
	// disconnect may be dealt with before its last message.
	Concurrent bool
	// Sticky has a socket's events come to the worker that accepted it as long as that lives, so that it can keep the
	// socket's state; a worker that leaves gives its sockets back to all (W18).
	Sticky bool

	// Consumer is a value with the methods of the three fields below, in place of them; only Receive is needed.
	Consumer SocketConsumer

	// Connect decides about a browser that wants to open a socket, in less than 5 s; nil accepts all.
	Connect func(ctx context.Context, socket *Socket) error
	// Receive takes one message of the browser.
	Receive func(ctx context.Context, socket *Socket, said SocketMessage) error
	// Disconnect hears of the end, once for every Connect (W5), with the code and the browser's reason; may be nil.
	Disconnect func(ctx context.Context, socket *Socket, code int, reason string) error

	pattern pathPattern
	mailbox string
}

// HandleSockets serves the sockets of a path: of the routes of a channel the first that fits. A connect that fits none
// is rejected with 404. A bad route makes [Worker.Run] fail.
func (w *Worker) HandleSockets(route SocketRoute) {
	if route.Path == "" {
		route.Path = "/*"
	}
	if route.Channel == "" {
		route.Channel = "websocket.connect"
	}
	var err error
	if route.pattern, err = parsePattern(route.Path); err != nil {
		w.wrong = err
		return
	}
	if err := route.takeConsumer(); err != nil {
		w.wrong = err
		return
	}
	if route.Receive == nil {
		w.wrong = fmt.Errorf("seaway: %w: the sockets of %s have no Receive", ErrOption, route.Path)
		return
	}
	if route.Sticky {
		route.mailbox = newMailbox("websocket.worker.")
		w.Handle(route.mailbox, w.socketHandler([]*SocketRoute{&route}))
	}
	if w.sockets == nil {
		w.sockets = make(map[string][]*SocketRoute)
	}
	isNew := w.sockets[route.Channel] == nil
	w.sockets[route.Channel] = append(w.sockets[route.Channel], &route)
	if !isNew {
		return
	}
	serve := func(ctx context.Context, r *Request) error {
		return w.socketHandler(w.sockets[route.Channel])(ctx, r)
	}
	w.Handle(route.Channel, serve)
	w.Handle(beside(route.Channel, "receive"), serve)
	w.Handle(beside(route.Channel, "disconnect"), serve)
	for _, name := range []string{route.Channel, beside(route.Channel, "receive"), beside(route.Channel, "disconnect")} {
		w.wish(name)
	}
}

// beside is the channel of another event than a connect (W2).
func beside(connect, event string) string {
	if rest := strings.TrimPrefix(connect, "websocket.connect"); rest != connect {
		return "websocket." + event + rest
	}
	return connect + "." + event
}

// socketHandler gives each event to the route of its path.
func (w *Worker) socketHandler(routes []*SocketRoute) Handler {
	return func(ctx context.Context, r *Request) error {
		r.leaveToSocket()
		socket := w.newSocket(r)
		if socket == nil {
			return nil
		}
		for _, route := range routes {
			if parameters, fits := route.pattern.match(socket.Path()); fits {
				socket.route, socket.Parameters = route, parameters
				w.serveSocket(ctx, socket, r.Channel)
				return nil
			}
		}
		if !socket.isDecided {
			w.noteSocket(socket, socket.Reject(ctx, 404, nil, nil))
			return nil
		}
		w.logger().Printf("seaway: %s: no route fits %s", r.Channel, socket.Path())
		return nil
	}
}

// newSocket is the socket of an event, nil when the message is none.
func (w *Worker) newSocket(r *Request) *Socket {
	socket := &Socket{
		Channel: r.ReplyChannel(), ControlChannel: r.Text("control_channel"), Event: r.Message,
		client: w.client, kept: &w.kept, isDecided: r.Text("type") != typeConnect,
	}
	if !socket.isDecided {
		socket.deciding = r.answering()
	}
	if socket.Channel == "" || socket.ControlChannel == "" {
		w.logger().Printf("seaway: %s: a message that is no event of a socket", r.Channel)
		return nil
	}
	return socket
}

// serveSocket works on one event of a socket whose route was found.
func (w *Worker) serveSocket(ctx context.Context, s *Socket, channel string) {
	switch kind := s.Event.Text("type"); kind {
	case typeConnect:
		w.connectSocket(ctx, s)
	case typeReceive:
		err := guard(func() error {
			said, err := received(s.Event)
			if err != nil {
				return err
			}
			return s.route.Receive(ctx, s, said)
		})
		if w.noteSocket(s, err) {
			w.tellSocket(s, func(late context.Context) error { return s.closeFor(late, err) })
		}
	case typeDisconnect:
		defer w.kept.forget(s.Channel)
		if s.route.Disconnect == nil {
			return
		}
		code := 1005
		if _, isThere := s.Event["code"].(int64); isThere {
			code = int(s.Event.Int("code"))
		}
		w.noteSocket(s, guard(func() error { return s.route.Disconnect(ctx, s, code, s.Event.Text("reason")) }))
	default:
		w.client.logger.Printf("seaway: %s: an event of the unknown type %q", channel, kind)
	}
}

func (w *Worker) connectSocket(ctx context.Context, s *Socket) {
	err := guard(func() error {
		if s.route.Connect != nil {
			if err := s.route.Connect(ctx, s); err != nil {
				return err
			}
		}
		if s.hasDecision() {
			return nil
		}
		return s.Accept(ctx, AcceptOptions{})
	})
	w.endConnect(s, err)
}

// endConnect sees to what a connect has left open.
func (w *Worker) endConnect(s *Socket, err error) {
	if !w.noteSocket(s, err) {
		return
	}
	w.kept.forget(s.Channel)
	w.tellSocket(s, func(late context.Context) error {
		if s.hasDecision() {
			return s.closeFor(late, err)
		}
		if errors.Is(err, ErrNoSession) {
			return s.refuseLeaving(late)
		}
		return s.Reject(late, 500, nil, nil)
	})
}

// tellSocket sends something when the handler's own time may be over.
func (w *Worker) tellSocket(s *Socket, send func(context.Context) error) {
	late, cancel := context.WithTimeout(context.Background(), w.client.options.Wait)
	defer cancel()
	w.noteSocket(s, send(late))
}

// noteSocket logs an error; it says whether the socket is to be closed for it: not for that of one that has ended, or of a
// message that is lost with its broker, which are nobody's fault.
func (w *Worker) noteSocket(s *Socket, err error) bool {
	if err == nil || s.isExcused(err) {
		return false
	}
	if isAbort(err) {
		return true
	}
	if s.mayHaveLost(err) {
		// The socket is as it was, and goes on over other connections.
		w.client.logger.Printf("seaway: a message to the socket %s may be lost: %v", s.Channel, err)
		return false
	}
	w.client.logger.Printf("seaway: %s %s of the socket %s failed: %v", s.Event.Text("type"), cutText(s.Path()), s.Channel, err)
	return true
}
