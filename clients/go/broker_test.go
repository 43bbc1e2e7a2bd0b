package seaway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// realBroker starts the broker that SEAWAY_BIN names, at a port that it chooses, and returns its address.
func realBroker(t *testing.T, options ...string) (address string) {
	t.Helper()
	address, _ = startBroker(t, append([]string{"--listen", "127.0.0.1:0"}, options...)...)
	return address
}

// mortalBroker starts one that a test may end and start again: at a Unix socket, which nobody else takes meanwhile.
func mortalBroker(t *testing.T, options ...string) (address string, process *brokerProcess) {
	t.Helper()
	// Not t.TempDir, whose name has that of the test: the path of a socket is short.
	folder, err := os.MkdirTemp("", "seaway")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return startBroker(t, append([]string{"--unix-socket", filepath.Join(folder, "broker")}, options...)...)
}

// restartBroker starts a mortal broker again.
func restartBroker(t *testing.T, address string) {
	t.Helper()
	startBroker(t, "--unix-socket", strings.TrimPrefix(address, "unix:"))
}

// brokerProcess is a broker of its own.
type brokerProcess struct {
	*exec.Cmd
	once sync.Once
}

func (p *brokerProcess) end() {
	p.once.Do(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	})
}

// startBroker starts a broker and returns the address that it says it listens at: with port 0 it has chosen it.
func startBroker(t *testing.T, options ...string) (address string, process *brokerProcess) {
	t.Helper()
	addresses, process := startProgram(t, "broker", "listening", options...)
	return addresses["listening"], process
}

// startProgram starts a command of the binary, and waits until it says this of an address; all that it has said of
// addresses by then is returned.
func startProgram(t *testing.T, command, last string, options ...string) (map[string]string, *brokerProcess) {
	t.Helper()
	binary := os.Getenv("SEAWAY_BIN")
	if binary == "" {
		t.Skip("SEAWAY_BIN does not name a seaway binary")
	}
	process := &brokerProcess{Cmd: exec.Command(binary, append([]string{command}, options...)...)}
	output, err := process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	process.Stdout = process.Stderr
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.end)
	addresses := make(map[string]string)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		_, rest, isThere := strings.Cut(lines.Text(), " address=")
		_, said, _ := strings.Cut(rest, "] ")
		if !isThere {
			continue
		}
		addresses[said] = strings.Fields(rest)[0]
		if said == last {
			go func() { _, _ = io.Copy(io.Discard, output) }()
			return addresses, process
		}
	}
	t.Fatal("it did not start: seaway ", command)
	return nil, nil
}

func realClient(t *testing.T, address string) *Client {
	t.Helper()
	client := New(address, Options{
		Wait: patience, Backoff: 10 * time.Millisecond, MaxBackoff: time.Second, Logger: &testLogger{t: t},
	})
	t.Cleanup(func() {
		limit, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		client.Close(limit)
	})
	return client
}

func limited(t *testing.T) context.Context {
	limit, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	return limit
}

func TestARealBrokerKeepsAMessageForWhoListensLater(t *testing.T) {
	address := realBroker(t)
	client, ctx := realClient(t, address), limited(t)
	sent := Message{"text": "kanäle", "n": 9007199254740993, "d": 1.0, "b": Bytes{0xff}, "none": nil}
	if err := client.Send(ctx, "chat.log", sent); err != nil {
		t.Fatal(err)
	}
	if err := client.SendHere(ctx, "chat.log", sent); !errors.Is(err, ErrAway) {
		t.Error(err)
	}
	listener, err := client.Listen(ctx, "chat.log", 5)
	if err != nil {
		t.Fatal(err)
	}
	got, err := listener.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got.Message.Text("text") != "kanäle" || got.Message.Int("n") != 9007199254740993 ||
		got.Message["d"] != 1.0 || string(got.Message.Bytes("b")) != "\xff" {
		t.Error(got.Message)
	}
	if err := client.SendHere(ctx, "chat.log", Message{}); err != nil {
		t.Error(err)
	}
}

