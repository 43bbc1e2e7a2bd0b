package seaway

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestABrokenConnectionLeavesTheOutcomeUnknown(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	result := sending(client, "a")
	connection.expect("SEND a")
	connection.close()
	if err := await(t, result); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	// And the next call finds the next connection.
	result = sending(client, "b")
	connection = broker.accept("a")
	connection.expect("SEND b")
	connection.send("OK\n")
	if err := await(t, result); err != nil {
		t.Error(err)
	}
}

func TestWithoutABrokerNothingIsStored(t *testing.T) {
	// Not a port that was free a moment ago, which another test may have by now.
	tried := make(chan struct{}, 2)
	client := newFakeBroker(t).client(Options{
		Wait: time.Millisecond,
		Dial: func(context.Context) (net.Conn, error) {
			select {
			case tried <- struct{}{}:
			default:
			}
			return nil, syscall.ECONNREFUSED
		},
	})
	// When it is tried again, the reason of the first time is known.
	for range [2]int{} {
		await(t, tried)
	}
	err := client.Send(ctx, "a", Message{})
	if !errors.Is(err, ErrOffline) || errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if !strings.Contains(err.Error(), "refused") {
		t.Error("it does not say why:", err)
	}
}

func TestWhatWasNotSentGoesOutOnTheNextConnection(t *testing.T) {
	ours, theirs := net.Pipe()
	broker := newFakeBroker(t)
	client := broker.client(Options{Dial: firstDial(ours, broker)})
	first := &fakeConn{t: t, socket: theirs, parser: NewParser(DefaultLimits())}
	first.expect("HELLO 1")
	first.send("HELLO 1 id=1 epoch=a max-body=1000\n")
	written := sending(client, "a")
	// A pipe takes a frame only as far as it is read: the next one waits behind it.
	if _, err := first.socket.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	waiting := sending(client, "b")
	until(t, func() bool {
		current := client.currentConn()
		current.mu.Lock()
		defer current.mu.Unlock()
		return len(current.unsentOf) == 1
	})
	first.close()
	next := broker.accept("a")
	next.expect("SEND b")
	next.send("OK\n")
	if err := await(t, waiting); err != nil {
		t.Error(err)
	}
	if err := await(t, written); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

// firstDial gives one connection, and then those of a broker.
func firstDial(first net.Conn, broker *fakeBroker) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		if socket := first; socket != nil {
			first = nil
			return socket, nil
		}
		var dialer net.Dialer
		return dialer.DialContext(ctx, "tcp", broker.listener.Addr().String())
	}
}

func (c *Client) currentConn() *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// until asks again and again, for what no event tells.
func until(t *testing.T, question func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !question(); runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatal("it does not come about")
		}
	}
}

func TestPingsArePongedAndUnknownPushesSkipped(t *testing.T) {
	broker := newFakeBroker(t)
	broker.client(Options{})
	connection := broker.accept("a")
	connection.send("SHINY new=1\nPING\n")
	connection.expect("PONG")
}

func TestASilentBrokerIsAskedTwiceAndGivenUp(t *testing.T) {
	for name, c := range map[string]struct{ heartbeat, failover, asks time.Duration }{
		"after its heartbeat":                {10 * time.Minute, time.Hour, 10 * time.Minute},
		"after a third of its failover time": {time.Hour, time.Hour, 20 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) { testASilentBroker(t, c.heartbeat, c.failover, c.asks) })
	}
}

func testASilentBroker(t *testing.T, heartbeat, failover, asks time.Duration) {
	broker, silences := newFakeBroker(t), newSilences(t)
	address := broker.listener.Addr().String()
	client := broker.client(Options{Heartbeat: heartbeat, Failover: failover, Dial: silences.dialer(address)})
	connection := broker.accept("a")
	result := sending(client, "a")
	connection.expect("SEND a")
	silent := silences.to(address)
	pass := func() {
		t.Helper()
		if given := silent.patience(); given > asks || given < asks-time.Minute {
			t.Errorf("it asks after %v, and waits for %v", asks, given)
		}
		if err := silent.pass(); err != nil {
			t.Fatal(err)
		}
	}
	// Any sign of life is enough, for another two of them.
	pass()
	connection.expect("PING")
	connection.send("SHINY new=1\nPING\n")
	connection.expect("PONG")
	pass()
	connection.expect("PING")
	pass()
	connection.expect("PING")
	pass()
	if _, ok := connection.next(); ok {
		t.Error("it goes on")
	}
	if err := await(t, result); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	broker.accept("a")
}

