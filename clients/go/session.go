package seaway

import "fmt"

// EventKind says what a frame from the broker means.
type EventKind int

const (
	// EventSkip is a push that this version does not know (A2).
	EventSkip EventKind = iota
	// EventAnswer answers the oldest request that waits.
	EventAnswer
	// EventMessage is a MSG.
	EventMessage
	// EventJoined is a JOINED, EventLeft a LEFT: group, then channels.
	EventJoined
	EventLeft
	// EventLost is a LOST: the name that another connection reads now.
	EventLost
	// EventPing wants a PONG.
	EventPing
	// EventBye ends the connection; what follows a BYE shutdown still counts (X2).
	EventBye
)

// Event is one frame from the broker, understood.
type Event[R any] struct {
	Kind EventKind
	// Request is what was given to [Session.Sent], for an answer.
	Request R
	Frame   Frame
}

// Session matches answers to requests, in order, and tells pushes apart; it sees no bytes and no clock.
//
// R is whatever the caller wants back with the answer. It is not safe for concurrent use.
type Session[R any] struct {
	waiting []waitingRequest[R]
	hasBye  bool
}

type waitingRequest[R any] struct {
	verb    string
	request R
}

// Sent notes that a frame of this verb was sent. READY and PONG have no answer and are not noted (A1).
func (s *Session[R]) Sent(verb string, request R) {
	if verb != "READY" && verb != "PONG" {
		s.waiting = append(s.waiting, waitingRequest[R]{verb, request})
	}
}

// Waiting is how many requests have no answer yet.
func (s *Session[R]) Waiting() int { return len(s.waiting) }

// Abandon gives back all requests that have no answer, oldest first, when none can come any more.
func (s *Session[R]) Abandon() []R {
	var left []R
	for _, waiting := range s.waiting {
		left = append(left, waiting.request)
	}
	s.waiting = nil
	return left
}

// Received takes the next frame from the broker.
//
// The error, an [ErrProtocol], means that answers and requests can no longer be matched.
func (s *Session[R]) Received(frame Frame) (Event[R], error) {
	event := Event[R]{Frame: frame}
	if s.hasBye {
		return event, nil
	}
	switch {
	case frame.Refused != "":
		return event, fmt.Errorf("%w: a %s that is refused with %s", ErrProtocol, frame.Verb, frame.Refused)
	case isAnswer(frame.Verb):
		return s.answered(event)
	case frame.Verb == "MSG":
		event.Kind = EventMessage
		if frame.Body == nil || len(frame.Args) == 0 {
			return event, fmt.Errorf("%w: a MSG without channel or body", ErrProtocol)
		}
	case frame.Verb == "JOINED" && len(frame.Args) > 1:
		event.Kind = EventJoined
	case frame.Verb == "LEFT" && len(frame.Args) > 1:
		event.Kind = EventLeft
	case frame.Verb == "LOST" && len(frame.Args) > 0:
		event.Kind = EventLost
	case frame.Verb == "PING":
		event.Kind = EventPing
	case frame.Verb == "BYE":
		event.Kind = EventBye
		s.hasBye = byeReason(frame) != "shutdown"
	}
	return event, nil
}

func (s *Session[R]) answered(event Event[R]) (Event[R], error) {
	verb := event.Frame.Verb
	if len(s.waiting) == 0 {
		return event, fmt.Errorf("%w: %s without a request", ErrProtocol, verb)
	}
	oldest := s.waiting[0]
	if verb != "ERR" && verb != answerTo(oldest.verb) {
		return event, fmt.Errorf("%w: %s in answer to %s", ErrProtocol, verb, oldest.verb)
	}
	s.waiting[0] = waitingRequest[R]{}
	s.waiting = s.waiting[1:]
	event.Kind, event.Request = EventAnswer, oldest.request
	return event, nil
}

func isAnswer(verb string) bool {
	return verb == "OK" || verb == "ERR" || verb == "DATA" || verb == "PONG" || verb == "HELLO"
}

// answerTo is the verb that answers a request which is not refused.
func answerTo(verb string) string {
	switch verb {
	case "HELLO":
		return "HELLO"
	case "PING":
		return "PONG"
	case "MEMBERS", "PEEK", "STATS":
		return "DATA"
	default:
		return "OK"
	}
}

func byeReason(frame Frame) string {
	if len(frame.Args) == 0 {
		return ""
	}
	return frame.Args[0]
}
