package seaway

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// mostDelay is that of S11 and D11, mostKey the most bytes of a key (S12), mostWhy of why something is dead (D11).
	mostDelay = 24 * time.Hour
	mostKey   = 64
	mostWhy   = 255
	// The longest name of a channel that has room for its dead letters (L8), and what those end in.
	mostAcknowledged = 250
	deadEnding       = ".dead"
)

// RetryError is what [Retry] makes.
type RetryError struct {
	// After is when the message may be delivered again, 0 to 24 h.
	After time.Duration
}

func (e *RetryError) Error() string { return fmt.Sprintf("seaway: again in %v", e.After) }

// Retry is the error with which the handler of an acknowledged channel gives a message back, to be delivered again
// after this time, 0 to 24 h; it may be wrapped. It is not logged.
func Retry(after time.Duration) error {
	if after < 0 {
		after = 0
	}
	return &RetryError{shorter(after, mostDelay)}
}

// DeadError is what [Dead] makes.
type DeadError struct {
	// Reason is for people.
	Reason string
}

func (e *DeadError) Error() string { return "seaway: given up: " + e.Reason }

// Dead is the error with which the handler of an acknowledged channel gives a message up: it goes to CHANNEL.dead with
// the reason, of which as much is kept as fits 255 bytes, at once; of dead letters themselves it is dropped. It may be
// wrapped. It is not logged.
func Dead(reason string) error { return &DeadError{reason} }

// isDeliberate says whether an error is [Retry] or [Dead].
func isDeliberate(err error) bool {
	var retry *RetryError
	var dead *DeadError
	return errors.As(err, &retry) || errors.As(err, &dead)
}

// wordsOfNak are the options with which a message is given back for this reason (D11).
func wordsOfNak(reason error) []string {
	var retry *RetryError
	var dead *DeadError
	switch {
	case errors.As(reason, &dead) && dead.Reason == "":
		return []string{"Dead=1"}
	case errors.As(reason, &dead):
		return []string{"Dead=1", "Why=" + escapeWhy(dead.Reason)}
	case errors.As(reason, &retry):
		return []string{"In=" + strconv.FormatInt(retry.After.Milliseconds(), 10)}
	default:
		return nil
	}
}

// escapeWhy is a reason as it stands in a line, cut to what fits.
func escapeWhy(reason string) string {
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	var escaped strings.Builder
	for _, char := range reason {
		piece := strings.ReplaceAll(url.PathEscape(string(char)), "=", "%3D")
		if escaped.Len()+len(piece) > mostWhy {
			break
		}
		escaped.WriteString(piece)
	}
	return escaped.String()
}

// DeadLetter is what a message that was given up has beside it.
type DeadLetter struct {
	// Cause is "tries", delivered as often as may be, or "nak", given up by who held it.
	Cause string
	// Tries is how often it was delivered.
	Tries int
	// Age is how long ago it was given up, when it was pushed.
	Age time.Duration
	// Why is the reason of [Dead], "" if there was none.
	Why string
}

func newDeadLetter(frame Frame) *DeadLetter {
	cause := frame.Options["dead"]
	if cause == "" {
		return nil
	}
	why := frame.Options["why"]
	if text, err := url.PathUnescape(why); err == nil && utf8.ValidString(text) {
		why = text
	}
	return &DeadLetter{
		Cause: cause, Tries: count(frame, "tries"), Age: time.Duration(count(frame, "since")) * time.Millisecond, Why: why,
	}
}

// acknowledgedRefusal says why a channel cannot be listened on with acknowledgement, nil if it can (L8).
func acknowledgedRefusal(name string) error {
	switch {
	case !ValidListen(name):
		return listenRefusal("LISTEN", name)
	case formOf(name) != normalName:
		return refuse("LISTEN", "option", fmt.Sprintf("%q is no normal channel: only those are acknowledged", name))
	case len(name) > mostAcknowledged && !strings.HasSuffix(name, deadEnding):
		return refuse("LISTEN", "option", fmt.Sprintf(
			"a channel that is acknowledged has at most %d bytes, this one has %d", mostAcknowledged, len(name)))
	default:
		return nil
	}
}
