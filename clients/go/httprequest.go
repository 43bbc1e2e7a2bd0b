package seaway

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
)

// newHTTPRequest makes of an http.request, or of a websocket.connect, what a server of net/http makes of what a client
// sends.
//
// The error says why a server of net/http would have answered with 400.
func newHTTPRequest(ctx *httpContext, header http.Header) (*http.Request, error) {
	r := ctx.request
	target := targetOf(r.Message)
	address, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	request := &http.Request{
		Method: r.Text("method"), URL: address, RequestURI: target, Header: header, Host: header.Get("Host"),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: addressOf(r.Message, "client"), Body: http.NoBody,
	}
	header.Del("Host")
	switch r.Text("http_version") {
	case "1.0":
		request.Proto, request.ProtoMinor = "HTTP/1.0", 0
	case "2":
		request.Proto, request.ProtoMajor, request.ProtoMinor = "HTTP/2.0", 2, 0
	}
	if scheme := r.Text("scheme"); scheme == "https" || scheme == "wss" {
		request.TLS = &tls.ConnectionState{HandshakeComplete: true, ServerName: address.Hostname()}
		if request.TLS.ServerName == "" {
			request.TLS.ServerName = (&url.URL{Host: request.Host}).Hostname()
		}
	}
	return request.WithContext(ctx), nil
}

// targetOf is the target of the request line, in origin form.
func targetOf(message Message) string {
	target := string(message.Bytes("raw_path"))
	if target == "" {
		target = (&url.URL{Path: message.Text("path")}).EscapedPath()
	}
	if query := message.Bytes("query_string"); len(query) > 0 {
		target += "?" + string(query)
	}
	return target
}

// httpHeader has the fields of a request under their canonical names.
func httpHeader(message Message) http.Header {
	list, _ := message["headers"].([]any)
	header := make(http.Header, len(list))
	// One piece of memory for all values, as most names stand once.
	values := make([]string, len(list))
	for index, item := range list {
		pair, isPair := item.([]any)
		if !isPair || len(pair) != 2 {
			continue
		}
		name := textproto.CanonicalMIMEHeaderKey(asText(pair[0]))
		if before := header[name]; before != nil {
			header[name] = append(before, asText(pair[1]))
			continue
		}
		values[index] = asText(pair[1])
		header[name] = values[index : index+1 : index+1]
	}
	return header
}

func asText(value any) string {
	if text, isText := value.(string); isText {
		return text
	}
	return string(asBytes(value))
}

// addressOf is HOST:PORT, "" where there is none.
func addressOf(message Message, key string) string {
	list, _ := message[key].([]any)
	if len(list) != 2 {
		return ""
	}
	port, _ := list[1].(int64)
	return net.JoinHostPort(asText(list[0]), strconv.FormatInt(port, 10))
}

// httpContext is that of a request: it knows what programs look for there.
type httpContext struct {
	context.Context
	request *Request
	server  *http.Server
	// Of a browser that asks for a WebSocket.
	upgrade *upgrade
}

type httpContextKey struct{}

// Value has what those of net/http have: the server, which says that a handler may panic with http.ErrAbortHandler, and
// the address at which the request came in.
func (c *httpContext) Value(key any) any {
	switch key {
	case http.ServerContextKey:
		return c.server
	case http.LocalAddrContextKey:
		return localAddress(addressOf(c.request.Message, "server"))
	case httpContextKey{}:
		return c
	default:
		return c.Context.Value(key)
	}
}

// localAddress is a net.Addr; "" of a Unix socket, whose name is not told.
type localAddress string

func (a localAddress) String() string { return string(a) }

func (a localAddress) Network() string {
	if a == "" {
		return "unix"
	}
	return "tcp"
}

// RequestOf is the message behind a request that [Serve] gave to its handler, from the request's context: for what
// net/http has no place for, such as "root_path", [Request.Client], or [Request.AnswerLater]. Nil for any other context.
func RequestOf(ctx context.Context) *Request {
	if found, isOurs := ctx.Value(httpContextKey{}).(*httpContext); isOurs {
		return found.request
	}
	return nil
}

// noForm says that something of net/http has no form in a message.
func noForm(format string, values ...any) error {
	return fmt.Errorf("seaway: %w: "+format, append([]any{ErrOption}, values...)...)
}
