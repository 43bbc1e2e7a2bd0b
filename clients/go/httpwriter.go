package seaway

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	// What has been written goes out when so much is there, or so much has waited for so long.
	mostWaiting  = 4096
	longestDelay = 100 * time.Millisecond
)

var errHandlerEnded = because(ErrClosed, errors.New("the handler has ended"))

// httpWriter is the http.ResponseWriter of one request.
//
// A small answer is one message, a larger one goes in pieces, and a write waits while the client is slow. It has the
// methods that http.ResponseController looks for, but for Hijack: there is no connection to take over.
type httpWriter struct {
	ctx     context.Context
	request *Request
	logger  lineLogger
	// isHead: the answer has no content.
	isHead bool
	// Of a browser that asks for a WebSocket: an answer is a refusal, in one message.
	socket *Socket

	writing  context.Context
	deadline deadline
	once     sync.Once
	cancel   context.CancelFunc

	// Of CloseNotify.
	closeOnce sync.Once
	closed    chan bool

	mu     sync.Mutex
	header http.Header
	// 0 before WriteHeader.
	status int
	fields []any
	// The size that was declared, or -1; and whether the type of the content is to be guessed.
	declared int64
	isTyped  bool
	written  int64
	buffer   []byte
	since    time.Time
	stream   *Stream
	// isDropped: what is written from now on is content of an answer that has none.
	isDropped, isEnded bool
	failedBy           error
}

var writeBuffers = sync.Pool{New: func() any { buffer := make([]byte, 0, pieceSize); return &buffer }}

func newHTTPWriter(ctx context.Context, request *Request, logger lineLogger, isHead bool) *httpWriter {
	return &httpWriter{
		ctx: ctx, request: request, logger: logger, isHead: isHead, header: make(http.Header), declared: -1,
	}
}

func (w *httpWriter) Header() http.Header { return w.header }

// WriteHeader fixes status and fields, once. A 1xx is no answer, and has no form in a message: nothing comes of it.
func (w *httpWriter) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic("seaway: invalid WriteHeader code " + strconv.Itoa(status))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.status != 0 || w.isEnded:
		w.logger.Printf("seaway: %s: superfluous WriteHeader(%d)", w.request.subject(), status)
	case status == http.StatusSwitchingProtocols, status > 599:
		w.status = status
		w.failedBy = noForm("a handler answers with a status of 200 to 599, not with %d", status)
	case status >= 200:
		w.writeHeader(status)
	}
}

// writeHeader is called with the lock held.
func (w *httpWriter) writeHeader(status int) {
	w.status, w.fields, w.isTyped = status, responseFields(w.header), knowsItsType(w.header)
	var isGood bool
	if w.declared, isGood = declaredLength(w.header); !isGood {
		w.logger.Printf("seaway: %s: a Content-Length that is none: %q",
			w.request.subject(), cutText(w.header.Get("Content-Length")))
	}
}

func (w *httpWriter) Write(content []byte) (int, error) { return write(w, content) }

func (w *httpWriter) WriteString(content string) (int, error) { return write(w, content) }

func write[Content []byte | string](w *httpWriter, content Content) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	size := len(content)
	if w.isEnded {
		return 0, errHandlerEnded
	}
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	switch {
	case w.failedBy != nil:
		return 0, w.failedBy
	case w.isOpened():
		return 0, http.ErrHijacked
	case size == 0:
		return 0, nil
	case !mayHaveContent(w.status):
		return 0, http.ErrBodyNotAllowed
	case w.declared >= 0 && w.written+int64(size) > w.declared:
		return 0, http.ErrContentLength
	}
	done := 0
	for done < size {
		count := take(w, content[done:])
		done += count
		w.written += int64(count)
		if w.isDue() {
			if err := w.send(); err != nil {
				return done, err
			}
		}
	}
	return size, nil
}

// isOpened says whether the answer was a WebSocket.
func (w *httpWriter) isOpened() bool { return w.socket != nil && w.socket.hasDecision() }

// take puts content in the buffer, which has room.
func take[Content []byte | string](w *httpWriter, content Content) int {
	if w.isDropped {
		return len(content)
	}
	if w.buffer == nil {
		w.buffer = *writeBuffers.Get().(*[]byte)
	}
	before := len(w.buffer)
	w.buffer = w.buffer[:before+copy(w.buffer[before:pieceSize], content)]
	return len(w.buffer) - before
}

