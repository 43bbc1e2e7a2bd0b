package seaway

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const aRequest = `{"reply_channel":"http.response.k!1","method":"GET","path":"/moon"}`

// workerAtWork is a worker with one handler for http.request, and the broker's end of its connection.
type workerAtWork struct {
	connection *fakeConn
	logger     *testLogger
	broker     *fakeBroker
	stop       context.CancelFunc
	ended      <-chan error
}

func startWorker(t *testing.T, concurrency int, handler Handler) *workerAtWork {
	t.Helper()
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := playedWorker(client)
	worker.Concurrency = concurrency
	worker.Drain = patience
	worker.Handle("http.request", handler)
	running, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	w := &workerAtWork{
		broker: broker, stop: stop, logger: logOf(client),
		ended: atWork(t, running, worker),
	}
	w.listened(concurrency)
	return w
}

// listened plays a broker that takes the worker in.
func (w *workerAtWork) listened(credit int) {
	w.broker.t.Helper()
	w.connection = w.broker.accept("a")
	w.connection.expect("LISTEN http.request")
	w.connection.send("OK\n")
	w.connection.expect("READY " + strconv.Itoa(credit))
}

// leaves plays a broker that lets the worker go.
func (w *workerAtWork) leaves() {
	w.broker.t.Helper()
	w.connection.expect("UNLISTEN")
	w.connection.send("OK\n")
	w.connection.expect("QUIT")
	w.connection.send("OK\n")
	w.connection.close()
	if err := await(w.broker.t, w.ended); err != nil {
		w.broker.t.Error(err)
	}
}

func TestARequestIsAnsweredAndItsCreditGoesBack(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		if r.Channel != "http.request" || r.Text("path") != "/moon" || r.ReplyChannel() != "http.response.k!1" {
			t.Error(r)
		}
		return r.Respond(ctx, 200, Header{{"content-type", "text/plain"}}, []byte("hello"))
	})
	w.connection.push("http.request", aRequest)
	frame := w.connection.expect("SEND http.response.k!1")
	if string(frame.Body) != `{"content":"hello","headers":[["content-type","text/plain"]],"status":200}` {
		t.Errorf("%s", frame.Body)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
}

func TestAFailureWithoutAReplyChannelOrAfterTheAnswerIsOnlyLogged(t *testing.T) {
	handler := func(ctx context.Context, r *Request) error {
		if err := r.Respond(ctx, 200, nil, nil); r.ReplyChannel() == "" && !errors.Is(err, ErrState) {
			t.Error(err)
		}
		if err := r.Respond(ctx, 200, nil, nil); r.ReplyChannel() != "" && !errors.Is(err, ErrAnswered) {
			t.Error("answered twice:", err)
		}
		return errors.New("too late")
	}
	w := startWorker(t, 1, handler)
	w.connection.push("http.request", `{"n":1}`)
	w.connection.expect("READY 1")
	w.connection.push("http.request", aRequest)
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
}

func TestAnAnswerWaitsForRoomAndStopsWhenNobodyReads(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error { return r.RespondJSON(ctx, 200, []int{1}) })
	w.connection.push("http.request", aRequest)
	first := w.connection.expect("SEND http.response.k!1")
	if !strings.Contains(string(first.Body), `"content":"[1]\n"`) {
		t.Errorf("%s", first.Body)
	}
	w.connection.send("ERR full by=messages\n")
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("ERR gone\n")
	w.connection.expect("READY 1")
	if w.logger.contains("failed") {
		t.Error("that the client has left is no failure")
	}
}

