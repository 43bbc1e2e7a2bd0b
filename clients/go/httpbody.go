package seaway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// takeBody gives the request its body: whole as it is in the message, or in pieces that are asked for as it is read.
func takeBody(ctx context.Context, r *Request, request *http.Request) {
	isPieces := r.Text("body_channel") != ""
	if declared := request.Header.Get("Content-Length"); declared != "" {
		if length, err := strconv.ParseInt(declared, 10, 64); err == nil && length >= 0 {
			request.ContentLength = length
		}
	} else if isPieces {
		request.ContentLength = -1
		if request.ProtoMajor == 1 {
			request.TransferEncoding = []string{"chunked"}
		}
	}
	switch content := r.Bytes("body"); {
	case isPieces:
		request.Body = &piecesBody{r.Body(ctx)}
	case len(content) > 0:
		request.Body, request.ContentLength = &wholeBody{rest: content}, int64(len(content))
	default:
		request.ContentLength = 0
	}
}

// wholeBody is a body that came in the message. As with net/http another goroutine may close it while it is read: a
// transport does that with what it passes on.
type wholeBody struct {
	mu       sync.Mutex
	rest     []byte
	isClosed bool
}

func (b *wholeBody) Read(into []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.isClosed:
		return 0, http.ErrBodyReadAfterClose
	case len(b.rest) == 0:
		return 0, io.EOF
	}
	count := copy(into, b.rest)
	b.rest = b.rest[count:]
	return count, nil
}

// WriteTo keeps nobody from closing the body while a slow writer takes it.
func (b *wholeBody) WriteTo(to io.Writer) (int64, error) {
	b.mu.Lock()
	rest, isClosed := b.rest, b.isClosed
	b.rest = nil
	b.mu.Unlock()
	switch {
	case isClosed:
		return 0, http.ErrBodyReadAfterClose
	case len(rest) == 0:
		return 0, nil
	}
	count, err := to.Write(rest)
	if err == nil && count < len(rest) {
		err = io.ErrShortWrite
	}
	return int64(count), err
}

func (b *wholeBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.isClosed = true
	return nil
}

// piecesBody has the errors that readers of net/http's bodies know.
type piecesBody struct{ body *Body }

func (b *piecesBody) Read(into []byte) (int, error) {
	count, err := b.body.Read(into)
	switch {
	case err == nil || err == io.EOF:
	case b.body.pastDeadline():
		err = os.ErrDeadlineExceeded
	case errors.Is(err, ErrClosed):
		err = http.ErrBodyReadAfterClose
	case errors.Is(err, ErrBody):
		err = because(io.ErrUnexpectedEOF, err)
	}
	return count, err
}

func (b *piecesBody) Close() error { return b.body.Close() }
