package seaway

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// knowing takes the next connection of a broker that knows these features.
func (b *fakeBroker) knowing(features, epoch string) *fakeConn {
	b.t.Helper()
	connection := b.acceptSilently()
	connection.expect("HELLO 1")
	connection.send("HELLO 1 id=1 epoch=%s features=%s max-body=1000 max-line=4096 max-names=1024\n", epoch, features)
	return connection
}

// listened plays the broker that a listening with acknowledgement begins at.
func (c *fakeConn) listened(name, ready string) {
	c.t.Helper()
	if frame := c.expect("LISTEN " + name); frame.Options["Ack"] != "1" {
		c.t.Fatal(frame)
	}
	c.send("OK\n")
	c.expect("READY " + ready)
}

// inHand is a client with one message of the acknowledged channel jobs in hand.
func inHand(t *testing.T) (*fakeBroker, *fakeConn, *Client, *Delivery) {
	t.Helper()
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	listening := background(func() *Listener {
		listener, err := client.ListenAcknowledged(ctx, "jobs", 1)
		if err != nil {
			t.Error(err)
		}
		return listener
	})
	connection := broker.knowing("ack", "a")
	connection.listened("jobs", "1 jobs")
	listener := await(t, listening)
	connection.push("jobs ack=i.7 times=2", `{"n":1}`)
	delivery, err := listener.Receive(ctx)
	if err != nil || delivery.Times != 2 || delivery.Dead != nil {
		t.Fatal(delivery, err)
	}
	connection.expect("READY 1 jobs")
	return broker, connection, client, delivery
}

func TestWhatWasReceivedIsHeldGivenBackAndAcknowledged(t *testing.T) {
	_, connection, _, delivery := inHand(t)
	for _, step := range []struct {
		call   func() error
		frame  string
		option string
		answer string
		err    error
	}{
		{func() error { return delivery.Hold(ctx) }, "HOLD jobs i.7", "", "OK", nil},
		{func() error { return delivery.Nak(ctx, nil) }, "NAK jobs i.7", "", "OK", nil},
		{func() error { return delivery.Nak(ctx, Retry(-1)) }, "NAK jobs i.7", "In=0", "OK", nil},
		{func() error { return delivery.Nak(ctx, Retry(48*time.Hour)) }, "NAK jobs i.7", "In=86400000", "OK", nil},
		{func() error { return delivery.Nak(ctx, Dead("a b=c")) }, "NAK jobs i.7", "Why=a%20b%3Dc", "OK", nil},
		{func() error { return delivery.Nak(ctx, Dead("")) }, "NAK jobs i.7", "Dead=1", "ERR late gone", ErrLate},
		{func() error { return delivery.Ack(ctx) }, "ACK jobs i.7", "", "OK", nil},
		{func() error { return delivery.Ack(ctx) }, "ACK jobs i.7", "", "ERR denied", ErrDenied},
	} {
		result := background(step.call)
		frame := connection.expect(step.frame)
		key, value, hasOption := strings.Cut(step.option, "=")
		if hasOption && frame.Options[key] != value {
			t.Error(step, frame)
		}
		connection.send("%s\n", step.answer)
		if err := await(t, result); !errors.Is(err, step.err) || step.err == nil && err != nil {
			t.Error(step.frame, err)
		}
	}
	plain := &Delivery{}
	if err := plain.Ack(ctx); !errors.Is(err, ErrState) {
		t.Error(err)
	}
}

func TestAnAcknowledgementIsSaidAgainAtTheSameBroker(t *testing.T) {
	broker, connection, _, delivery := inHand(t)
	result := background(func() error { return delivery.Ack(ctx) })
	connection.expect("ACK jobs i.7")
	connection.close()
	connection = broker.knowing("ack", "a")
	connection.expect("LISTEN jobs")
	connection.send("OK\n")
	said := make(map[string]bool)
	for range [2]int{} {
		frame, _ := connection.next()
		said[strings.Join(append([]string{frame.Verb}, frame.Args...), " ")] = true
	}
	if !said["READY 1 jobs"] || !said["ACK jobs i.7"] {
		t.Error(said)
	}
	connection.send("OK\n")
	if err := await(t, result); err != nil {
		t.Error(err)
	}
	// What only the connection that held it may say is not said.
	if err := delivery.Nak(ctx, nil); !errors.Is(err, ErrLate) {
		t.Error(err)
	}
}

