package seaway

import (
	"context"
	"fmt"
	"net/http"
)

// upgrade is a browser that asks for a WebSocket, as a handler of net/http sees it.
type upgrade struct {
	worker *Worker
	socket *Socket
}

// HandleUpgrades gives browsers that want to open a WebSocket to a handler of net/http: the channel is that of connects,
// such as "websocket.connect". The handler sees a GET with its headers and cookies, through whatever it is wrapped in.
//
// [AcceptWebSocket] opens the socket. What the handler answers otherwise, with less than 64 KiB, the browser gets in
// its place; 5 s are left for either. A handler that panics has the browser answered with 500.
func (w *Worker) HandleUpgrades(channel string, handler http.Handler) {
	handler = orDefault(handler)
	server := &http.Server{Handler: handler}
	route := &SocketRoute{
		Path: "/*", Channel: channel, Sticky: true, pattern: pathPattern{hasTail: true},
		mailbox: newMailbox("websocket.worker."), Receive: w.receiveKept, Disconnect: w.disconnectKept,
	}
	events := w.socketHandler([]*SocketRoute{route})
	w.Handle(channel, func(ctx context.Context, r *Request) error {
		r.leaveToSocket()
		socket := w.newSocket(r)
		if socket == nil {
			return nil
		}
		socket.route = route
		w.endConnect(socket, guard(func() error { return w.serveUpgrade(ctx, handler, server, r, socket) }))
		return nil
	})
	w.Handle(beside(channel, "receive"), events)
	w.Handle(beside(channel, "disconnect"), events)
	for _, name := range []string{channel, beside(channel, "receive"), beside(channel, "disconnect")} {
		w.wish(name)
	}
	w.Handle(route.mailbox, events)
}

func (w *Worker) serveUpgrade(
	ctx context.Context, handler http.Handler, server *http.Server, r *Request, socket *Socket,
) error {
	within := &httpContext{Context: ctx, request: r, server: server, upgrade: &upgrade{w, socket}}
	header := httpHeader(r.Message)
	header.Set("Connection", "Upgrade")
	header.Set("Upgrade", "websocket")
	request, err := newHTTPRequest(within, header)
	if err != nil {
		return socket.Reject(ctx, 400, Header{{"content-type", "text/plain; charset=utf-8"}}, []byte("400 Bad Request"))
	}
	request.Method = http.MethodGet
	writer := newHTTPWriter(ctx, r, w.logger(), false)
	writer.socket = socket
	defer writer.end()
	return runHTTP(handler, writer, request)
}

// AcceptWebSocket opens the WebSocket that a request asks for, in a handler of [Worker.HandleUpgrades] or
// [WithWebSockets]; fields that were put in the writer's header, such as cookies, go out with the opening.
//
// From then on the consumer, made for this socket alone, gets what the browser says, one message after another, also
// while the handler still runs, and hears of the end by Disconnect, if it has that; a Connect is not called. All of it
// happens in this process. When it leaves it closes the socket with 1012, and browsers come again: consumers of a
// [SocketRoute], which keep nothing in the process, need not be closed.
//
// [ErrState]: the request asks for no WebSocket; [ErrClosing]: the worker leaves, and the browser is answered with 503.
func AcceptWebSocket(
	writer http.ResponseWriter, request *http.Request, consumer SocketConsumer, options AcceptOptions,
) (*Socket, error) {
	within, isOurs := request.Context().Value(httpContextKey{}).(*httpContext)
	if !isOurs || within.upgrade == nil {
		return nil, fmt.Errorf("seaway: %w: the request asks for no WebSocket, or not by HandleUpgrades", ErrState)
	}
	if consumer == nil {
		return nil, noForm("a WebSocket is accepted with a consumer")
	}
	if err := checkConsumer(consumer); err != nil {
		return nil, err
	}
	socket := within.upgrade.socket
	for _, field := range responseFields(writer.Header()) {
		pair := field.([]any)
		options.Header = append(options.Header, [2]string{asText(pair[0]), asText(pair[1])})
	}
	if socket.hasDecision() {
		return nil, ErrAnswered
	}
	if !socket.kept.own(socket, consumer) {
		refusal := socket.refuseLeaving(request.Context())
		if refusal != nil {
			return nil, refusal
		}
		return nil, ErrClosing
	}
	return socket, socket.Accept(request.Context(), options)
}

// receiveKept gives what a browser says to the consumer of its socket.
func (w *Worker) receiveKept(ctx context.Context, s *Socket, said SocketMessage) error {
	consumer := w.kept.consumer(s.Channel)
	if consumer == nil {
		return ErrNoSession
	}
	return consumer.Receive(ctx, s, said)
}

func (w *Worker) disconnectKept(ctx context.Context, s *Socket, code int, reason string) error {
	consumer := w.kept.consumer(s.Channel)
	if consumer == nil {
		// Refused, or of a worker that has told it.
		return nil
	}
	return disconnect(ctx, consumer, s, code, reason)
}
