package seaway

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
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
		if errors.Is(err, ErrUnknown) != (code == "maybe") || !strings.Contains(err.Error(), "SEND refused: "+code+" by=messages: no room = none") {
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
	if logOf(client).contains("trying again") {
		t.Error("leaving is no fault")
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
