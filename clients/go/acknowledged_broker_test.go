package seaway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// A worker as a process of its own, which a test kills: this program with these in its environment.
const (
	workerAddress = "SEAWAY_TEST_WORKER_ADDRESS"
	workerHolds   = "SEAWAY_TEST_WORKER_HOLDS"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(workerAddress); address != "" {
		workAsProcess(address)
		return
	}
	os.Exit(m.Run())
}

// workAsProcess says of each message of the channel jobs which one it was and how often it was delivered, and is done
// with it, or holds it for good.
func workAsProcess(address string) {
	worker := NewWorker(New(address, Options{Logger: quiet{}}))
	worker.HandleHTTP("http.request", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		times := RequestOf(r.Context()).Times
		fmt.Fprintln(os.Stdout, 0, times)
		if os.Getenv(workerHolds) != "" {
			<-r.Context().Done()
		}
		fmt.Fprint(w, "times ", times)
	}))
	worker.HandleAcknowledged("jobs", func(ctx context.Context, r *Request) error {
		fmt.Fprintln(os.Stdout, r.Int("n"), r.Times)
		if os.Getenv(workerHolds) != "" {
			<-ctx.Done()
		}
		return nil
	})
	if err := worker.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// work is one message that a worker process has said it had.
type work struct{ number, times int }

// startWorkerProcess starts one; what it says goes to said, until it has ended.
func startWorkerProcess(t *testing.T, address string, said chan<- work, environment ...string) *brokerProcess {
	t.Helper()
	process := &brokerProcess{Cmd: exec.Command(os.Args[0])}
	process.Env = append(append(os.Environ(), workerAddress+"="+address), environment...)
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			var one work
			if _, err := fmt.Sscan(lines.Text(), &one.number, &one.times); err == nil {
				said <- one
			}
		}
	}()
	t.Cleanup(func() {
		_ = process.Process.Kill()
		await(t, over)
		process.end()
	})
	return process
}

func TestARealBrokerGivesTheWorkOfAKilledWorkerToAnother(t *testing.T) {
	address := realBroker(t, "--return", "200ms")
	client, ctx := realClient(t, address), limited(t)
	said := make(chan work, 10)
	holder := startWorkerProcess(t, address, said, workerHolds+"=1")
	if err := client.Send(ctx, "jobs", Message{"n": 7}); err != nil {
		t.Fatal(err)
	}
	if first := await(t, said); first != (work{7, 1}) {
		t.Fatal(first)
	}
	startWorkerProcess(t, address, said)
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if second := await(t, said); second != (work{7, 2}) {
		t.Error(second)
	}
	waitUntilDone(ctx, t, client)
}

func TestARealBrokerGivesTheRequestOfAKilledWorkerToAnother(t *testing.T) {
	address := realBroker(t, "--return", "50ms")
	client, ctx := realClient(t, address), limited(t)
	answers, err := client.Listen(ctx, "http.response.test!", 1)
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan work, 10)
	holder := startWorkerProcess(t, address, said, workerHolds+"=1")
	request := Message{"method": "POST", "path": "/", "reply_channel": "http.response.test!1"}
	if err := client.Send(ctx, "http.request", request); err != nil {
		t.Fatal(err)
	}
	if first := await(t, said); first != (work{0, 1}) {
		t.Fatal(first)
	}
	startWorkerProcess(t, address, said)
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	answer, err := answers.Receive(ctx)
	for err == nil && answer.Message.Text("disconnect_channel") != "" {
		answer, err = answers.Receive(ctx)
	}
	if err != nil || answer.Message.Text("content") != "times 2" {
		t.Fatal(answer, err)
	}
	waitUntilDone(ctx, t, client)
}

// waitUntilDone asks until the broker holds nothing of the channel jobs, and nothing waits there.
func waitUntilDone(ctx context.Context, t *testing.T, client *Client) {
	t.Helper()
	for {
		stats, err := client.Stats(ctx, "", Page{})
		if err != nil {
			t.Fatal(err)
		}
		if stats.Int("held") == 0 && stats.Int("messages") == 0 {
			return
		}
	}
}

// Each message is done at least once and none is lost; what is seen twice was delivered twice.
func TestARealBrokerLosesNothingWhileWorkersAreKilled(t *testing.T) {
	const count = 3000
	address := realBroker(t, "--return", "10ms", "--tries", "jobs=1000", "--capacity", fmt.Sprintf("jobs=%d", count))
	client, ctx := realClient(t, address), limited(t)
	for number := 0; number < count; number++ {
		if err := client.Send(ctx, "jobs", Message{"n": number}); err != nil {
			t.Fatal(err)
		}
	}
	seed := time.Now().UnixNano()
	chance := rand.New(rand.NewSource(seed))
	said := make(chan work, count)
	var workers [3]*brokerProcess
	for index := range workers {
		workers[index] = startWorkerProcess(t, address, said)
	}
	seen, again, kills := make(map[int][]int), 0, 0
	for next := 100; len(seen) < count; {
		one := await(t, said)
		if len(seen[one.number]) > 0 {
			again++
		}
		seen[one.number] = append(seen[one.number], one.times)
		if len(seen) >= next && next < count-100 {
			next += 50 + chance.Intn(100)
			index := chance.Intn(len(workers))
			_ = workers[index].Process.Kill()
			workers[index] = startWorkerProcess(t, address, said)
			kills++
		}
	}
	waitUntilDone(ctx, t, client)
	for number, times := range seen {
		highest := make(map[int]bool)
		for _, one := range times {
			if highest[one] {
				t.Errorf("%d was delivered twice as the same: %v", number, times)
			}
			highest[one] = true
		}
	}
	if peeked, err := client.Peek(ctx, "jobs.dead", Page{}); err != nil || peeked.Int("messages") != 0 || kills < 10 {
		t.Error(kills, peeked, err)
	}
	t.Logf("%d messages, %d workers killed, %d done again, seed %d", count, kills, again, seed)
}

