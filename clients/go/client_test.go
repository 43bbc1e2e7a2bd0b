package seaway

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

var ctx = context.Background()

func sending(client *Client, channel string) <-chan error {
	return background(func() error { return client.Send(ctx, channel, Message{"n": 1}) })
}

func TestASendIsStoredOrRefusedWithItsCode(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{Name: "tester", Token: "secret"})
	connection := broker.acceptSilently()
	hello := connection.expect("HELLO 1")
	if !reflect.DeepEqual(hello.Options, map[string]string{
		"format": "json", "client": "tester", "token": "secret", "heartbeat": "20000",
	}) {
		t.Error(hello.Options)
	}
	connection.send("HELLO 1 id=1 epoch=a max-body=1000\n")

	stored := sending(client, "a")
	if frame := connection.expect("SEND a"); string(frame.Body) != `{"n":1}` {
		t.Errorf("%s", frame.Body)
	}
	connection.send("OK\n")
	if err := await(t, stored); err != nil {
		t.Error(err)
	}

	for code, sentinel := range refusals {
		refused := sending(client, "a")
		connection.expect("SEND a")
		connection.send("ERR %s by=messages no room = none\n", code)
		err := await(t, refused)
		var refusal *Refusal
		if !errors.Is(err, sentinel) || !errors.As(err, &refusal) || refusal.Options["by"] != "messages" {
			t.Errorf("%s: %v", code, err)
		}
		if errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "SEND refused: "+code+" by=messages: no room = none") {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestSendHereSaysSo(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	result := background(func() error { return client.SendHere(ctx, "a", Message{}) })
	if frame := connection.expect("SEND a"); frame.Options["Here"] != "1" {
		t.Error(frame)
	}
	connection.send("ERR away\n")
	if err := await(t, result); !errors.Is(err, ErrAway) {
		t.Error(err)
	}
}

func TestManyCallsShareAConnectionAndGetTheirOwnAnswers(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	results := make(map[string]<-chan error)
	for _, channel := range []string{"good", "full", "gone"} {
		results[channel] = sending(client, channel)
	}
	answers := map[string]string{"good": "OK\n", "full": "ERR full\n", "gone": "ERR gone\n"}
	var said string
	for range results {
		frame, _ := connection.next()
		said += "MSG :2 elsewhere\n{}\n" + answers[frame.Args[0]]
	}
	connection.send(said)
	for channel, sentinel := range map[string]error{"good": nil, "full": ErrFull, "gone": ErrGone} {
		if err := await(t, results[channel]); !errors.Is(err, sentinel) {
			t.Errorf("%s: %v", channel, err)
		}
	}
}

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

func TestAContextThatEndsLeavesTheOutcomeUnknownAndTheConnectionWhole(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	short, cancel := context.WithCancel(ctx)
	result := background(func() error { return client.Send(short, "a", Message{}) })
	connection.expect("SEND a")
	cancel()
	if err := await(t, result); !errors.Is(err, ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	second := sending(client, "b")
	connection.expect("SEND b")
	connection.send("OK\nERR full\n")
	if err := await(t, second); !errors.Is(err, ErrFull) {
		t.Error("the answer to the first was taken for the second's:", err)
	}
}

func TestWithoutABrokerNothingIsStored(t *testing.T) {
	broker := newFakeBroker(t)
	broker.listener.Close()
	client := broker.client(Options{Wait: 20 * time.Millisecond})
	err := client.Send(ctx, "a", Message{})
	if !errors.Is(err, ErrOffline) || errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if !strings.Contains(err.Error(), "refused") {
		t.Error("it does not say why:", err)
	}
}

func TestBadInputNeverReachesTheWire(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	bad := []string{"", "a b", "a\nQUIT", "x!", "a?", ":5", "kanäle", strings.Repeat("a", 256)}
	for _, name := range bad {
		_, listening := client.Listen(ctx, name+" ", 1)
		_, toGroup := client.SendGroup(ctx, name, Message{}, "")
		_, except := client.SendGroup(ctx, "g", Message{}, name+" ")
		_, members := client.Members(ctx, name, Page{})
		_, peek := client.Peek(ctx, name, Page{})
		_, _, flush := client.Flush(ctx, name+" ")
		errs := []error{
			client.Send(ctx, name, Message{}), client.Join(ctx, "g", name), client.Join(ctx, name, "a"),
			client.Leave(ctx, "g", "a", name), client.CloseChannels(ctx, name), client.Pause(ctx, name),
			client.Resume(ctx, name), toGroup, except, members, peek, flush, listening,
		}
		for index, err := range errs {
			if !errors.Is(err, ErrName) {
				t.Errorf("%q, call %d: %v", name, index, err)
			}
		}
	}
	result := background(func() error { return client.Ping(ctx) })
	connection.expect("PING")
	connection.send("PONG\n")
	if err := await(t, result); err != nil {
		t.Error(err)
	}
}

func TestASizeBeyondTheBrokersIsRefusedHere(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	large := Message{"a": strings.Repeat("x", 1000)}
	if err := client.Send(ctx, "a", large); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
	if err := client.Send(ctx, "a", Message{"a": "\xff"}); !errors.Is(err, ErrPayload) {
		t.Error(err)
	}
	result := sending(client, "b")
	connection.expect("SEND b")
	connection.send("OK\n")
	if err := await(t, result); err != nil {
		t.Error(err)
	}
}

func TestWhatWasNotSentGoesOutOnTheNextConnection(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	broker.accept("a").close()
	result := sending(client, "a")
	connection := broker.accept("a")
	connection.expect("SEND a")
	connection.send("OK\n")
	if err := await(t, result); err != nil && !errors.Is(err, ErrUnknown) {
		t.Error(err)
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
	broker := newFakeBroker(t)
	client := broker.client(Options{Heartbeat: 20 * time.Millisecond})
	connection := broker.accept("a")
	result := sending(client, "a")
	connection.expect("SEND a")
	connection.expect("PING")
	connection.expect("PING")
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

func TestCloseTakesLeaveAndEndsEverything(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	listener := listening(t, client, connection, "a", "LISTEN a", "OK\n", "READY 5 a")
	under := sending(client, "b")
	connection.expect("SEND b")
	closed := background(func() error { return client.Close(ctx) })
	connection.expect("QUIT")
	connection.send("OK\nOK\n")
	connection.close()
	if err := await(t, closed); err != nil {
		t.Error(err)
	}
	if err := await(t, under); err != nil {
		t.Error(err)
	}
	if _, err := listener.Receive(ctx); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := client.Ping(ctx); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := client.Close(ctx); err != nil {
		t.Error("closing twice:", err)
	}
}

func TestGroupsAndQueriesAreReadFromTheirAnswers(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	group := background(func() GroupResult {
		result, err := client.SendGroup(ctx, "room", Message{}, "a.1")
		if err != nil {
			t.Error(err)
		}
		return result
	})
	if frame := connection.expect("GSEND room"); frame.Options["except"] != "a.1" {
		t.Error(frame)
	}
	connection.send("OK sent=812 full=3 gone=1\n")
	if result := await(t, group); result != (GroupResult{812, 3, 1}) {
		t.Error(result)
	}
	members := background(func() Message {
		message, err := client.Members(ctx, "room", Page{Limit: 5, After: "a"})
		if err != nil {
			t.Error(err)
		}
		return message
	})
	if frame := connection.expect("MEMBERS room"); frame.Options["limit"] != "5" || frame.Options["after"] != "a" {
		t.Error(frame)
	}
	connection.send("DATA :11\n{\"total\":7}\n")
	if message := await(t, members); message.Int("total") != 7 {
		t.Error(message)
	}
	flushed := background(func() int {
		messages, memberships, err := client.Flush(ctx, "chat.*")
		if err != nil {
			t.Error(err)
		}
		return 10*messages + memberships
	})
	connection.expect("FLUSH chat.*")
	connection.send("OK messages=4 memberships=2\n")
	if result := await(t, flushed); result != 42 {
		t.Error(result)
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