func TestAnAcknowledgementIsNotSaidToABrokerThatWasStartedAnew(t *testing.T) {
	broker, connection, client, delivery := inHand(t)
	connection.close()
	result := background(func() error { return delivery.Ack(ctx) })
	connection = broker.knowing("ack", "b")
	connection.listened("jobs", "1 jobs")
	if err := await(t, result); !errors.Is(err, ErrLate) {
		t.Error(err)
	}
	ping := background(func() error { return client.Ping(ctx) })
	connection.expect("PING")
	connection.send("PONG\n")
	if err := await(t, ping); err != nil {
		t.Error(err)
	}
}

func TestAcknowledgementsShareFramesThatFitALine(t *testing.T) {
	c := &conn{}
	want := make(map[string]bool)
	for number := 0; number < 300; number++ {
		for _, channel := range []string{"a", strings.Repeat("b", 250)} {
			id := fmt.Sprintf("%s%060d", channel[:1], number)
			want[channel+" "+id] = true
			c.due = append(c.due, &acknowledgement{channel: channel, id: id})
		}
	}
	wire := c.appendDue(nil)
	frames, err := NewParser(DefaultLimits()).Feed(wire)
	if err != nil || len(frames) < 9 || len(frames) > 12 || len(frames) != c.session.Waiting() {
		t.Error(len(frames), c.session.Waiting(), err)
	}
	for _, frame := range frames {
		for _, id := range frame.Args[1:] {
			delete(want, frame.Args[0]+" "+id)
		}
	}
	if len(want) != 0 || len(c.due) != 0 {
		t.Error(len(want), len(c.due))
	}
}

func TestWhatABrokerDoesNotKnowIsRefusedBeforeAnythingIsSent(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.knowing("bounds", "a")
	for feature, call := range map[string]func() error{
		"delay": func() error { return client.Send(ctx, "q", Message{}, In(time.Second)) },
		"once":  func() error { return client.Send(ctx, "q", Message{}, Once("k")) },
		"ack":   func() error { _, err := client.ListenAcknowledged(ctx, "q", 1); return err },
	} {
		err := await(t, background(call))
		if !errors.Is(err, ErrOption) || !strings.Contains(err.Error(), fmt.Sprintf("%q", feature)) {
			t.Error(feature, err)
		}
	}
	for _, option := range []SendOption{In(0), In(25 * time.Hour), Once(""), Once("a!"), Once(strings.Repeat("k", 65))} {
		if err := client.Send(ctx, "q", Message{}, option); !errors.Is(err, ErrOption) {
			t.Error(err)
		}
	}
	for _, name := range []string{"x!", "x!1", "x?1", strings.Repeat("a", 251)} {
		if _, err := client.ListenAcknowledged(ctx, name, 1); !errors.Is(err, ErrOption) {
			t.Error(name, err)
		}
	}
	ping := background(func() error { return client.Ping(ctx) })
	connection.expect("PING")
	connection.send("PONG\n")
	if err := await(t, ping); err != nil {
		t.Error(err)
	}
}

func TestASendWithAKeyIsSaidAgainWhenNobodyKnows(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.knowing("once,delay", "a")
	send := func() error { return client.Send(ctx, "q", Message{}, Once("k"), In(2*time.Second)) }
	lost := func() {
		if frame := connection.expect("SEND q"); frame.Options["Once"] != "k" || frame.Options["In"] != "2000" {
			t.Error(frame)
		}
		connection.close()
	}
	for answer, want := range map[string]error{
		"OK once=1": nil, "ERR full by=messages": ErrFull, "ERR closing": ErrUnknown,
	} {
		result := background(send)
		lost()
		connection = broker.knowing("once,delay", "a")
		connection.expect("SEND q")
		connection.send("%s\n", answer)
		if err := await(t, result); !errors.Is(err, want) || want == nil && err != nil {
			t.Error(answer, err)
		}
	}
	// A broker that was started anew knows no keys.
	result := background(send)
	lost()
	broker.knowing("once,delay", "b")
	if err := await(t, result); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}
