package seaway

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Whatever limit is known here is checked before the broker is asked: there is none.
func TestALimitThatRefusesSaysItsValueAndWhatWasGiven(t *testing.T) {
	client := newFakeBroker(t).client(Options{})
	long := strings.Repeat("a", 256)
	_, toGroup := client.SendGroup(ctx, long, Message{}, "")
	_, except := client.SendGroup(ctx, "g", Message{}, long)
	_, listening := client.Listen(ctx, long, 1)
	_, credit := client.Listen(ctx, "a", 0)
	_, members := client.Members(ctx, long, Page{})
	_, page := client.Stats(ctx, "channels", Page{Limit: 1001})
	_, _, flush := client.Flush(ctx, long)
	_, _, stars := client.Flush(ctx, strings.Repeat("a*", 33))
	_, failover := NewSharded([]string{"a:1"}, Options{Failover: time.Millisecond})
	_, brokers := NewSharded(make([]string, 65), Options{})
	socket := &Socket{client: client}
	worker := playedWorker(client)
	worker.Handle(long, nil)
	const name = "a name has 1 to 255 bytes, this one has 256"
	for _, one := range []struct {
		err   error
		kind  error
		words string
	}{
		{client.Send(ctx, long, Message{}), ErrName, name},
		{client.Send(ctx, "", Message{}), ErrName, "a name has 1 to 255 bytes, this one has 0"},
		{client.SendHere(ctx, long, Message{}), ErrName, name},
		{client.SendInStream(ctx, "a!1", long, Message{}), ErrName, name},
		{client.SendInStream(ctx, "a", "b", Message{}), ErrName, `"a" is no stream`},
		{client.Join(ctx, long, "a"), ErrName, name},
		{client.Join(ctx, "g", long), ErrName, name},
		{client.Watch(ctx, long, "a"), ErrName, name},
		{client.CloseChannels(ctx, long), ErrName, name},
		{toGroup, ErrName, name},
		{except, ErrName, name},
		{listening, ErrName, name},
		{members, ErrName, name},
		{worker.Run(ctx), ErrName, name},
		{flush, ErrName, "a pattern has 1 to 255 bytes, this one has 256"},
		{stars, ErrName, "a pattern has at most 32 *, this one has 33"},
		{client.Send(ctx, "a\nb", Message{}), ErrName, `"a\nb" is no name, which has letters`},
		{client.Send(ctx, "a!", Message{}), ErrName, `"a!" is a mailbox`},
		{client.Join(ctx, "a!1", "b"), ErrName, `"a!1" is no group`},
		{client.Leave(ctx, "g"), ErrArgs, "a request names one channel at least, this one names none"},
		{client.Join(ctx, "g", strings.Split(strings.Repeat("a,", 2100), ",")[:2100]...), ErrArgs,
			"a request has at most 4096 bytes, this one of 2100 channels has 4206"},
		{credit, ErrOption, "a credit is 1 to 1000000, this one is 0"},
		{page, ErrOption, "a page's limit is 1 to 1000, this one is 1001"},
		{failover, ErrOption, "a failover time is 300ms to 1h0m0s, this one is 1ms"},
		{brokers, ErrOption, "given twice"},
		{socket.Close(ctx, 1006, ""), ErrOption, "3000 to 4999, this one is 1006"},
		{socket.Close(ctx, 1000, strings.Repeat("a", 124)), ErrOption, "a reason has at most 123 bytes, this one has 124"},
	} {
		if !errors.Is(one.err, one.kind) || !strings.Contains(one.err.Error(), one.words) {
			t.Errorf("%s: %v", one.words, one.err)
		}
	}
}

func TestABodyThatIsTooLargeSaysTheBrokersLimit(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	broker.accept("a")
	err := client.Send(ctx, "a", Message{"a": strings.Repeat("x", 1000)})
	if !errors.Is(err, ErrSize) || !strings.Contains(err.Error(), "a body has at most 1000 bytes, this one has 1008") {
		t.Error(err)
	}
}

func TestAConnectionThatWouldHaveTooManyNamesSaysSo(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	connection := broker.acceptSilently()
	connection.expect("HELLO 1")
	connection.send("HELLO 1 id=1 epoch=a max-body=1000 max-names=1\n")
	listening(t, client, connection, "a", "LISTEN a", "OK\n", "READY 5 a")
	_, err := client.Listen(ctx, "b", 1)
	if !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "a connection has at most 1 names, with this it would have 2") {
		t.Error(err)
	}
}

func TestWhatAClientTellsOfItselfIsCheckedBeforeItIsTold(t *testing.T) {
	for words, options := range map[string]Options{
		"a client's name has 1 to 64 bytes, this one has 65": {Name: strings.Repeat("a", 65)},
		"a token has 1 to 255 bytes, this one has 256":       {Token: strings.Repeat("a", 256)},
		"a heartbeat is 0s to 1h0m0s, this one is 2h0m0s":    {Heartbeat: 2 * time.Hour},
		"a byte that no line may hold":                       {Token: "a b"},
	} {
		client := newFakeBroker(t).client(options)
		if err := client.Ping(ctx); !errors.Is(err, ErrOption) || !strings.Contains(fmt.Sprint(err), words) {
			t.Errorf("%s: %v", words, err)
		}
	}
}
