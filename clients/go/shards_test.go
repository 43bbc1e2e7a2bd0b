package seaway

import (
	"context"
	"errors"
	"sort"
	"syscall"
	"testing"
	"time"
)

// shardHouse is three brokers that a test may kill, and clients of all of them.
type shardHouse struct {
	t         *testing.T
	addresses []string
	processes []*brokerProcess
}

func newShardHouse(t *testing.T) *shardHouse {
	t.Helper()
	house := &shardHouse{t: t}
	for range [3]int{} {
		address, process := mortalBroker(t, "--warm", "0s")
		house.addresses = append(house.addresses, address)
		house.processes = append(house.processes, process)
	}
	return house
}

// restart starts a broker again that was killed.
func (h *shardHouse) restart(number int) {
	h.t.Helper()
	h.processes[number].end()
	restartBroker(h.t, h.addresses[number])
}

func (h *shardHouse) kill(number int) {
	h.t.Helper()
	if err := h.processes[number].Process.Kill(); err != nil {
		h.t.Fatal(err)
	}
}

// hang stops a broker, and returns when all of it stands still: what was sent before that is still answered.
func (h *shardHouse) hang(number int) {
	h.t.Helper()
	process := h.processes[number].Process
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		h.t.Fatal(err)
	}
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(process.Pid, &status, syscall.WUNTRACED, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil || !status.Stopped():
			h.t.Fatal("it has not stopped: ", status, err)
		default:
			return
		}
	}
}

// client is one that has reached all brokers; a busy machine takes none of them for dead.
func (h *shardHouse) client() *Client {
	h.t.Helper()
	client, err := NewSharded(h.addresses, h.options(10*time.Second))
	return h.ready(client, err)
}

func (h *shardHouse) options(failover time.Duration) Options {
	return Options{Failover: failover, Wait: patience, Backoff: 10 * time.Millisecond, Logger: quiet{}}
}

// ready waits until a client has reached all brokers; it ends with the test.
func (h *shardHouse) ready(client *Client, err error) *Client {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = client.Close(ctx)
	})
	h.waitFor(client, 3)
	return client
}

// waitFor waits until a client has so many brokers.
func (h *shardHouse) waitFor(client *Client, count int) {
	h.t.Helper()
	limit := time.After(patience)
	for {
		client.shards.mu.Lock()
		live, changed := len(client.shards.live), client.shards.changed
		client.shards.mu.Unlock()
		if live == count {
			return
		}
		select {
		case <-changed:
		case <-limit:
			h.t.Fatalf("%d brokers are live, not %d", live, count)
		}
	}
}