// I11 of INTERFACE.md.
func TestAStreamKeepsOnePieceUnansweredAndSaysItsOffset(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		stream, err := r.Stream(ctx, 200, nil)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(stream, "one "); err != nil {
			return err
		}
		_, err = stream.Write([]byte("\xfftwo"))
		return err
	})
	w.connection.push("http.request", aRequest)
	pieces := []struct{ body, answer string }{
		{`{"headers":[],"more_content":true,"status":200}`, "OK\n"},
		{`{"content":"one ","more_content":true,"offset":0}`, "ERR full\n"},
		{`{"content":"one ","more_content":true,"offset":0}`, "OK\n"},
		{`{"content":{"$bytes":"/3R3bw=="},"more_content":true,"offset":4}`, "OK\n"},
		{`{"offset":8}`, "OK\n"},
	}
	for _, piece := range pieces {
		frame := w.connection.expect("SEND http.response.k!1")
		if string(frame.Body) != piece.body || len(w.connection.frames) > 0 {
			t.Errorf("%s, and then %v", frame.Body, w.connection.frames)
		}
		w.connection.send(piece.answer)
	}
	w.connection.expect("READY 1")
}

func TestAStreamThatFailedStaysFailedAndIsBrokenOff(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		stream, err := r.Stream(ctx, 200, nil)
		if err == nil {
			_, err = stream.Write(make([]byte, 2*pieceSize+1))
		}
		if err == nil || !strings.Contains(err.Error(), "size") {
			t.Error("the fake broker takes 1,000 bytes:", err)
		}
		if _, again := stream.Write([]byte("x")); again != err {
			t.Error("a stream that failed stays failed:", again)
		}
		if end := stream.Close(); end != err {
			t.Error(end)
		}
		return nil
	})
	w.connection.push("http.request", aRequest)
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("OK\n")
	if frame := w.connection.expect("SEND http.response.k!1"); string(frame.Body) != `{"status":500}` {
		t.Errorf("%s", frame.Body)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
}

func TestAPieceOfUnknownOutcomeIsSentAgain(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		stream, err := r.Stream(ctx, 200, nil)
		if err == nil {
			_, err = stream.Write([]byte("one"))
		}
		return err
	})
	w.connection.push("http.request", aRequest)
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("OK\n")
	piece := w.connection.expect("SEND http.response.k!1")
	w.connection.close()
	w.connection = w.broker.accept("a")
	w.connection.expect("LISTEN http.request")
	w.connection.send("OK\n")
	again := w.connection.expect("SEND http.response.k!1")
	if string(again.Body) != string(piece.Body) {
		t.Errorf("%s, then %s", piece.Body, again.Body)
	}
	w.connection.send("OK\n")
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
}

func TestAStreamOfAHandlerThatFailsIsBrokenOff(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		if _, err := r.Stream(ctx, 200, nil); err != nil {
			return err
		}
		return errors.New("in the middle")
	})
	w.connection.push("http.request", aRequest)
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("OK\n")
	if frame := w.connection.expect("SEND http.response.k!1"); string(frame.Body) != `{"status":500}` {
		t.Errorf("%s", frame.Body)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
}

func TestAWorkerThatIsToldToLeaveTakesNoMoreFinishesAndQuits(t *testing.T) {
	began, finish := make(chan struct{}, 2), make(chan struct{})
	w := startWorker(t, 2, func(ctx context.Context, r *Request) error {
		began <- struct{}{}
		<-finish
		return r.Respond(ctx, 200, nil, nil)
	})
	w.connection.push("http.request", aRequest)
	await(t, began)
	w.stop()
	w.connection.expect("UNLISTEN http.request")
	// On its way before the broker heard of it: it must not be lost.
	w.connection.push("http.request", aRequest)
	w.connection.send("OK\n")
	await(t, began)
	close(finish)
	for range [2]int{} {
		w.connection.expect("SEND http.response.k!1")
		w.connection.send("OK\n")
	}
	w.connection.expect("QUIT")
	w.connection.send("OK\n")
	w.connection.close()
	if err := await(t, w.ended); err != nil {
		t.Error(err)
	}
}