func TestTheTableOfByeReasonsSaysWhetherToComeBack(t *testing.T) {
	for _, reason := range []string{"shutdown in=5", "idle", "slow", "heartbeat", "limit", "shiny"} {
		t.Run(reason, func(t *testing.T) {
			broker := newFakeBroker(t)
			broker.client(Options{})
			connection := broker.accept("a")
			connection.send("BYE %s and a text\n", reason)
			connection.close()
			broker.accept("a")
		})
	}
	for reason, sentinel := range map[string]error{"auth": ErrAuth, "line": ErrProtocol} {
		t.Run(reason, func(t *testing.T) {
			broker := newFakeBroker(t)
			client := broker.client(Options{})
			connection := broker.accept("a")
			connection.send("BYE %s\n", reason)
			connection.close()
			await(t, background(func() struct{} { <-client.finished; return struct{}{} }))
			if err := client.Ping(ctx); !errors.Is(err, sentinel) {
				t.Error(err)
			}
		})
	}
}

func TestARefusedHelloIsFinal(t *testing.T) {
	for code, sentinel := range map[string]error{"auth": ErrAuth, "version": ErrVersion, "denied": ErrDenied} {
		broker := newFakeBroker(t)
		client := broker.client(Options{})
		connection := broker.acceptSilently()
		connection.expect("HELLO 1")
		connection.send("ERR %s\nBYE line\n", code)
		if err := client.Ping(ctx); !errors.Is(err, sentinel) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestAfterByeShutdownWhatIsThereStillComes(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	listener := listening(t, client, connection, "a", "LISTEN a", "OK\n", "READY 5 a")
	connection.send("BYE shutdown in=1000\n")
	result := sending(client, "b")
	connection.expect("SEND b")
	connection.push("a", `{"n":1}`)
	connection.send("ERR closing\n")
	if err := await(t, result); !errors.Is(err, ErrClosing) {
		t.Error(err)
	}
	if delivery, err := listener.Receive(ctx); err != nil || delivery.Message.Int("n") != 1 {
		t.Error(delivery, err)
	}
}

func TestListeningGoesOnAfterABreakWithTheCreditThatIsLeft(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	listener := listening(t, client, connection, "a", "LISTEN a", "OK\n", "READY 5 a")
	connection.push("a", `{"n":1}`)
	connection.push("a", `{"n":2}`)
	connection.send("PING\n")
	connection.expect("PONG")
	connection.close()

	connection = broker.accept("a")
	connection.expect("LISTEN a")
	connection.send("OK\n")
	connection.expect("READY 3 a")
	for want := int64(1); want <= 2; want++ {
		if delivery, err := listener.Receive(ctx); err != nil || delivery.Message.Int("n") != want {
			t.Error(delivery, err)
		}
	}
	if frame := connection.expect("READY"); frame.Args[0] == "1" {
		connection.expect("READY 1 a")
	}
}

func TestAFreshMailboxIsJoinedAgainAndAKeptOneIsNot(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	listening(t, client, connection, "web.k!", "LISTEN web.k!", "OK state=fresh\n", "READY 5 web.k!")
	joined := background(func() error { return client.Join(ctx, "room", "web.k!1") })
	connection.expect("JOIN room web.k!1")
	connection.send("OK\n")
	if err := await(t, joined); err != nil {
		t.Fatal(err)
	}
	// Others join and leave for it too.
	connection.send("JOINED room web.k!2 web.k!3\nLEFT room web.k!3\n")
	connection.close()

	connection = broker.accept("b")
	if frame := connection.expect("LISTEN web.k!"); frame.Options["members"] != "1" {
		t.Error(frame)
	}
	connection.send("OK state=fresh\n")
	frame := connection.expect("JOIN room")
	if len(frame.Args) != 3 {
		t.Error("joined again:", frame.Args)
	}
	// One of them is gone, which the other must not suffer from.
	connection.send("ERR gone\n")
	for range [2]int{} {
		answer := "OK\n"
		if connection.expect("JOIN room").Args[1] == "web.k!1" {
			answer = "ERR gone\n"
		}
		connection.send(answer)
	}
	connection.expect("READY 5 web.k!")
	connection.close()

	// Kept: what the broker does not tell was ended by somebody.
	connection = broker.accept("b")
	connection.expect("LISTEN web.k!")
	connection.send("OK state=kept\n")
	connection.expect("READY 5 web.k!")
	connection.close()

	connection = broker.accept("c")
	connection.expect("LISTEN web.k!")
	connection.send("OK state=fresh\n")
	connection.expect("READY 5 web.k!")
}

func TestWaitsGrowToTheirBoundAndDiffer(t *testing.T) {
	pause := newBackoff(100, 1000)
	spans := make(map[time.Duration]bool)
	for attempt := 0; attempt < 50; attempt++ {
		wait := pause.next()
		if wait < 50 || wait > 1000 || attempt > 5 && wait < 500 {
			t.Errorf("attempt %d waits %d", attempt, wait)
		}
		spans[wait] = true
	}
	if len(spans) < 10 {
		t.Error("no jitter")
	}
	pause.reset()
	if wait := pause.next(); wait > 100 {
		t.Error(wait)
	}
}
