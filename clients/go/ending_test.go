package seaway

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
)

// ways are those in which a handler may end without an answer, and what the log says of each.
var ways = map[string]struct {
	handler Handler
	said    string
}{
	"return":      {func(context.Context, *Request) error { return nil }, "without an answer"},
	"error":       {func(context.Context, *Request) error { return errors.New("an error") }, "an error"},
	"canceled":    {func(context.Context, *Request) error { return context.Canceled }, "context canceled"},
	"panic":       {func(context.Context, *Request) error { panic("a panic") }, "panic: a panic"},
	"panic error": {func(context.Context, *Request) error { panic(errors.New("in a panic")) }, "panic: in a panic"},
	"panic nil":   {func(context.Context, *Request) error { panic(nil) }, "panic"},
	"Goexit":      {func(context.Context, *Request) error { runtime.Goexit(); return nil }, "runtime.Goexit"},
	"runtime": {func(context.Context, *Request) error {
		var none map[string]int
		none["a"] = 1
		return nil
	}, "nil map"},
	"a status that is none": {func(ctx context.Context, r *Request) error {
		return r.Respond(ctx, 999, nil, nil)
	}, "a status is 200 to 599, this one is 999"},
	"payload": {func(ctx context.Context, r *Request) error {
		return r.Reply(ctx, Message{"a": make(chan int)})
	}, "payload"},
}

func TestAHandlerThatEndsWithoutAnAnswerInWhateverWayIsA500AndTheWorkerGoesOn(t *testing.T) {
	for name, way := range ways {
		w := startWorker(t, 1, way.handler)
		// More than it has credit: none of it is lost.
		for range [3]int{} {
			w.connection.push("http.request", aRequest)
			if frame := w.connection.expect("SEND http.response.k!1"); !strings.Contains(string(frame.Body), `"status":500`) {
				t.Errorf("%s: %s", name, frame.Body)
			}
			w.connection.send("OK\n")
			w.connection.expect("READY 1")
		}
		if w.logger.count("GET /moon on http.request failed: ") != 3 || !w.logger.contains(way.said) {
			t.Errorf("%s: %q", name, w.logger.all())
		}
	}
}

func TestAPanicSaysWhereItWas(t *testing.T) {
	w := startWorker(t, 1, func(context.Context, *Request) error { panic("a panic") })
	w.connection.push("http.request", `{}`)
	w.connection.expect("READY 1")
	if w.logger.count("panic: a panic [seaway.dev/seaway.TestAPanicSaysWhereItWas.func1 ") != 1 || !w.logger.contains("ending_test.go:") {
		t.Errorf("%q", w.logger.all())
	}
}

func TestAStreamOfAHandlerThatEndsInWhateverWayIsBrokenOff(t *testing.T) {
	for name, way := range ways {
		if name == "return" || strings.Contains(name, "status") || name == "payload" {
			continue
		}
		w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
			if _, err := r.Stream(ctx, 200, nil); err != nil {
				return err
			}
			return way.handler(ctx, r)
		})
		w.connection.push("http.request", aRequest)
		w.connection.expect("SEND http.response.k!1")
		w.connection.send("OK\n")
		if frame := w.connection.expect("SEND http.response.k!1"); string(frame.Body) != `{"status":500}` {
			t.Errorf("%s: %s", name, frame.Body)
		}
		w.connection.send("OK\n")
		w.connection.expect("READY 1")
	}
}

func TestAStreamWhoseEndCouldNotBeSentIsBrokenOff(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		short, cancel := context.WithCancel(ctx)
		stream, err := r.Stream(short, 200, nil)
		cancel()
		if err == nil {
			err = stream.Close()
		}
		return err
	})
	w.connection.push("http.request", aRequest)
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("OK\n")
	frame := w.connection.expect("SEND http.response.k!1")
	if strings.Contains(string(frame.Body), "offset") {
		// The end was sent, and nobody waited to hear that it was stored.
		w.connection.send("OK\n")
		frame = w.connection.expect("SEND http.response.k!1")
	}
	if string(frame.Body) != `{"status":500}` {
		t.Errorf("%s", frame.Body)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
}

