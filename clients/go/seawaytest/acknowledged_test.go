package seawaytest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"seaway.dev/seaway"
	"seaway.dev/seaway/seawaytest"
)

// tried is what a handler was called with, and what it is to end with next.
type tried struct {
	mu    sync.Mutex
	times []int
	ends  []func() error
}

func (t *tried) handle(_ context.Context, r *seaway.Request) error {
	t.mu.Lock()
	t.times = append(t.times, r.Times)
	end := func() error { return nil }
	if len(t.ends) > 0 {
		end, t.ends = t.ends[0], t.ends[1:]
	}
	t.mu.Unlock()
	return end()
}

func (t *tried) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprint(t.times)
}

// working is a site with a worker for acknowledged jobs, and a client that sends them.
func working(t *testing.T, ends ...func() error) (*seawaytest.Site, *tried, *seaway.Client) {
	t.Helper()
	site, jobs := seawaytest.New(t), &tried{ends: ends}
	worker := seaway.NewWorker(site.Client())
	worker.HandleAcknowledged("jobs", jobs.handle)
	site.Run(worker)
	return site, jobs, site.Client()
}

func send(t *testing.T, client *seaway.Client, options ...seaway.SendOption) {
	t.Helper()
	if err := client.Send(context.Background(), "jobs", seaway.Message{"n": 1}, options...); err != nil {
		t.Fatal(err)
	}
}

func TestWhatAHandlerGivesBackComesAgainWhenItIsTime(t *testing.T) {
	site, jobs, client := working(t,
		func() error { return fmt.Errorf("the moon is down: %w", seaway.Retry(time.Minute)) },
		func() error { return errors.New("no reason of ours") },
		func() error { panic("a panic") },
	)
	send(t, client)
	for _, step := range []struct {
		pause time.Duration
		said  string
	}{{time.Minute, "[1]"}, {2 * time.Second, "[1 2]"}, {4 * time.Second, "[1 2 3]"}} {
		site.Settle("jobs")
		site.Advance(step.pause - time.Millisecond)
		if jobs.String() != step.said {
			t.Fatal("too early, or never:", jobs)
		}
		site.Advance(time.Millisecond)
	}
	site.Settle("jobs")
	site.Advance(time.Hour)
	if jobs.String() != "[1 2 3 4]" || site.Broker.Held("jobs") != 0 || site.Broker.Waiting("jobs.dead") != 0 {
		t.Error(jobs)
	}
}

func TestWhatIsGivenUpIsADeadLetterWithItsReason(t *testing.T) {
	fails := func() error { return seaway.Retry(0) }
	site, jobs, client := working(t, fails, fails, fails, fails, fails,
		func() error { return seaway.Dead("no such user = 5 % ü") })
	send(t, client)
	site.Settle("jobs")
	send(t, client)
	site.Settle("jobs")
	if jobs.String() != "[1 2 3 4 5 1]" {
		t.Error(jobs)
	}
	letters, err := client.ListenAcknowledged(context.Background(), "jobs.dead", 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []seaway.DeadLetter{
		{Cause: "tries", Tries: 5}, {Cause: "nak", Tries: 1, Why: "no such user = 5 % ü"},
	} {
		letter, err := letters.Receive(context.Background())
		if err != nil || letter.Dead == nil || *letter.Dead != want || letter.Message.Int("n") != 1 {
			t.Fatal(letter, err)
		}
		if err := letter.Ack(context.Background()); err != nil {
			t.Error(err)
		}
	}
	site.Settle("jobs.dead")
}

func TestAWorkerWhoseConnectionBreaksLeavesItsWorkToOthers(t *testing.T) {
	site, jobs, client := working(t)
	listener, err := site.Client().ListenAcknowledged(context.Background(), "others", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Send(context.Background(), "others", seaway.Message{"n": 2}); err != nil {
		t.Fatal(err)
	}
	first, err := listener.Receive(context.Background())
	if err != nil || first.Times != 1 {
		t.Fatal(first, err)
	}
	site.Broker.Break()
	// The same broker: the ACK is said late, and what it acknowledges comes no more.
	if err := first.Ack(context.Background()); err != nil {
		t.Error(err)
	}
	site.Advance(2 * time.Second)
	if site.Broker.Waiting("others") != 0 || site.Broker.Held("others") != 0 {
		t.Error("it was acknowledged")
	}
	send(t, client)
	site.Settle("jobs")
	if jobs.String() != "[1]" {
		t.Error(jobs)
	}
}

func TestWhatIsSentForLaterAndOnceComesThenAndOnce(t *testing.T) {
	site, jobs, client := working(t)
	send(t, client, seaway.In(time.Minute), seaway.Once("a"))
	send(t, client, seaway.In(time.Minute), seaway.Once("a"))
	site.Advance(time.Minute - time.Millisecond)
	if jobs.String() != "[]" {
		t.Error("too early:", jobs)
	}
	site.Advance(time.Millisecond)
	site.Settle("jobs")
	site.Advance(time.Hour)
	if jobs.String() != "[1]" {
		t.Error(jobs)
	}
	_, err := client.SendGroup(context.Background(), "g", seaway.Message{}, "", seaway.Once("a"))
	if !errors.Is(err, seaway.ErrOption) {
		t.Error(err)
	}
}
