package seaway

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// listening plays a Listen with a credit of 5.
func listening(t *testing.T, client *Client, connection *fakeConn, name, listen, answer, ready string) *Listener {
	t.Helper()
	result := background(func() *Listener {
		listener, err := client.Listen(ctx, name, 5)
		if err != nil {
			t.Error(err)
		}
		return listener
	})
	connection.expect(listen)
	connection.send(answer)
	connection.expect(ready)
	return await(t, result)
}

func TestReceivingGivesCreditBack(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	listener := listening(t, client, connection, "a", "LISTEN a", "OK\n", "READY 5 a")
	connection.push("a group=room", `{"n":1}`)
	delivery, err := listener.Receive(ctx)
	if err != nil || delivery.Channel() != "a" || delivery.Group != "room" || delivery.Message.Int("n") != 1 {
		t.Error(delivery, err)
	}
	connection.expect("READY 1 a")
}

func TestABrokerThatExceedsTheCreditIsLeft(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	listening(t, client, connection, "a", "LISTEN a", "OK\n", "READY 5 a")
	for range [6]int{} {
		connection.push("a", "{}")
	}
	if _, ok := connection.next(); ok {
		t.Error("it goes on")
	}
	if err := client.Ping(ctx); !errors.Is(err, ErrProtocol) {
		t.Error(err)
	}
}

func TestALostMailboxIsNotTakenBack(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	listener := listening(t, client, connection, "web.k!", "LISTEN web.k!", "OK state=fresh\n", "READY 5 web.k!")
	connection.push("web.k!1 web.k!2 group=room", "{}")
	connection.send("LOST web.k!\n")
	if delivery, err := listener.Receive(ctx); err != nil || len(delivery.Channels) != 2 {
		t.Error("what had come is lost:", delivery, err)
	}
	if _, err := listener.Receive(ctx); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	connection.close()
	connection = broker.accept("a")
	result := sending(client, "a")
	connection.expect("SEND a")
	connection.send("OK\n")
	if err := await(t, result); err != nil {
		t.Error(err)
	}
}

func TestAClosedListenerStillGivesWhatHadCome(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	listener := listening(t, client, connection, "a", "LISTEN a", "OK\n", "READY 5 a")
	closed := background(func() error { return listener.Close(ctx) })
	connection.expect("UNLISTEN a")
	connection.push("a", "{}")
	connection.send("OK\n")
	if err := await(t, closed); err != nil {
		t.Error(err)
	}
	if _, err := listener.Receive(ctx); err != nil {
		t.Error(err)
	}
	if _, err := listener.Receive(ctx); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestARefusedListenIsAnErrorAndIsForgotten(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	result := background(func() error { _, err := client.Listen(ctx, "a", 1); return err })
	connection.expect("LISTEN a")
	connection.send("ERR limit of=names\n")
	if err := await(t, result); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	listening(t, client, connection, "a", "LISTEN a", "OK\n", "READY 5 a")
	if _, err := client.Listen(ctx, "a", 1); !errors.Is(err, ErrState) {
		t.Error("listening twice:", err)
	}
}

func TestNamesAreCutIntoLinesThatFit(t *testing.T) {
	var names []string
	for length := 1; length <= 255; length++ {
		names = append(names, strings.Repeat("a", length))
	}
	var together []string
	for _, run := range chunks(names, len("LISTEN members=1")) {
		if wire := appendFrame(nil, "LISTEN", nil, append(run, "members=1")...); len(wire) > defaultMaxLine+1 {
			t.Errorf("%d bytes", len(wire))
		}
		together = append(together, run...)
	}
	if !reflect.DeepEqual(together, names) {
		t.Error("names are lost")
	}
}
