// Package seaway talks to a Seaway broker: it sends messages to channels and groups, listens, and runs workers.
//
// It has two halves. [Parser], [Session], [Message] and the name checks touch no socket and pass the vectors in
// protocol/vectors; [Client], [Listener] and [Worker] move bytes around them. Bodies are JSON on the wire.
//
// A call tells the truth about its message: a nil error means that the broker stored it or handed it on; a [Refusal]
// (errors.Is with [ErrFull], [ErrAway], [ErrGone] …) and [ErrOffline] mean that nothing was stored; [ErrUnknown]
// means that the connection or the context ended before the answer, so that nobody here can tell.
package seaway
