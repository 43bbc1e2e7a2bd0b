package seaway

import (
	"context"
	"io"
	"time"
)

// ReadFrom copies with a buffer that is used again.
func (w *httpWriter) ReadFrom(source io.Reader) (int64, error) {
	buffer := writeBuffers.Get().(*[]byte)
	defer writeBuffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{source}, (*buffer)[:pieceSize])
}

// SetWriteDeadline, for http.ResponseController: writes that wait end then, with os.ErrDeadlineExceeded.
func (w *httpWriter) SetWriteDeadline(when time.Time) error {
	w.writeContext()
	w.deadline.set(when)
	return nil
}

// SetReadDeadline, for http.ResponseController: reads of the body that wait end then, with os.ErrDeadlineExceeded.
func (w *httpWriter) SetReadDeadline(when time.Time) error {
	if w.request.Text("body_channel") != "" {
		w.request.Body(w.ctx).deadline.set(when)
	}
	return nil
}

// CloseNotify is for programs that do not know the context of a request: it has true when that has ended.
func (w *httpWriter) CloseNotify() <-chan bool {
	w.closeOnce.Do(func() {
		w.closed = make(chan bool, 1)
		go func() {
			<-w.ctx.Done()
			w.closed <- true
		}()
	})
	return w.closed
}

// EnableFullDuplex, for http.ResponseController: reading and writing at the same time is how it is anyway.
func (w *httpWriter) EnableFullDuplex() error { return nil }

// writeContext is the one that the deadline ends.
func (w *httpWriter) writeContext() context.Context {
	w.once.Do(func() {
		w.writing, w.cancel = context.WithCancel(w.ctx)
		w.deadline.mu.Lock()
		w.deadline.end = w.cancel
		w.deadline.mu.Unlock()
	})
	return w.writing
}

// contextOfWrites does not make one where there is no deadline; called with the lock held.
func (w *httpWriter) contextOfWrites() context.Context {
	w.deadline.mu.Lock()
	hasDeadline := w.deadline.end != nil
	w.deadline.mu.Unlock()
	if hasDeadline {
		return w.writeContext()
	}
	return w.ctx
}
