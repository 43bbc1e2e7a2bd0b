package seaway

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
)

// abruptEnd is the end of a handler that did not return.
type abruptEnd struct {
	text string
	// A panic with http.ErrAbortHandler, which is meant.
	isAbort bool
}

func (e *abruptEnd) Error() string { return e.text }

// isAbort says whether a handler has broken its answer off on purpose.
func isAbort(err error) bool {
	var abrupt *abruptEnd
	return errors.As(err, &abrupt) && abrupt.isAbort
}

var errUnanswered = errors.New("it ended without an answer, and without AnswerLater")

// guard runs a call to its end, whatever that is: a panic, also one with nil, and runtime.Goexit become errors.
//
// The call has a goroutine of its own, as Goexit ends the one that it is called in.
func guard(call func() error) error {
	ended := make(chan error, 1)
	go toItsEnd(call, func(err error) { ended <- err })
	return <-ended
}

// toItsEnd runs a call and then tells how it ended, in this goroutine, which has ended with that when the call left by
// runtime.Goexit.
func toItsEnd(call func() error, end func(error)) {
	var err error = &abruptEnd{text: "it left by runtime.Goexit or panic(nil)"}
	defer func() {
		if reason := recover(); reason != nil {
			err = &abruptEnd{
				text:    fmt.Sprintf("panic: %v [%s]", reason, whereabouts()),
				isAbort: reason == http.ErrAbortHandler,
			}
		}
		end(err)
	}()
	err = call()
}

// mostFrames of a panic are told.
const mostFrames = 12

// whereabouts are the calls that led to a panic, innermost first, in one line.
func whereabouts() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	var places []string
	for len(places) < mostFrames {
		frame, hasMore := frames.Next()
		if strings.HasSuffix(frame.Function, ".toItsEnd") {
			break
		}
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			places = append(places, fmt.Sprintf("%s %s:%d", frame.Function, frame.File, frame.Line))
		}
		if !hasMore {
			break
		}
	}
	return strings.Join(places, " < ")
}