// isDue says whether what waits is to be sent: a slow writer's content goes out as it comes.
func (w *httpWriter) isDue() bool {
	switch {
	case len(w.buffer) == pieceSize:
		return true
	case w.socket != nil, len(w.buffer) < mostWaiting:
		return false
	case w.since.IsZero():
		w.since = time.Now()
		return false
	default:
		return time.Since(w.since) > longestDelay
	}
}

// send sends what waits, and begins the answer if it has not begun; called with the lock held.
func (w *httpWriter) send() error {
	w.since = time.Time{}
	var err error
	switch {
	case w.socket != nil:
		err = noForm("the refusal of a WebSocket has less than %d bytes, and is not streamed", pieceSize)
	case w.isDropped:
		return nil
	case w.stream != nil && len(w.buffer) > 0:
		_, err = w.stream.Write(w.buffer)
	case w.stream != nil:
		return nil
	case w.isHead || !mayHaveContent(w.status) || w.status == http.StatusResetContent:
		err = w.respond(false)
	default:
		w.addFields(false)
		w.stream, err = w.request.startStream(w.writeContext(), w.status, w.fields, w.buffer)
	}
	w.buffer = w.buffer[:0]
	return w.fail(err)
}

// respond answers in one message; isAll when all of the content is here.
func (w *httpWriter) respond(isAll bool) error {
	w.addFields(isAll)
	content := w.buffer
	if w.isHead || !mayHaveContent(w.status) {
		content, w.isDropped = nil, true
	}
	if w.socket != nil {
		return w.socket.reject(w.contextOfWrites(), w.status, w.fields, content)
	}
	return w.request.respond(w.contextOfWrites(), responseMessage(w.status, w.fields, content, false))
}

// addFields puts in what net/http finds out by itself.
func (w *httpWriter) addFields(isAll bool) {
	if len(w.buffer) > 0 && !w.isTyped {
		w.fields = append(w.fields, []any{"content-type", http.DetectContentType(w.buffer)})
	}
	length := w.declared
	if length < 0 && isAll && w.isHead && w.written > 0 && mayHaveContent(w.status) {
		length = w.written
	}
	if length >= 0 && w.status != http.StatusNoContent {
		w.fields = append(w.fields, []any{"content-length", strconv.FormatInt(length, 10)})
	}
}

// fail keeps the first error, as one that http's callers know.
func (w *httpWriter) fail(err error) error {
	if err != nil && w.deadline.hasPassed() {
		err = os.ErrDeadlineExceeded
	}
	if w.failedBy == nil {
		w.failedBy = err
	}
	return err
}

// Flush sends what was written so far, and waits until it is taken.
func (w *httpWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *httpWriter) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.isEnded:
		return errHandlerEnded
	case w.status == 0:
		w.writeHeader(http.StatusOK)
	}
	if w.failedBy != nil || w.socket != nil {
		return w.failedBy
	}
	return w.send()
}

// finish sends what is left when the handler has returned; the error says that its answer is none.
func (w *httpWriter) finish() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isOpened() {
		return nil
	}
	if w.status == 0 {
		if w.request.isLeftToOthers() {
			return nil
		}
		w.writeHeader(http.StatusOK)
	}
	isShort := w.declared >= 0 && w.written != w.declared && !w.isHead && mayHaveContent(w.status)
	switch {
	case w.failedBy != nil:
		return w.failedBy
	case isShort:
		return noForm("it has written %d of the %d bytes that it has declared", w.written, w.declared)
	case w.stream != nil:
		return w.fail(w.stream.end(w.buffer))
	case w.isDropped:
		return nil
	default:
		return w.fail(w.respond(true))
	}
}

// end: the handler has ended, in whatever way.
func (w *httpWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isEnded = true
	w.deadline.set(time.Time{})
	if w.buffer != nil {
		buffer := w.buffer[:0]
		w.buffer = nil
		writeBuffers.Put(&buffer)
	}
	if w.cancel != nil {
		w.cancel()
	}
}
