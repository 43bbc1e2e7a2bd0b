package seaway

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"reflect"
	"testing"
)

type frameVector struct {
	head
	Wire    *long
	WireHex *long          `json:"wire_hex"`
	Limits  map[string]int `json:"limits"`
	Frames  []frameInVector
	End     *string
	Rest    bool
}

type frameInVector struct {
	Verb    string
	Args    []long
	Options map[string]long
	Body    *long
	BodyHex *long `json:"body_hex"`
	Text    string
	Refused string
}

func (f frameInVector) frame(t *testing.T) Frame {
	frame := Frame{Verb: f.Verb, Text: f.Text, Refused: f.Refused, Body: either(t, f.Body, f.BodyHex)}
	for _, arg := range f.Args {
		frame.Args = append(frame.Args, string(arg))
	}
	for key, value := range f.Options {
		if frame.Options == nil {
			frame.Options = make(map[string]string)
		}
		frame.Options[key] = string(value)
	}
	return frame
}

func (v frameVector) limits() Limits {
	limits := DefaultLimits()
	if most, isThere := v.Limits["max-line"]; isThere {
		limits.MaxLine = most
	}
	if most, isThere := v.Limits["max-body"]; isThere {
		limits.MaxBody = most
	}
	return limits
}

// cuts are the ways in which a stream may arrive.
var cuts = map[string]func([]byte) [][]byte{
	"whole":      func(wire []byte) [][]byte { return [][]byte{wire} },
	"byteByByte": func(wire []byte) [][]byte { return cutEvery(wire, func() int { return 1 }) },
	"atRandom": func(wire []byte) [][]byte {
		random := rand.New(rand.NewSource(int64(len(wire))))
		return cutEvery(wire, func() int { return 1 + random.Intn(1+random.Intn(3000)) })
	},
}

func cutEvery(wire []byte, size func() int) [][]byte {
	var pieces [][]byte
	for len(wire) > 0 {
		count := size()
		if count > len(wire) {
			count = len(wire)
		}
		pieces = append(pieces, wire[:count])
		wire = wire[count:]
	}
	return pieces
}