func TestASecondAnswerIsAnErrorAndTheFirstStands(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		if err := r.Respond(ctx, 200, nil, []byte("one")); err != nil {
			t.Error(err)
		}
		if _, err := r.Stream(ctx, 200, nil); !errors.Is(err, ErrAnswered) {
			t.Error(err)
		}
		if err := r.Reply(ctx, Message{}); !errors.Is(err, ErrAnswered) {
			t.Error(err)
		}
		return r.Respond(ctx, 200, nil, []byte("two"))
	})
	w.connection.push("http.request", aRequest)
	if frame := w.connection.expect("SEND http.response.k!1"); !strings.Contains(string(frame.Body), `"content":"one"`) {
		t.Errorf("%s", frame.Body)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	if !w.logger.contains("GET /moon on http.request failed: seaway: answered before") {
		t.Errorf("%q", w.logger.all())
	}
}

func TestWhatIsHandedOnIsAnsweredElsewhere(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		r.AnswerLater()
		return nil
	})
	w.connection.push("http.request", aRequest)
	w.connection.expect("READY 1")
	if len(w.logger.all()) != 1 {
		t.Errorf("%q", w.logger.all())
	}
}

func TestWhatNobodyWaitsForMayEndWithoutAnAnswer(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := playedWorker(client)
	worker.Concurrency = 1
	for _, channel := range []string{"jobs", "http.disconnect", "chat.disconnect"} {
		worker.Handle(channel, func(context.Context, *Request) error { return nil })
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	atWork(t, running, worker)
	connection := broker.accept("a")
	connection.expect("LISTEN chat.disconnect http.disconnect jobs")
	connection.send("OK\n")
	connection.expect("READY 1")
	for channel, body := range map[string]string{
		"jobs":            `{"reply_channel":"answers.k!1"}`,
		"http.disconnect": `{"reply_channel":"http.response.k!1","path":"/moon"}`,
		"chat.disconnect": `{"reply_channel":"http.response.k!1","path":"/moon"}`,
	} {
		connection.push(channel, body)
		connection.expect("READY 1")
	}
	if logOf(client).contains("failed") {
		t.Errorf("%q", logOf(client).all())
	}
}

func TestThatAnotherHasLeftIsNoExcuseForNoAnswer(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		return r.Client().Send(ctx, "another!1", Message{})
	})
	w.connection.push("http.request", aRequest)
	w.connection.expect("SEND another!1")
	w.connection.send("ERR gone\n")
	if frame := w.connection.expect("SEND http.response.k!1"); !strings.Contains(string(frame.Body), `"status":500`) {
		t.Errorf("%s", frame.Body)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
}

func TestAGoexitForOneChannelLeavesTheOthersTheirHandlers(t *testing.T) {
	broker := newFakeBroker(t)
	worker := playedWorker(broker.client(Options{}))
	seen := make(chan string, 2)
	for _, channel := range []string{"a", "b"} {
		worker.Handle(channel, func(ctx context.Context, r *Request) error {
			seen <- r.Channel
			runtime.Goexit()
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
	if first, second := await(t, seen), await(t, seen); first != "a" || second != "b" {
		t.Error(first, second)
	}
	connection.expect("READY 1")
}

func TestWhatIsUnfinishedWhenTheWorkerLeavesIsAnswered(t *testing.T) {
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := playedWorker(client)
	began, never := make(chan struct{}, 2), make(chan struct{})
	defer close(never)
	worker.Handle("http.request", func(ctx context.Context, r *Request) error {
		if r.Text("path") == "/stream" {
			if _, err := r.Stream(ctx, 200, nil); err != nil {
				t.Error(err)
			}
		}
		began <- struct{}{}
		<-never
		return nil
	})
	worker.Drain = 0
	running, stop := context.WithCancel(ctx)
	w := &workerAtWork{broker: broker, ended: atWork(t, running, worker)}
	w.listened(16)
	w.connection.push("http.request", aRequest)
	await(t, began)
	w.connection.push("http.request", `{"reply_channel":"http.response.k!2","path":"/stream"}`)
	w.connection.expect("SEND http.response.k!2")
	w.connection.send("OK\n")
	await(t, began)
	stop()
	answers := map[string]string{}
	for {
		frame, ok := w.connection.next()
		if !ok {
			t.Fatal("it ends without QUIT")
		}
		if frame.Verb == "SEND" {
			answers[frame.Args[0]] = string(frame.Body)
		}
		w.connection.send("OK\n")
		if frame.Verb == "QUIT" {
			break
		}
	}
	w.connection.close()
	if !strings.Contains(answers["http.response.k!1"], `"status":500`) || answers["http.response.k!2"] != `{"status":500}` {
		t.Error(answers)
	}
	if err := await(t, w.ended); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if !logOf(client).contains("GET /moon on http.request is left unfinished") {
		t.Errorf("%q", logOf(client).all())
	}
}
