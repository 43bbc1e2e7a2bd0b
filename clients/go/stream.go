package seaway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// pieceSize is how much content a message of a stream carries at most (I11).
const pieceSize = 65536

// Stream is an HTTP answer in pieces: an io.WriteCloser.
//
// Each piece carries its offset, and the next is sent only when the broker has the one before, so that the reader sees
// a hole and never a damaged answer. While the channel is full (a slow client) a write waits. An error ends the
// stream: [ErrGone] says that nobody reads the answer any more.
type Stream struct {
	// Of the whole answer, as a writer takes none.
	ctx     context.Context
	client  *Client
	channel string
	// Called when nobody reads the answer any more.
	onGone func()
	// Options of the last piece.
	last []SendOption

	// The last piece was sent, and the broker has it: read while a write waits for room.
	isEnded, isWhole atomic.Bool

	mu       sync.Mutex
	offset   int64
	failedBy error
}

// Write sends content, in pieces of at most 65,536 bytes.
func (s *Stream) Write(content []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	for written < len(content) {
		if err := s.check(); err != nil {
			return written, err
		}
		piece := content[written:]
		if len(piece) > pieceSize {
			piece = piece[:pieceSize]
		}
		if err := s.send(s.piece(piece, true)); err != nil {
			return written, err
		}
		s.offset += int64(len(piece))
		written += len(piece)
	}
	return written, nil
}

// Close ends the answer; closing twice is closing once.
func (s *Stream) Close() error { return s.end(nil) }

// end ends the answer with the last of its content, at most a piece.
func (s *Stream) end(content []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isEnded.Load() || s.failedBy != nil {
		return s.failedBy
	}
	s.isEnded.Store(true)
	err := s.send(s.piece(content, false))
	s.isWhole.Store(err == nil)
	return err
}

func (s *Stream) check() error {
	if s.isEnded.Load() {
		return because(ErrClosed, errors.New("the answer has ended"))
	}
	return s.failedBy
}

func (s *Stream) piece(content []byte, hasMore bool) Message {
	message := Message{"offset": s.offset}
	if len(content) > 0 {
		message["content"] = asField(content)
	}
	if hasMore {
		message["more_content"] = true
	}
	return message
}

// send sends one message; when its outcome is unknown and it may stand twice it is sent again (I12).
func (s *Stream) send(message Message) error {
	send, options := sendWhenRoom, s.last
	if message.Bool("more_content") {
		options = nil
		if _, isFirst := message["status"]; !isFirst {
			send = sendSurely
		}
	}
	s.failedBy = send(s.ctx, s.client, s.channel, message, options...)
	if errors.Is(s.failedBy, ErrGone) {
		s.onGone()
	}
	return s.failedBy
}

// breakOff lets the reader know that the rest of the answer will not come: a second status is an error (I12).
func (s *Stream) breakOff(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isEnded.Store(true)
	if errors.Is(s.failedBy, ErrGone) {
		return nil
	}
	return sendWhenRoom(ctx, s.client, s.channel, Message{"status": 500})
}
