package seaway

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

type sessionVector struct {
	head
	Options map[string]any
	Steps   []sessionStep
}

type sessionStep struct {
	On      string
	C, S    *long
	CHex    *long `json:"c_hex"`
	SHex    *long `json:"s_hex"`
	Closed  bool
	Drop    bool
	EOF     bool
	Advance int
}

// replayed is one connection of a vector, seen from the client.
type replayed struct {
	toBroker, fromBroker *Parser
	session              Session[string]
	hasEnded             bool
}

func newReplayed(vector sessionVector) *replayed {
	limits := DefaultLimits()
	if most, isThere := vector.Options["max-body"].(float64); isThere {
		limits.MaxBody = int(most)
	}
	received := Limits{MaxLine: defaultMaxLine, MaxBody: maxReceivedBody}
	return &replayed{toBroker: NewParser(limits), fromBroker: NewParser(received)}
}

// says notes the requests that the client's bytes hold, up to where they are no frames.
func (r *replayed) says(wire []byte) {
	frames, err := r.toBroker.Feed(wire)
	for _, frame := range frames {
		r.session.Sent(frame.Verb, frame.Verb)
	}
	r.hasEnded = r.hasEnded || err != nil
}

// A body that a vector does not know whole, and its line.
var unknownBody = regexp.MustCompile(`(DATA|MSG) :\S+(.*)\n[^\n]*…`)

// The rest of a line may begin within what looks like a word.
var restOfLine = regexp.MustCompile(`([^ =])…`)

func (r *replayed) hears(t *testing.T, text []byte) {
	t.Helper()
	known := unknownBody.ReplaceAllString(string(text), "$1 :2$2\n{}")
	known = restOfLine.ReplaceAllString(known, "$1 x")
	frames, err := r.fromBroker.Feed([]byte(strings.ReplaceAll(known, "…", "x")))
	if err != nil || r.fromBroker.IsInside() {
		t.Fatalf("the broker's bytes are no whole frames: %v\n%s", err, text)
	}
	for _, frame := range frames {
		event, err := r.session.Received(frame)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		// This client asks for no copies (TAIL), so it skips them.
		if event.Kind == EventSkip && frame.Verb != "COPY" && frame.Verb != "MISSED" {
			t.Errorf("a %s is not understood", frame.Verb)
		}
		if event.Kind == EventBye && byeReason(frame) != "shutdown" || event.Request == "QUIT" {
			r.hasEnded = true
		}
	}
}

func replay(t *testing.T, vector sessionVector) {
	connections := make(map[string]*replayed)
	for _, step := range vector.Steps {
		r := connections[step.On]
		if r == nil {
			r = newReplayed(vector)
			connections[step.On] = r
		}
		switch {
		case step.C != nil || step.CHex != nil:
			r.says(either(t, step.C, step.CHex))
		case step.S != nil || step.SHex != nil:
			r.hears(t, either(t, step.S, step.SHex))
		case step.Closed || step.Drop:
			r.hasEnded = true
		}
	}
	for name, r := range connections {
		if left := r.session.Abandon(); len(left) > 0 && !r.hasEnded {
			t.Errorf("%s: connection %q has no answer to %v", vector.Why, name, left)
		}
	}
}

func TestSessionVectors(t *testing.T) {
	for _, file := range []string{"sessions.json", "delivery.json"} {
		for _, vector := range loadVectors(t, file, func(v sessionVector) head { return v.head }) {
			t.Run(vector.ID, func(t *testing.T) { replay(t, vector) })
		}
	}
}

func TestAnswersAreMatchedInOrderAndPushesToldApart(t *testing.T) {
	var session Session[int]
	session.Sent("SEND", 1)
	session.Sent("READY", 2)
	session.Sent("PING", 3)
	steps := []struct {
		wire    string
		kind    EventKind
		request int
	}{
		{"MSG :2 a\n{}\n", EventMessage, 0}, {"ERR full\n", EventAnswer, 1}, {"SHINY :2 new\n{}\n", EventSkip, 0},
		{"PING\n", EventPing, 0}, {"PONG\n", EventAnswer, 3}, {"BYE shutdown in=5\n", EventBye, 0},
		{"LOST a!\n", EventLost, 0}, {"JOINED g a!1\n", EventJoined, 0}, {"LEFT g a!1\n", EventLeft, 0},
		{"BYE idle\n", EventBye, 0}, {"OK\n", EventSkip, 0},
	}
	parser := NewParser(DefaultLimits())
	for _, step := range steps {
		frames, err := parser.Feed([]byte(step.wire))
		if err != nil || len(frames) != 1 {
			t.Fatal(frames, err)
		}
		event, err := session.Received(frames[0])
		if err != nil || event.Kind != step.kind || event.Request != step.request {
			t.Errorf("%q: %v %v", step.wire, event, err)
		}
	}
}

func TestAnswersThatFitNoRequestAreErrors(t *testing.T) {
	for _, wire := range []string{"OK\n", "PONG\n", "DATA :2\n{}\n", "MSG :2\n{}\n", "MSG a\n", "OK a= b\n"} {
		var session Session[int]
		if wire != "OK\n" {
			session.Sent("SEND", 1)
		}
		frames, err := NewParser(DefaultLimits()).Feed([]byte(wire))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := session.Received(frames[0]); !errors.Is(err, ErrProtocol) {
			t.Errorf("%q: %v", wire, err)
		}
	}
}