// parse feeds the pieces until one fails.
func parse(parser *Parser, pieces [][]byte) ([]Frame, error) {
	var all []Frame
	for _, piece := range pieces {
		// A piece is the parser's only for the call.
		borrowed := append([]byte{}, piece...)
		frames, err := parser.Feed(borrowed)
		for index := range borrowed {
			borrowed[index] = 0xff
		}
		all = append(all, frames...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// tidy makes frames comparable: nothing and empty are the same for arguments and options, not for bodies.
func tidy(frames []Frame) []Frame {
	for index := range frames {
		if len(frames[index].Args) == 0 {
			frames[index].Args = nil
		}
		if len(frames[index].Options) == 0 {
			frames[index].Options = nil
		}
	}
	return frames
}

func TestFrameVectors(t *testing.T) {
	for _, vector := range loadVectors(t, "frames.json", func(v frameVector) head { return v.head }) {
		wire := either(t, vector.Wire, vector.WireHex)
		var expected []Frame
		for _, frame := range vector.Frames {
			expected = append(expected, frame.frame(t))
		}
		for name, cut := range cuts {
			t.Run(vector.ID+"/"+name, func(t *testing.T) {
				parser := NewParser(vector.limits())
				frames, err := parse(parser, cut(wire))
				if !reflect.DeepEqual(tidy(frames), expected) {
					t.Errorf("%s\n got %.2000v\nwant %.2000v", vector.Why, frames, expected)
				}
				checkEnd(t, vector, err)
				if parser.IsInside() != vector.Rest {
					t.Errorf("%s: inside a frame: %v", vector.Why, parser.IsInside())
				}
			})
		}
	}
}

func checkEnd(t *testing.T, vector frameVector, err error) {
	t.Helper()
	var end *StreamError
	switch {
	case vector.End == nil && err != nil:
		t.Errorf("%s: %v", vector.Why, err)
	case vector.End != nil && (!errors.As(err, &end) || end.Reason != *vector.End):
		t.Errorf("%s: ended with %v, not %s", vector.Why, err, *vector.End)
	}
}

func TestAParserThatFailedStaysFailed(t *testing.T) {
	parser := NewParser(DefaultLimits())
	_, first := parser.Feed([]byte("\n"))
	frames, second := parser.Feed([]byte("PING\n"))
	if first == nil || second != first || frames != nil {
		t.Errorf("%v, then %v with %v", first, second, frames)
	}
}

func TestASkippedBodyIsNotKept(t *testing.T) {
	parser := NewParser(Limits{MaxLine: defaultMaxLine, MaxBody: 10})
	for _, start := range []string{"SEND :60000000 a\n", "SEND :- a {"} {
		if _, err := parser.Feed([]byte(start)); err != nil {
			t.Fatal(err)
		}
		for fed := 0; fed < 60_000_000; fed += 1_000_000 {
			if _, err := parser.Feed(bytes.Repeat([]byte("x"), 1_000_000)); err != nil {
				t.Fatal(err)
			}
			if len(parser.unread) > 100 {
				t.Fatalf("%d bytes are kept of a body that is skipped", len(parser.unread))
			}
		}
		frames, err := parser.Feed([]byte("\n"))
		if err != nil || len(frames) != 1 || frames[0].Refused != "size" {
			t.Fatalf("%v %v", frames, err)
		}
	}
	_, _ = parser.Feed([]byte("SEND :- a {"))
	var err error
	for fed := 0; fed <= maxSkippedBody && err == nil; fed += 1 << 20 {
		_, err = parser.Feed(bytes.Repeat([]byte("x"), 1<<20))
	}
	var end *StreamError
	if !errors.As(err, &end) || end.Reason != "limit" {
		t.Errorf("a body by hand without end: %v", err)
	}
}

func TestWhatIsWrittenIsParsed(t *testing.T) {
	wire := appendFrame(nil, "SEND", []byte(`{"a":1}`), "chat.log", "Here=1")
	wire = appendFrame(wire, "SEND", []byte{}, "a")
	wire = appendFrame(wire, "PING", nil)
	frames, err := NewParser(DefaultLimits()).Feed(wire)
	expected := []Frame{
		{Verb: "SEND", Args: []string{"chat.log"}, Options: map[string]string{"Here": "1"}, Body: []byte(`{"a":1}`)},
		{Verb: "SEND", Args: []string{"a"}, Body: []byte{}},
		{Verb: "PING"},
	}
	if err != nil || !reflect.DeepEqual(tidy(frames), expected) {
		t.Errorf("%v %v", frames, err)
	}
}

// FuzzParser looks for a stream whose frames depend on how it was cut, or that makes the parser panic or hoard.
func FuzzParser(f *testing.F) {
	for _, vector := range loadVectors(f, "frames.json", func(v frameVector) head { return v.head }) {
		if vector.Wire != nil && len(*vector.Wire) < 5000 {
			f.Add([]byte(*vector.Wire), 7, 3)
		}
	}
	f.Fuzz(func(t *testing.T, wire []byte, maxBody, cut int) {
		limits := Limits{MaxLine: 64, MaxBody: maxBody & 0xff}
		whole := NewParser(limits)
		expected, wrong := whole.Feed(append([]byte{}, wire...))
		parser := NewParser(limits)
		frames, err := parse(parser, cutEvery(wire, func() int { return 1 + cut&0xf }))
		if !reflect.DeepEqual(frames, expected) || fmt.Sprint(err) != fmt.Sprint(wrong) {
			t.Errorf("cut: %v %v\nwhole: %v %v", frames, err, expected, wrong)
		}
		if len(parser.unread) > limits.MaxLine+limits.MaxBody+2 {
			t.Errorf("%d bytes are kept", len(parser.unread))
		}
		for _, frame := range frames {
			if len(frame.Body) > limits.MaxBody || frame.Verb == "" {
				t.Errorf("%v", frame)
			}
		}
	})
}
