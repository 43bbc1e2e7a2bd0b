package seaway

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
)

// shouting sends payloads back; its stream remembers the last.
type shouting struct{}

func (shouting) Receive(ctx context.Context, s *SocketStream, payload json.RawMessage) error {
	session, err := s.Session()
	if err != nil {
		return err
	}
	before, _ := session.Get("last").(string)
	session.Set("last", string(payload))
	return s.SendPayload(ctx, []any{before, payload})
}

func (shouting) Disconnect(ctx context.Context, s *SocketStream, code int, reason string) error {
	return s.Client().Send(ctx, "log", Message{"stream": s.Name, "code": code})
}

// guarding is a stream that lets only some in.
type guarding struct{ shouting }

func (guarding) Connect(ctx context.Context, s *SocketStream) error {
	if s.Path() == "/closed" {
		return s.Reject(ctx, 403, nil, nil)
	}
	return s.SendPayload(ctx, "welcome")
}

// never is not asked when a stream before it has rejected.
type never struct{ shouting }

func (never) Connect(context.Context, *SocketStream) error { return errors.New("asked all the same") }

func TestStreamsShareASocket(t *testing.T) {
	w := startSockets(t, SocketRoute{Sticky: true, Consumer: Demultiplexer{"b": shouting{}, "a": guarding{}}})
	w.event("connect", 0, "/", "")
	greeting, err := DecodeMessage(w.connection.expect("SEND " + browser).Body)
	if err != nil || !greeting.Bool("accept") || greeting.Text("text") != `{"stream":"a","payload":"welcome"}` {
		t.Error(greeting, err)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	channel := greeting.Text("receive_channel")
	say := func(text string) { w.event("receive", 1, "/", `,"text":`+strconv.Quote(text), channel) }
	for _, one := range []struct{ said, answer string }{
		{`{"payload": {"n": 1}, "stream": "b", "more": true}`, `{\"stream\":\"b\",\"payload\":[\"\",{\"n\":1}]}`},
		{`{"payload":null,"stream":"b"}`, `{\"stream\":\"b\",\"payload\":[\"{\\\"n\\\": 1}\",null]}`},
		// Of the other stream nothing is known.
		{`{"payload":3,"stream":"a"}`, `{\"stream\":\"a\",\"payload\":[\"\",3]}`},
	} {
		say(one.said)
		w.expectSent(browser, `{"text":"`+one.answer+`"}`)
		w.connection.expect("READY 1")
	}
	w.event("disconnect", 5, "/", `,"code":1001`, channel)
	w.expectSent("log", `{"code":1001,"stream":"a"}`)
	w.expectSent("log", `{"code":1001,"stream":"b"}`)
	w.connection.expect("READY 1")
	if len(w.logger.all()) > 1 {
		t.Errorf("%q", w.logger.all())
	}
}

func TestWhatIsOfNoStreamClosesTheSocket(t *testing.T) {
	w := startSockets(t, SocketRoute{Sticky: true, Consumer: Demultiplexer{"a": shouting{}}})
	channel := w.accepted("/")
	const expected = `{"close":1007,"reason":"expected is {\"stream\": NAME, \"payload\": …}"}`
	for _, one := range []struct{ fields, answer string }{
		{`,"bytes":"{}"`, `{"close":1003,"reason":"a text with JSON is expected"}`},
		{`,"text":"{"`, `{"close":1007,"reason":"the text is no JSON"}`},
		{`,"text":"[]"`, expected},
		{`,"text":"{\"stream\":\"a\"}"`, expected},
		{`,"text":"{\"payload\":1}"`, expected},
		{`,"text":"{\"payload\":1,\"stream\":null}"`, expected},
		{`,"text":"{\"payload\":1,\"stream\":\"ü\"}"`, `{"close":1007,"reason":"there is no stream \"\\u00fc\""}`},
	} {
		w.event("receive", 1, "/", one.fields, channel)
		w.expectSent(browser, one.answer)
		w.connection.expect("READY 1")
	}
}

func TestOneStreamMayRejectTheSocketOfAll(t *testing.T) {
	w := startSockets(t, SocketRoute{Sticky: true, Consumer: Demultiplexer{"a": guarding{}, "b": never{}}})
	w.event("connect", 0, "/closed", "")
	w.expectSent(browser, `{"accept":false,"status":403}`)
	w.connection.expect("READY 1")
}
