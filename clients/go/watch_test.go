package seaway

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

// watching says Watch and lets the broker answer it.
func watching(t *testing.T, client *Client, connection *fakeConn, group, channel, answer string) error {
	t.Helper()
	result := background(func() error { return client.Watch(ctx, group, channel) })
	connection.expect("WATCH " + group + " " + channel)
	connection.send(answer)
	return await(t, result)
}

func TestAWatchIsSaidAgainOnTheNextConnectionBehindItsListening(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	listening(t, client, connection, "lobby", "LISTEN lobby", "OK\n", "READY 5 lobby")
	if err := watching(t, client, connection, "room", "lobby", "OK\n"); err != nil {
		t.Fatal(err)
	}
	connection.close()

	connection = broker.accept("a")
	connection.expect("LISTEN lobby")
	connection.send("OK\n")
	connection.expect("READY 5 lobby")
	connection.expect("WATCH room lobby")
	connection.send("OK\n")
	result := background(func() error { return client.Unwatch(ctx, "room", "lobby") })
	connection.expect("UNWATCH room lobby")
	connection.close()
	if err := await(t, result); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}

	connection = broker.accept("a")
	connection.expect("LISTEN lobby")
	connection.send("OK\n")
	connection.expect("READY 5 lobby")
}

func TestARefusedWatchIsNotSaidAgainAndOneThatIsUnknownIs(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.accept("a")
	// Once it is connected, nothing is said twice.
	sent := sending(client, "a")
	connection.expect("SEND a")
	connection.send("OK\n")
	if err := await(t, sent); err != nil {
		t.Fatal(err)
	}
	if err := watching(t, client, connection, "room", "lobby", "ERR limit of=watches\n"); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	result := background(func() error { return client.Watch(ctx, "room", "hall") })
	connection.expect("WATCH room hall")
	connection.close()
	if err := await(t, result); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	connection = broker.accept("a")
	connection.expect("WATCH room hall")
	connection.send("ERR gone\n")
	connection.close()
	connection = broker.accept("a")
	sent = sending(client, "a")
	connection.expect("SEND a")
	connection.send("OK\n")
	if err := await(t, sent); err != nil {
		t.Error(err)
	}
}

func TestNamesThatCannotBeWatchedAreRefusedHere(t *testing.T) {
	client := newFakeBroker(t).client(Options{})
	for _, names := range [][2]string{{"room!", "a"}, {"room", "a!"}, {"room", ""}, {"a b", "a"}} {
		if err := client.Watch(ctx, names[0], names[1]); !errors.Is(err, ErrName) {
			t.Error(names, err)
		}
		if err := client.Unwatch(ctx, names[0], names[1]); !errors.Is(err, ErrName) {
			t.Error(names, err)
		}
	}
}

func TestNewsOfAGroupAreReadFromTheirMessage(t *testing.T) {
	for text, want := range map[string]GroupNews{
		`{"group":"g","count":2,"members":["a"],"next":"a"}`: {
			Group: "g", Count: 2, IsWhole: true, Members: []string{"a"}, Next: "a",
		},
		`{"group":"g","count":1,"joined":[],"left":["a"]}`: {Group: "g", Count: 1, Joined: []string{}, Left: []string{"a"}},
	} {
		message, err := DecodeMessage([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, isNews := ReadGroupNews(message)
		if !isNews || got.Group != want.Group || got.Count != want.Count || got.IsWhole != want.IsWhole ||
			got.Next != want.Next || fmt.Sprint(got.Members, got.Joined, got.Left) != fmt.Sprint(want.Members, want.Joined, want.Left) {
			t.Errorf("%s: %+v", text, got)
		}
	}
	for _, text := range []string{
		`{}`, `{"group":"g","count":1}`, `{"count":1,"members":[]}`, `{"group":"g","count":"1","members":[]}`,
		`{"group":"g","count":1,"members":[1]}`, `{"group":"g","count":1,"joined":[]}`,
	} {
		if message, err := DecodeMessage([]byte(text)); err != nil {
			t.Error(err)
		} else if news, isNews := ReadGroupNews(message); isNews {
			t.Errorf("%s: %+v", text, news)
		}
	}
}

func TestARealBrokerTellsWhoComesAndGoesAlsoWhenAServerIsKilled(t *testing.T) {
	address := realBroker(t, "--mailbox-grace", "100ms")
	client, ctx := realClient(t, address), limited(t)
	lobby, err := client.Listen(ctx, "lobby", 10)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(count int, isWhole bool, names ...string) {
		t.Helper()
		delivery, err := lobby.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		news, _ := ReadGroupNews(delivery.Message)
		got := append(append(append([]string{}, news.Members...), news.Joined...), news.Left...)
		if news.Group != "room" || news.Count != count || news.IsWhole != isWhole || !reflect.DeepEqual(got, names) {
			t.Fatalf("%+v", delivery.Message)
		}
	}
	if err := client.Watch(ctx, "room", "lobby"); err != nil {
		t.Fatal(err)
	}
	expect(0, true, []string{}...)

	server, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	fmt.Fprint(server, "LISTEN web.k!\nJOIN room web.k!1 web.k!2\n")
	expect(2, false, "web.k!1", "web.k!2")
	// As the system does for a process that is killed.
	server.(*net.TCPConn).SetLinger(0)
	server.Close()
	expect(0, false, "web.k!1", "web.k!2")

	if err := client.Join(ctx, "room", "a"); err != nil {
		t.Fatal(err)
	}
	expect(1, false, "a")
	if err := client.Watch(ctx, "room", "lobby"); err != nil {
		t.Fatal(err)
	}
	expect(1, true, "a")
}

func TestAWatchComesBackWithARealBrokerThatWasKilled(t *testing.T) {
	address, broker := mortalBroker(t)
	client, ctx := realClient(t, address), limited(t)
	lobby, err := client.Listen(ctx, "lobby", 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Watch(ctx, "room", "lobby"); err != nil {
		t.Fatal(err)
	}
	if err := client.Join(ctx, "room", "a"); err != nil {
		t.Fatal(err)
	}
	broker.end()
	restartBroker(t, address)
	deadline := time.Now().Add(patience)
	var told []string
	for len(told) < 3 && time.Now().Before(deadline) {
		delivery, err := lobby.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		news, _ := ReadGroupNews(delivery.Message)
		told = append(told, fmt.Sprint(news.IsWhole, news.Count))
	}
	if got := strings.Join(told, ", "); got != "true 0, false 1, true 0" {
		t.Error(got)
	}
}
