package seaway

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
)

// dialer opens connections to an address: HOST:PORT, tls://HOST:PORT or unix:PATH.
//
// The handshake is part of it, and the broker's certificate has to be for HOST, unless config names another.
func dialer(address string, config *tls.Config) func(context.Context) (net.Conn, error) {
	if path := strings.TrimPrefix(address, "unix:"); path != address {
		return func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "unix", path) }
	}
	if host := strings.TrimPrefix(address, "tls://"); host != address {
		secure := &tls.Dialer{Config: config}
		return func(ctx context.Context) (net.Conn, error) { return secure.DialContext(ctx, "tcp", host) }
	}
	return func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", address) }
}
