package seaway

import (
	"context"
	"net/http"
)

// serveConcurrency is how many handlers of net/http run at a time in Serve: each has a goroutine, and those that wait,
// for a database or for news to send on, hold up nobody.
const serveConcurrency = 256

// Serve runs a program of net/http as a worker, until the context ends; then it takes no more requests and lets those
// under way finish. A nil handler is http.DefaultServeMux.
//
// It is [Worker.HandleHTTP] of "http.request" with 256 handlers at a time, without a time limit, and 30 s to finish; of
// a handler made by [WithWebSockets] also [Worker.HandleUpgrades] of "websocket.connect". Who wants other channels or
// limits makes a [Worker]. The error is that of [Worker.Run].
func Serve(ctx context.Context, client *Client, handler http.Handler) error {
	worker := NewWorker(client)
	worker.Concurrency, worker.Timeout = serveConcurrency, 0
	if both, hasSockets := handler.(withWebSockets); hasSockets {
		handler = both.Handler
		worker.HandleUpgrades("websocket.connect", handler)
	}
	worker.HandleHTTP("http.request", handler)
	return worker.Run(ctx)
}

// withWebSockets marks a handler for Serve.
type withWebSockets struct{ http.Handler }

// WithWebSockets has [Serve] give the handler also the requests of browsers that want to open a WebSocket.
func WithWebSockets(handler http.Handler) http.Handler { return withWebSockets{handler} }

// HandleHTTP gives the requests of a channel to a handler of net/http.
//
// The request is as a server of net/http makes it: TLS is not nil when the browser speaks https, though there is nothing
// in it but the name of the site; the context ends when the client has left. The handler begins when all of the body has
// come, or more than 64 KiB: one of any size comes as it is read, and may be answered meanwhile. [RequestOf] has the
// message. The answer may be of any size: at most 64 KiB wait here, and a write waits while the client is slow. What
// waits is sent at Flush, and by itself when it is 64 KiB, or 4 KiB and older than 100 ms.
//
// http.ResponseController, http.CloseNotifier, io.ReaderFrom and http.ErrAbortHandler work as ever. A handler that panics
// or leaves by runtime.Goexit is answered with 500, or broken off when its answer had begun. The server decides about
// Content-Length and chunks: a length that a handler declares is checked, and is sent with HEAD and 304, and where the
// answer is in one message.
//
// What has no form in a message (sections 2 and 3 of INTERFACE.md) is left out, and harms no program:
//
//   - Answers of 1xx. WriteHeader with 100, or 102 to 199, does nothing, as often as it is called; fields that were set
//     for it stay in the header, and go out with the answer. Expect: 100-continue is answered by the server.
//   - Trailers. Those of a request are dropped by the server, and Request.Trailer is nil. Of an answer, names with
//     http.TrailerPrefix are left out, as is what is set behind the first write, announced by Trailer or not.
//   - The connection. The writer is no http.Hijacker and no http.Pusher, and http.ResponseController.Hijack returns
//     http.ErrNotSupported. A WebSocket is opened by [AcceptWebSocket]; WriteHeader(101) is answered with 500, as is a
//     status above 599.
func (w *Worker) HandleHTTP(channel string, handler http.Handler) {
	handler = orDefault(handler)
	server := &http.Server{Handler: handler}
	w.wish(channel)
	w.Handle(channel, func(ctx context.Context, r *Request) error {
		if !r.isHTTP() {
			return noForm("a message on %s that is no request", r.Channel)
		}
		return w.serveHTTP(ctx, handler, server, r)
	})
}

func orDefault(handler http.Handler) http.Handler {
	if handler == nil {
		return http.DefaultServeMux
	}
	return handler
}

func (w *Worker) serveHTTP(ctx context.Context, handler http.Handler, server *http.Server, r *Request) error {
	within := &httpContext{Context: ctx, request: r, server: server}
	request, err := newHTTPRequest(within, httpHeader(r.Message))
	if err != nil {
		return r.Respond(ctx, 400, Header{{"content-type", "text/plain; charset=utf-8"}}, []byte("400 Bad Request"))
	}
	takeBody(ctx, r, request)
	writer := newHTTPWriter(ctx, r, w.logger(), request.Method == http.MethodHead)
	defer writer.end()
	return runHTTP(handler, writer, request)
}

// runHTTP runs a handler and completes its answer.
func runHTTP(handler http.Handler, writer *httpWriter, request *http.Request) error {
	defer func() {
		if request.MultipartForm != nil {
			_ = request.MultipartForm.RemoveAll()
		}
	}()
	if request.RequestURI == "*" && request.Method == http.MethodOptions {
		// Of the server, not of one of its pages.
		return writer.finish()
	}
	handler.ServeHTTP(writer, request)
	return writer.finish()
}