func TestSigtermIsTheWordToLeave(t *testing.T) {
	broker := newFakeBroker(t)
	worker := playedWorker(broker.client(Options{}))
	worker.Handle("http.request", func(context.Context, *Request) error { return nil })
	w := &workerAtWork{broker: broker, ended: background(func() error { return worker.RunUntilSignal(ctx) })}
	w.listened(16)
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.leaves()
}

func TestADrainHasItsLimit(t *testing.T) {
	broker := newFakeBroker(t)
	worker := playedWorker(broker.client(Options{}))
	worker.Drain = time.Millisecond
	began := make(chan struct{})
	worker.Handle("http.request", func(ctx context.Context, r *Request) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	})
	running, stop := context.WithCancel(ctx)
	w := &workerAtWork{broker: broker, ended: atWork(t, running, worker)}
	w.listened(16)
	w.connection.push("http.request", `{}`)
	await(t, began)
	stop()
	// Whether it still says UNLISTEN in so short a time is left open: QUIT says more.
	if frame, _ := w.connection.next(); frame.Verb == "UNLISTEN" {
		w.connection.send("OK\n")
		w.connection.expect("QUIT")
	} else if frame.Verb != "QUIT" {
		t.Error(frame)
	}
	w.connection.send("OK\n")
	w.connection.close()
	if err := await(t, w.ended); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestAHandlerThatRunsOutOfTimeIsAnsweredWithA500(t *testing.T) {
	broker := newFakeBroker(t)
	worker := playedWorker(broker.client(Options{}))
	worker.Timeout = time.Millisecond
	worker.Handle("http.request", func(ctx context.Context, r *Request) error {
		<-ctx.Done()
		return ctx.Err()
	})
	running, stop := context.WithCancel(ctx)
	defer stop()
	w := &workerAtWork{broker: broker, ended: atWork(t, running, worker)}
	w.listened(16)
	w.connection.push("http.request", aRequest)
	if frame := w.connection.expect("SEND http.response.k!1"); !strings.Contains(string(frame.Body), "500") {
		t.Errorf("%s", frame.Body)
	}
	w.connection.send("OK\n")
}

func TestAWorkerEndsWhenItsClientCannotComeBack(t *testing.T) {
	w := startWorker(t, 1, func(context.Context, *Request) error { return nil })
	w.connection.send("BYE auth\n")
	w.connection.close()
	if err := await(t, w.ended); !errors.Is(err, ErrAuth) {
		t.Error(err)
	}
}

func TestAMessageForSeveralChannelsGoesToTheHandlerOfEach(t *testing.T) {
	broker := newFakeBroker(t)
	worker := playedWorker(broker.client(Options{}))
	seen := make(chan string, 3)
	for _, channel := range []string{"a", "b"} {
		worker.Handle(channel, func(ctx context.Context, r *Request) error {
			seen <- r.Channel + " " + r.Group
			return nil
		})
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	atWork(t, running, worker)
	connection := broker.accept("a")
	connection.expect("LISTEN a b")
	connection.send("OK\n")
	connection.expect("READY 16")
	connection.push("a b group=room", "{}")
	if first, second := await(t, seen), await(t, seen); first != "a room" || second != "b room" {
		t.Error(first, second)
	}
	connection.expect("READY 1")
}

func TestABadWorkerSaysSoWhenItRuns(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	nothing := func(context.Context, *Request) error { return nil }
	bad := map[string]func(*Worker){
		"no handler": func(*Worker) {},
		"a bad name": func(w *Worker) { w.Handle("a b", nothing) },
		"twice":      func(w *Worker) { w.Handle("a", nothing); w.Handle("a", nothing) },
		"no room":    func(w *Worker) { w.Handle("a", nothing); w.Concurrency = 0 },
		"too much":   func(w *Worker) { w.Handle("a", nothing); w.Concurrency = 1_000_001 },
	}
	for name, spoil := range bad {
		worker := playedWorker(client)
		spoil(worker)
		if err := worker.Run(ctx); err == nil {
			t.Error(name)
		}
	}
}
