// Package seaway talks to a Seaway broker: it sends messages to channels and groups, listens, and runs workers.
//
// It has two halves. [Parser], [Session], [Message] and the name checks touch no socket and pass the vectors in
// protocol/vectors; [Client], [Listener] and [Worker] move bytes around them. Bodies are JSON on the wire.
//
// A call tells the truth about its message: a nil error means that the broker stored it or handed it on; a [Refusal]
// (errors.Is with [ErrFull], [ErrAway], [ErrGone] …) and [ErrOffline] mean that nothing was stored; [ErrUnknown]
// means that the connection or the context ended before the answer, so that nobody here can tell; a message with a key
// ([Once]) is then sent again by itself.
//
// What is delivered is gone with whoever has it, unless its channel is read with acknowledgement
// ([Worker.HandleAcknowledged], [Client.ListenAcknowledged]): then the broker keeps it until it is done, and gives it
// to another when its holder dies, gives it back ([Retry]), or is silent for too long; after some times it is a dead
// letter.
package seaway