func TestARealBrokerRefusesWithItsCodes(t *testing.T) {
	address := realBroker(t)
	client, ctx := realClient(t, address), limited(t)
	for count := 0; count < 100; count++ {
		if err := client.Send(ctx, "a", Message{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Send(ctx, "a", Message{}); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if err := client.CloseChannels(ctx, "x!1"); !errors.Is(err, ErrReader) {
		t.Error(err)
	}
	if err := client.Send(ctx, "b", Message{"x": strings.Repeat("x", 2<<20)}); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
	if messages, _, err := client.Flush(ctx, "a"); err != nil || messages != 100 {
		t.Error(messages, err)
	}
	if peeked, err := client.Peek(ctx, "a", Page{}); err != nil || peeked.Int("messages") != 0 {
		t.Error(peeked, err)
	}
	if stats, err := client.Stats(ctx, "connections", Page{Limit: 1}); err != nil || stats["connections"] == nil {
		t.Error(stats, err)
	}
}

func TestARealGroupReachesAMailbox(t *testing.T) {
	address := realBroker(t)
	client, ctx := realClient(t, address), limited(t)
	listener, err := client.Listen(ctx, "web.k!", 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Join(ctx, "room", "web.k!1", "web.k!2", "web.k!3"); err != nil {
		t.Fatal(err)
	}
	result, err := client.SendGroup(ctx, "room", Message{"n": 1}, "web.k!3")
	if err != nil || result != (GroupResult{Sent: 2}) {
		t.Error(result, err)
	}
	delivery, err := listener.Receive(ctx)
	if err != nil || len(delivery.Channels) != 2 || delivery.Group != "room" {
		t.Error(delivery, err)
	}
	if err := client.CloseChannels(ctx, "web.k!1"); err != nil {
		t.Error(err)
	}
	if err := client.Send(ctx, "web.k!1", Message{}); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if members, err := client.Members(ctx, "room", Page{}); err != nil || members.Int("total") != 2 {
		t.Error(members, err)
	}
}

func TestMembershipsComeBackWithARealBrokerThatWasKilled(t *testing.T) {
	address, broker := mortalBroker(t)
	client, ctx := realClient(t, address), limited(t)
	listener, err := client.Listen(ctx, "web.k!", 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Join(ctx, "room", "web.k!1", "web.k!2"); err != nil {
		t.Fatal(err)
	}
	if err := client.Leave(ctx, "room", "web.k!2"); err != nil {
		t.Fatal(err)
	}
	broker.end()
	restartBroker(t, address)
	var result GroupResult
	for result.Sent == 0 {
		if result, err = client.SendGroup(ctx, "room", Message{"n": 1}, ""); err != nil && !errors.Is(err, ErrUnknown) {
			t.Fatal(err)
		}
	}
	if delivery, err := listener.Receive(ctx); err != nil || delivery.Channel() != "web.k!1" || result.Sent != 1 {
		t.Error(delivery, result, err)
	}
}

func TestARealMailboxThatIsTakenOverIsLost(t *testing.T) {
	address := realBroker(t)
	first, second, ctx := realClient(t, address), realClient(t, address), limited(t)
	listener, err := first.Listen(ctx, "web.k!", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Listen(ctx, "web.k!", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := listener.Receive(ctx); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
}

func TestRealWorkersAnswerManyRequests(t *testing.T) {
	address := realBroker(t)
	web, ctx := realClient(t, address), limited(t)
	running, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	for number := 0; number < 2; number++ {
		worker := playedWorker(realClient(t, address))
		worker.Handle("http.request", func(ctx context.Context, r *Request) error {
			return r.Respond(ctx, 200, nil, append([]byte("answer to "), r.Bytes("body")...))
		})
		workers.Add(1)
		go func() {
			defer workers.Done()
			if err := worker.Run(running); err != nil {
				t.Error(err)
			}
		}()
	}
	mailbox, err := web.Listen(ctx, "http.response.k!", 100)
	if err != nil {
		t.Fatal(err)
	}
	const requests = 2000
	sent := background(func() error {
		for number := 0; number < requests; number++ {
			reply := fmt.Sprintf("http.response.k!%d", number)
			message := Message{"reply_channel": reply, "body": fmt.Sprint(number)}
			if err := sendWhenRoom(ctx, web, "http.request", message); err != nil {
				return err
			}
		}
		return nil
	})
	seen := make(map[string]bool)
	for len(seen) < requests {
		delivery, err := mailbox.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		channel := delivery.Channel()
		number := strings.TrimPrefix(channel, "http.response.k!")
		if seen[channel] || string(delivery.Message.Bytes("content")) != "answer to "+number {
			t.Fatal(channel, delivery.Message)
		}
		seen[channel] = true
	}
	if err := await(t, sent); err != nil {
		t.Error(err)
	}
	stop()
	workers.Wait()
	if stats, err := web.Stats(ctx, "", Page{}); err != nil || stats.Int("connections") != 1 {
		t.Error("the workers have not left:", stats, err)
	}
}

func TestARealStreamArrivesWhole(t *testing.T) {
	address := realBroker(t)
	web, ctx := realClient(t, address), limited(t)
	content := strings.Repeat("0123456789", 60_000)
	worker := playedWorker(realClient(t, address))
	worker.Handle("http.request", func(ctx context.Context, r *Request) error {
		stream, err := r.Stream(ctx, 200, nil)
		if err == nil {
			_, err = stream.Write([]byte(content))
		}
		return err
	})
	running, stop := context.WithCancel(ctx)
	ended := atWork(t, running, worker)
	mailbox, err := web.Listen(ctx, "http.response.k!", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := web.Send(ctx, "http.request", Message{"reply_channel": "http.response.k!1"}); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for hasMore := true; hasMore; {
		delivery, err := mailbox.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if offset, isThere := delivery.Message["offset"].(int64); isThere && offset != int64(got.Len()) {
			t.Fatal("a hole at", offset)
		}
		got.Write(delivery.Message.Bytes("content"))
		hasMore = delivery.Message.Bool("more_content")
	}
	if got.String() != content {
		t.Error(got.Len(), "bytes")
	}
	stop()
	if err := await(t, ended); err != nil {
		t.Error(err)
	}
}