// brokerTick is what a broker's time is counted in: what begins within one begins at its beginning.
const brokerTick = time.Millisecond

func TestARealBrokerKeepsWhatIsRetriedGivenUpAndHeld(t *testing.T) {
	address := realBroker(t, "--hold", "300ms")
	client, ctx := realClient(t, address), limited(t)
	worker := NewWorker(realClient(t, address))
	worker.Hold = 300 * time.Millisecond
	done := make(chan string, 10)
	worker.HandleAcknowledged("jobs", func(ctx context.Context, r *Request) error {
		what := r.Text("what")
		defer func() { done <- fmt.Sprint(what, r.Times) }()
		switch {
		case what == "retry" && r.Times == 1:
			return Retry(50 * time.Millisecond)
		case what == "dead":
			return Dead("no such user")
		case what == "long":
			// Three times as long as it may be held without a word.
			waitFor(ctx, 900*time.Millisecond, nil)
		}
		return nil
	})
	running, stop := context.WithCancel(ctx)
	ended := atWork(t, running, worker)
	for _, want := range [][]string{{"retry1", "retry2"}, {"dead1"}, {"long1"}} {
		began := time.Now()
		what := want[0][:len(want[0])-1]
		if err := client.Send(ctx, "jobs", Message{"what": what}); err != nil {
			t.Fatal(err)
		}
		for _, one := range want {
			if got := await(t, done); got != one {
				t.Errorf("%s, not %s", got, one)
			}
		}
		if what == "retry" && time.Since(began) < 50*time.Millisecond-brokerTick {
			t.Error("too early:", time.Since(began))
		}
	}
	waitForHeld(ctx, t, client)
	letters, err := client.ListenAcknowledged(ctx, "jobs.dead", 1)
	if err != nil {
		t.Fatal(err)
	}
	letter, err := letters.Receive(ctx)
	if err != nil || letter.Dead == nil || letter.Dead.Cause != "nak" || letter.Dead.Why != "no such user" {
		t.Fatal(letter, err)
	}
	if err := letter.Nak(ctx, Dead("")); err != nil {
		t.Error(err)
	}
	waitUntilDone(ctx, t, client)
	stop()
	if err := await(t, ended); err != nil {
		t.Error(err)
	}
	if len(done) > 0 {
		t.Error("once more:", <-done)
	}
}

// waitForHeld asks until nothing is held.
func waitForHeld(ctx context.Context, t *testing.T, client *Client) {
	t.Helper()
	for {
		if stats, err := client.Stats(ctx, "", Page{}); err != nil {
			t.Fatal(err)
		} else if stats.Int("held") == 0 {
			return
		}
	}
}

func TestARealBrokerTakesOnceAndDeliversLater(t *testing.T) {
	address := realBroker(t)
	client, ctx := realClient(t, address), limited(t)
	listener, err := client.Listen(ctx, "q", 10)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for number := range [3]int{} {
		if err := client.Send(ctx, "q", Message{"n": number}, Once("k"), In(100*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Send(ctx, "q", Message{"n": 9}, In(150*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{0, 9} {
		got, err := listener.Receive(ctx)
		if err != nil || got.Message.Int("n") != want || time.Since(began) < 100*time.Millisecond-brokerTick {
			t.Error(got, err, time.Since(began))
		}
	}
}

func TestEachOfSeveralBrokersIsToldWhatIsDone(t *testing.T) {
	house := newShardHouse(t)
	client, ctx := house.client(), limited(t)
	worker := NewWorker(house.client())
	done := make(chan int64, 100)
	worker.HandleAcknowledged("jobs", func(ctx context.Context, r *Request) error {
		if r.Times == 1 && r.Int("n")%3 == 0 {
			return Retry(0)
		}
		done <- r.Int("n")
		return nil
	})
	running, stop := context.WithCancel(ctx)
	ended := atWork(t, running, worker)
	for number := range [30]int{} {
		if err := client.Send(ctx, "jobs", Message{"n": number}); err != nil {
			t.Fatal(err)
		}
		// All of one key go to one broker.
		if err := client.Send(ctx, "jobs", Message{"n": 100}, Once("k")); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[int64]int)
	for len(seen) < 31 {
		seen[await(t, done)]++
	}
	for _, address := range house.addresses {
		waitUntilDone(ctx, t, realClient(t, address))
	}
	stop()
	if err := await(t, ended); err != nil {
		t.Error(err)
	}
	for number, times := range seen {
		if times != 1 {
			t.Error(number, "was done", times, "times")
		}
	}
}

// A client whose connection breaks while it holds does what is given to it, and what it has done is acknowledged late.
func TestARealBrokerTakesALateAcknowledgement(t *testing.T) {
	address := realBroker(t)
	client, ctx := realClient(t, address), limited(t)
	listener, err := client.ListenAcknowledged(ctx, "jobs", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Send(ctx, "jobs", Message{"n": 1}); err != nil {
		t.Fatal(err)
	}
	delivery, err := listener.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	delivery.lease.on.fail(errors.New("broken by the test"))
	if err := delivery.Nak(ctx, nil); !errors.Is(err, ErrLate) {
		t.Error(err)
	}
	if err := delivery.Ack(ctx); err != nil {
		t.Error(err)
	}
	waitUntilDone(ctx, t, client)
}
