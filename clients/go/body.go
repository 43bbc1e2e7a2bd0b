package seaway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// bodyWindow is how much of a body is asked for ahead of what was read: what it takes of the broker and of this
	// process.
	bodyWindow = 524_288
	bodyCredit = 256
	// bodyPatience is how long no piece may come before the server is taken for gone; its own times are shorter.
	bodyPatience = 3 * time.Minute
)

var errBodyClosed = because(ErrClosed, errors.New("the body was closed"))

// Body is the body of a request: an io.ReadCloser (section 2.1 of INTERFACE.md).
//
// One that comes in pieces is asked for as it is read, so the browser is not read faster than that. An error ends it:
// [ErrBody] says that the rest does not come.
type Body struct {
	// Of the whole body, as a reader takes none.
	ctx      context.Context
	cancel   context.CancelFunc
	request  *Request
	channel  string
	patience time.Duration
	// Ends what waits, for handlers of net/http.
	deadline deadline

	isClosed atomic.Bool

	mu       sync.Mutex
	listener *Listener
	rest     []byte
	// Bytes that came, and up to which they were asked for.
	offset, asked int64
	isWhole       bool
	failedBy      error
}

// Body reads the body of an HTTP request, be it whole in the message or in pieces; the context is for all of it.
//
// There is one for each request. It is closed when the handler ends, and what was not read is nobody's then.
func (r *Request) Body(ctx context.Context) *Body {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.body == nil {
		reading, cancel := context.WithCancel(ctx)
		r.body = &Body{ctx: reading, cancel: cancel, request: r, channel: r.Text("body_channel"), patience: bodyPatience}
		r.body.deadline.end = cancel
		if r.body.channel == "" {
			r.body.rest, r.body.isWhole = r.Bytes("body"), true
		}
	}
	return r.body
}

// Content reads all of the body; [ErrBodySize] if it has more than limit bytes, which the worker answers with 413.
func (r *Request) Content(ctx context.Context, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r.Body(ctx), limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%w: it has more than %d bytes", ErrBodySize, limit)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

func (b *Body) pastDeadline() bool { return b.deadline.hasPassed() }

// Read waits for a piece where nothing is here.
func (b *Body) Read(into []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.rest) == 0 && len(into) > 0 {
		switch {
		case b.failedBy != nil:
			return 0, b.failedBy
		case b.isWhole:
			return 0, io.EOF
		}
		if err := b.receive(); err != nil {
			if b.isClosed.Load() {
				err = errBodyClosed
			}
			b.failedBy = err
			b.stop()
		} else if b.isWhole {
			b.stop()
		}
	}
	count := copy(into, b.rest)
	b.rest = b.rest[count:]
	return count, nil
}

// Close reads no more; the server is told to send no more.
func (b *Body) Close() error {
	// First, so that a Read that waits ends.
	b.isClosed.Store(true)
	b.cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failedBy == nil {
		b.failedBy = errBodyClosed
	}
	b.rest = nil
	b.stop()
	return nil
}

// receive takes the next piece, and asks for more when half of what was asked for has come.
func (b *Body) receive() error {
	if b.listener == nil {
		listener, err := b.request.client.Listen(b.ctx, b.channel, bodyCredit)
		if err != nil {
			return err
		}
		b.listener = listener
	}
	if b.asked-b.offset <= bodyWindow/2 {
		if err := b.ask(b.offset + bodyWindow); err != nil {
			return err
		}
	}
	waiting, cancel := context.WithTimeout(b.ctx, b.patience)
	defer cancel()
	delivery, err := b.listener.Receive(waiting)
	if err != nil {
		if b.ctx.Err() == nil && waiting.Err() != nil {
			return fmt.Errorf("%w: no piece came for %v", ErrBody, b.patience)
		}
		return err
	}
	return b.take(delivery.Message)
}

func (b *Body) ask(offset int64) error {
	// Asking twice is asking once, so an unknown outcome does no harm.
	err := sendSurely(b.ctx, b.request.client, b.request.ReplyChannel(), Message{"body_wanted": offset})
	switch {
	case err == nil:
		b.asked = offset
	case errors.Is(err, ErrGone):
		b.request.end()
		err = fmt.Errorf("%w: nobody waits for the answer any more", ErrBody)
	}
	return err
}

func (b *Body) take(piece Message) error {
	if piece.Bool("closed") {
		b.request.end()
		return fmt.Errorf("%w: nobody sends the rest, or waits for the answer", ErrBody)
	}
	offset, hasOffset := piece["offset"].(int64)
	content := piece.Bytes("content")
	if !hasOffset || offset != b.offset || content == nil && piece["content"] != nil {
		return fmt.Errorf("%w: a piece is missing at %d", ErrBody, b.offset)
	}
	b.rest = content
	b.offset += int64(len(content))
	b.isWhole = !piece.Bool("more_content")
	return nil
}

// stop listens no more.
func (b *Body) stop() {
	if b.listener == nil {
		return
	}
	// The context of the body may be over, which is when this is needed most.
	late, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if !b.isWhole {
		// What is on its way is for nobody else.
		_ = b.request.client.CloseChannels(late, b.channel)
	}
	_ = b.listener.Close(late)
	b.listener = nil
}

// closeBody ends what the handler has not read.
func (r *Request) closeBody() {
	r.mu.Lock()
	body := r.body
	r.mu.Unlock()
	if body != nil {
		_ = body.Close()
	}
}
