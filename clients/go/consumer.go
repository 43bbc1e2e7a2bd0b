package seaway

import (
	"context"
	"fmt"
	"reflect"
)

// SocketConsumer serves WebSockets as a value of a type: one for all sockets of a route ([SocketRoute].Consumer), or one
// for each of them ([AcceptWebSocket]).
//
// It may also have these two, which mean what the fields of the same names in [SocketRoute] do; methods of these names
// but another form are refused:
//
//	Connect(ctx context.Context, socket *Socket) error
//	Disconnect(ctx context.Context, socket *Socket, code int, reason string) error
type SocketConsumer interface {
	// Receive takes one message of the browser; the next of this socket comes when it has returned.
	Receive(ctx context.Context, socket *Socket, said SocketMessage) error
}

type connecter interface {
	Connect(ctx context.Context, socket *Socket) error
}

type disconnecter interface {
	Disconnect(ctx context.Context, socket *Socket, code int, reason string) error
}

// takeConsumer fills the fields of a route from its consumer.
func (r *SocketRoute) takeConsumer() error {
	if r.Consumer == nil {
		return nil
	}
	if r.Connect != nil || r.Receive != nil || r.Disconnect != nil {
		return noForm("the sockets of %s have a consumer, and functions besides", r.Path)
	}
	if err := checkConsumer(r.Consumer); err != nil {
		return err
	}
	r.Receive = r.Consumer.Receive
	if with, isThere := r.Consumer.(connecter); isThere {
		r.Connect = with.Connect
	}
	if with, isThere := r.Consumer.(disconnecter); isThere {
		r.Disconnect = with.Disconnect
	}
	return nil
}

func checkConsumer(consumer SocketConsumer) error {
	if streams, isDemultiplexer := consumer.(Demultiplexer); isDemultiplexer {
		return streams.check()
	}
	_, connects := consumer.(connecter)
	_, disconnects := consumer.(disconnecter)
	return checkMethods(consumer, connects, disconnects)
}

// checkMethods refuses what has the name of an event and would never be called.
func checkMethods(consumer any, connects, disconnects bool) error {
	value := reflect.ValueOf(consumer)
	if !connects && value.MethodByName("Connect").IsValid() {
		return fmt.Errorf("seaway: %w: Connect of a %T has not the form of a consumer's", ErrOption, consumer)
	}
	if !disconnects && value.MethodByName("Disconnect").IsValid() {
		return fmt.Errorf("seaway: %w: Disconnect of a %T has not the form of a consumer's", ErrOption, consumer)
	}
	return nil
}

// disconnect tells a consumer of the end, if it wants to know.
func disconnect(ctx context.Context, consumer SocketConsumer, s *Socket, code int, reason string) error {
	if with, isThere := consumer.(disconnecter); isThere {
		return with.Disconnect(ctx, s, code, reason)
	}
	return nil
}