// listen listens, and waits until all brokers have answered that: whoever joins meanwhile may have to be set right (B16).
func (h *shardHouse) listen(ctx context.Context, client *Client, name string) *Listener {
	h.t.Helper()
	listener, err := client.Listen(ctx, name, 10)
	if err != nil {
		h.t.Fatal(err)
	}
	until(h.t, func() bool {
		client.shards.mu.Lock()
		defer client.shards.mu.Unlock()
		return len(listener.reading.credit.atBroker) == len(h.addresses)
	})
	return listener
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

func receiveNumbers(ctx context.Context, t *testing.T, listener *Listener, count int) []int {
	t.Helper()
	var numbers []int
	for index := 0; index < count; index++ {
		delivery, err := listener.Receive(ctx)
		if err != nil {
			t.Fatal(err, numbers)
		}
		number, _ := delivery.Message["n"].(int64)
		for range delivery.Channels {
			numbers = append(numbers, int(number))
		}
	}
	sort.Ints(numbers)
	return numbers
}

func TestANormalChannelIsSpreadAndHeardAtEveryBroker(t *testing.T) {
	house, ctx := newShardHouse(t), limited(t)
	sender := house.client()
	for number := 0; number < 9; number++ {
		if err := sender.Send(ctx, "work", Message{"n": number}); err != nil {
			t.Fatal(err)
		}
	}
	for _, address := range house.addresses {
		one := New(address, Options{Logger: quiet{}})
		if queue, err := one.Peek(ctx, "work", Page{}); err != nil || queue["messages"] != int64(3) {
			t.Error(queue, err)
		}
		_ = one.Close(ctx)
	}
	listener, err := house.client().Listen(ctx, "work", 2)
	if err != nil {
		t.Fatal(err)
	}
	for number, found := range receiveNumbers(ctx, t, listener, 9) {
		if number != found {
			t.Error(number, found)
		}
	}
	if err := listener.Close(ctx); err != nil {
		t.Error(err)
	}
}

// B7 of SHARDING.md.
func TestWhatBelongsToAStreamGoesThroughOneBrokerInItsOrder(t *testing.T) {
	house, ctx := newShardHouse(t), limited(t)
	sender := house.client()
	for number := 0; number < 9; number++ {
		if err := sender.SendInStream(ctx, "x!1", "work", Message{"n": number}); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := house.client().Listen(ctx, "work", 9)
	if err != nil {
		t.Fatal(err)
	}
	for number := 0; number < 9; number++ {
		delivery, err := listener.Receive(ctx)
		if err != nil || delivery.Message.Int("n") != int64(number) {
			t.Fatal(number, delivery, err)
		}
	}
}

func TestGroupsAndReplyChannelsGoOnWhenABrokerDies(t *testing.T) {
	house, ctx := newShardHouse(t), limited(t)
	listener := house.listen(ctx, house.client(), "x!")
	sender := house.client()
	if err := sender.Join(ctx, "room", "x!1", "x!2"); err != nil {
		t.Fatal(err)
	}
	for dead := 0; dead < 2; dead++ {
		house.kill(dead)
		house.waitFor(sender, 2-dead)
		result, err := sender.SendGroup(ctx, "room", Message{"n": dead}, "")
		if err != nil || result.Sent != 2 {
			t.Fatal(result, err)
		}
		if err := sender.Send(ctx, "x!1", Message{"n": dead}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[int]int{}
	for total := 0; total < 6; {
		for _, number := range receiveNumbers(ctx, t, listener, 1) {
			seen[number]++
			total++
		}
	}
	if seen[0] != 3 || seen[1] != 3 {
		t.Error(seen)
	}
	house.kill(2)
	house.waitFor(sender, 0)
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if err := sender.Send(short, "work", Message{}); !errors.Is(err, ErrOffline) {
		t.Error(err)
	}
}

// The time after which a broker is given up passes when the test says so: no busy machine makes another one hang.
func TestABrokerThatHangsIsGivenUp(t *testing.T) {
	house, ctx := newShardHouse(t), limited(t)
	silences := newSilences(t)
	sender := house.ready(newSharded(house.addresses, house.options(time.Hour), silences.dialer))
	hanging := silences.to(house.addresses[1])
	house.hang(1)
	sent := background(func() (failures []error) {
		for number := 0; number < 30; number++ {
			if err := sender.Send(ctx, "work", Message{"n": number}); err != nil {
				failures = append(failures, err)
			}
		}
		return failures
	})
	await(t, hanging.asked)
	if given := hanging.patience(); given > 20*time.Minute || given < 10*time.Minute {
		t.Error("a third of the time is too long, or too short: ", given)
	}
	for range [3]int{} {
		if err := hanging.pass(); err != nil {
			t.Fatal(err)
		}
	}
	if failures := await(t, sent); len(failures) != 1 || !errors.Is(failures[0], ErrUnknown) {
		t.Error("of the one that it was asked nobody knows, and the others have the rest: ", failures)
	}
	house.waitFor(sender, 2)
	if err := house.processes[1].Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	house.waitFor(sender, 3)
}

func TestAWatchGoesOnAtTheNextBroker(t *testing.T) {
	house, ctx := newShardHouse(t), limited(t)
	client := house.client()
	listener, err := client.Listen(ctx, "lobby", 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Join(ctx, "room", "a"); err != nil {
		t.Fatal(err)
	}
	if err := client.Watch(ctx, "room", "lobby"); err != nil {
		t.Fatal(err)
	}
	expectWhole := func() {
		t.Helper()
		delivery, err := listener.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if news, _ := ReadGroupNews(delivery.Message); !news.IsWhole || len(news.Members) != 1 || news.Members[0] != "a" {
			t.Error(delivery.Message)
		}
	}
	expectWhole()
	first := shardOrder("room", house.addresses)[0]
	for number, address := range house.addresses {
		if address == first {
			house.kill(number)
		}
	}
	expectWhole()
	if err := client.Unwatch(ctx, "room", "lobby"); err != nil {
		t.Error(err)
	}
}

func TestAWorkerWorksOverSeveralBrokers(t *testing.T) {
	house, ctx := newShardHouse(t), limited(t)
	worker := NewWorker(house.client())
	worker.Concurrency = 2
	worker.Handle("work", func(ctx context.Context, request *Request) error {
		return worker.client.Send(ctx, "back.k!1", Message{"n": request.Message["n"]})
	})
	over, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(over) }()
	sender := house.client()
	listener, err := sender.Listen(ctx, "back.k!", 4)
	if err != nil {
		t.Fatal(err)
	}
	for number := 0; number < 20; number++ {
		if err := sender.Send(ctx, "work", Message{"n": number}); err != nil {
			t.Fatal(err)
		}
	}
	for number, found := range receiveNumbers(ctx, t, listener, 20) {
		if number != found {
			t.Error(number, found)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestABrokerThatComesBackEmptyHasItsMembersBack(t *testing.T) {
	house, ctx := newShardHouse(t), limited(t)
	reader := house.client()
	house.listen(ctx, reader, "x!")
	sender := house.client()
	if err := sender.Join(ctx, "room", "x!1", "log"); err != nil {
		t.Fatal(err)
	}
	house.kill(0)
	house.waitFor(sender, 2)
	house.waitFor(reader, 2)
	house.restart(0)
	one := New(house.addresses[0], Options{Logger: quiet{}})
	defer one.Close(ctx)
	for {
		members, err := one.Members(ctx, "room", Page{})
		if err != nil {
			t.Fatal(err)
		}
		if members["total"] == int64(2) {
			return
		}
	}
}

func TestOneOfSeveralBrokersGivesAClientUpBeforeItGetsSendsAgain(t *testing.T) {
	for _, c := range []struct{ failover, given, heartbeat time.Duration }{
		{2 * time.Second, 20 * time.Second, 1233333333},
		{300 * time.Millisecond, 20 * time.Second, 100 * time.Millisecond},
		{time.Hour, 20 * time.Second, 20 * time.Second},
		{time.Second, 0, 0},
	} {
		options := Options{Failover: c.failover, Heartbeat: c.given}
		if heartbeat := (&Client{options: options, part: &shardPart{}}).heartbeat(); heartbeat != c.heartbeat {
			t.Errorf("%v with a failover time of %v is %v", c.given, c.failover, heartbeat)
		}
		if heartbeat := (&Client{options: options}).heartbeat(); heartbeat != c.given {
			t.Errorf("%v is %v for one broker", c.given, heartbeat)
		}
	}
}

func TestListsOfBrokersThatCannotBeUsedAreRefused(t *testing.T) {
	for _, addresses := range [][]string{{}, {"a:1", "b:1", "a:1"}, make([]string, 65)} {
		if _, err := NewSharded(addresses, Options{}); !errors.Is(err, ErrOption) {
			t.Error(addresses, err)
		}
	}
	if _, err := NewSharded([]string{"a:1"}, Options{Failover: time.Millisecond}); !errors.Is(err, ErrOption) {
		t.Error(err)
	}
}
