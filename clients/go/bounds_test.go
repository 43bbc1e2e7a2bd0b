package seaway

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// S8 and S9 of PROTOCOL.md.
func TestASendSaysItsOwnCapacityAndExpiry(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	options := []SendOption{CapacityOf("x.*", 5), Capacity(2), Expiry(1500 * time.Millisecond)}
	calls := []struct {
		frame string
		call  func() error
	}{
		{"SEND a", func() error { return client.Send(ctx, "a", Message{}, options...) }},
		{"SEND a", func() error { return client.SendHere(ctx, "a", Message{}, options...) }},
		{"SEND a", func() error { return client.SendInStream(ctx, "k!1", "a", Message{}, options...) }},
		{"GSEND g", func() error { _, err := client.SendGroup(ctx, "g", Message{}, "x!1", options...); return err }},
	}
	for number, call := range calls {
		result := background(call.call)
		frame := connection.expect(call.frame)
		if frame.Options["Capacity"] != "x.*:5,2" || frame.Options["Expiry"] != "1500" {
			t.Error(number, frame.Options)
		}
		if (frame.Options["Here"] == "1") != (number == 1) || (frame.Options["except"] == "x!1") != (number == 3) {
			t.Error(number, frame.Options)
		}
		connection.send("OK\n")
		if err := await(t, result); err != nil {
			t.Error(number, err)
		}
	}
}

func TestBoundsOutOfTheirRangeAreRefusedHere(t *testing.T) {
	client := newFakeBroker(t).client(Options{})
	for option, sentinel := range map[*SendOption]error{
		pointer(Capacity(0)): ErrOption, pointer(Capacity(1_000_001)): ErrOption,
		pointer(CapacityOf("a b", 1)): ErrName, pointer(CapacityOf("a*", 0)): ErrOption,
		pointer(Expiry(0)): ErrOption, pointer(Expiry(time.Microsecond)): ErrOption,
		pointer(Expiry(24*time.Hour + 1)): ErrOption,
	} {
		if err := client.Send(ctx, "a", Message{}, *option); !errors.Is(err, sentinel) {
			t.Errorf("%v is not %v", err, sentinel)
		}
	}
	long := make([]SendOption, 20)
	for index := range long {
		long[index] = CapacityOf(strings.Repeat("x", 250), 1)
	}
	if _, err := client.SendGroup(ctx, "g", Message{}, "", long...); !errors.Is(err, ErrArgs) {
		t.Error(err)
	}
}

func pointer(option SendOption) *SendOption { return &option }

func TestARealBrokerKeepsToTheBoundsOfAMessage(t *testing.T) {
	client, ctx := realClient(t, realBroker(t)), limited(t)
	if err := client.Send(ctx, "a", Message{"n": 1}, Capacity(1)); err != nil {
		t.Fatal(err)
	}
	if err := client.Send(ctx, "a", Message{"n": 2}, Capacity(1)); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if err := client.Send(ctx, "a", Message{"n": 2}, CapacityOf("b*", 1)); err != nil {
		t.Error("no rule of it is for this channel:", err)
	}
	if err := client.Join(ctx, "g", "a", "b"); err != nil {
		t.Fatal(err)
	}
	result, err := client.SendGroup(ctx, "g", Message{"n": 3}, "", Capacity(2))
	if err != nil || result != (GroupResult{Sent: 1, Full: 1}) {
		t.Error(result, err)
	}
	// What has expired is not handed out, whatever is done meanwhile: the channel in front of it is emptied by a reader.
	if err := client.Send(ctx, "c", Message{"n": 4}, Expiry(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for peeked := (Message{"messages": int64(1)}); peeked.Int("messages") > 0; {
		if peeked, err = client.Peek(ctx, "c", Page{}); err != nil {
			t.Fatal(err)
		}
	}
}
