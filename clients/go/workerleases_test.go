package seaway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// startAcknowledging starts a worker with a handler for the acknowledged channel jobs.
func startAcknowledging(t *testing.T, hold time.Duration, handler Handler) *workerAtWork {
	t.Helper()
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := playedWorker(client)
	worker.Concurrency, worker.Hold, worker.Drain = 1, hold, patience
	worker.HandleAcknowledged("jobs", handler)
	running, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	w := &workerAtWork{broker: broker, stop: stop, logger: logOf(client), ended: atWork(t, running, worker)}
	w.connection = broker.knowing("ack", "a")
	w.connection.listened("jobs", "1")
	return w
}

func TestAWorkerAcknowledgesWhatItHasDoneAndGivesBackWhatFails(t *testing.T) {
	ends := make(chan error, 1)
	w := startAcknowledging(t, time.Hour, func(context.Context, *Request) error { return <-ends })
	for _, step := range []struct {
		end     error
		verb    string
		options string
		logged  int
	}{
		{nil, "ACK", "map[]", 0},
		{errors.New("no"), "NAK", "map[]", 1},
		{fmt.Errorf("because: %w", Retry(time.Second)), "NAK", "map[In:1000]", 1},
		{fmt.Errorf("because: %w", Dead("x")), "NAK", "map[Dead:1 Why:x]", 1},
	} {
		ends <- step.end
		w.connection.push("jobs ack=7 times=1", `{"n":1}`)
		if frame := w.connection.expect(step.verb + " jobs 7"); fmt.Sprint(frame.Options) != step.options {
			t.Error(frame)
		}
		w.connection.send("OK\n")
		w.connection.expect("READY 1")
		if w.logger.count("failed") != step.logged {
			t.Error(step.end, w.logger.all())
		}
	}
	w.stop()
	w.leaves()
}

func TestAnAnswerAcknowledgesWhatItAnswers(t *testing.T) {
	w := startAcknowledging(t, time.Hour, func(ctx context.Context, r *Request) error {
		switch r.Text("path") {
		case "/forgotten":
			return nil
		case "/retry":
			return Retry(time.Second)
		case "/dead":
			return Dead("x")
		}
		if err := r.Respond(ctx, 200, nil, nil); err != nil {
			return err
		}
		return errors.New("too late")
	})
	for _, path := range []string{"/moon", "/forgotten"} {
		w.connection.push("jobs ack=7 times=1", strings.Replace(aRequest, "/moon", path, 1))
		if frame := w.connection.expect("SEND http.response.k!1"); frame.Options["Ack"] != "7" {
			t.Error(frame)
		}
		w.connection.send("OK\n")
		w.connection.expect("READY 1")
	}
	// Somebody else may answer.
	w.connection.push("jobs ack=8 times=1", strings.Replace(aRequest, "/moon", "/retry", 1))
	w.connection.expect("NAK jobs 8")
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	// Nobody will.
	w.connection.push("jobs ack=8 times=2", strings.Replace(aRequest, "/moon", "/dead", 1))
	if frame := w.connection.expect("SEND http.response.k!1"); frame.Options["Ack"] != "" ||
		!strings.Contains(string(frame.Body), `"status":500`) {
		t.Error(frame)
	}
	w.connection.send("OK\n")
	w.connection.expect("NAK jobs 8")
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	w.stop()
	w.leaves()
}

func TestAWorkerHoldsAsLongAsItsHandlerRuns(t *testing.T) {
	end := make(chan struct{})
	w := startAcknowledging(t, 30*time.Millisecond, func(context.Context, *Request) error { <-end; return nil })
	w.connection.push("jobs ack=7 times=1", `{"n":1}`)
	for range [3]int{} {
		w.connection.expect("HOLD jobs 7")
		w.connection.send("OK\n")
	}
	w.connection.expect("HOLD jobs 7")
	w.connection.send("ERR late elsewhere\n")
	close(end)
	// Late, it is acknowledged all the same.
	w.connection.expect("ACK jobs 7")
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	w.stop()
	w.leaves()
}

func TestAWorkerThatLeavesFinishesWhatRunsAndGivesBackTheRest(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	w := startAcknowledging(t, time.Hour, func(context.Context, *Request) error {
		close(begun)
		<-end
		return nil
	})
	w.connection.push("jobs ack=7 times=1", `{"n":1}`)
	await(t, begun)
	w.stop()
	w.connection.expect("UNLISTEN jobs")
	w.connection.push("jobs ack=8 times=1", `{"n":2}`)
	w.connection.send("OK\n")
	if frame := w.connection.expect("NAK jobs 8"); frame.Options["In"] != "0" {
		t.Error(frame)
	}
	w.connection.send("OK\n")
	close(end)
	w.connection.expect("ACK jobs 7")
	w.connection.send("OK\n")
	w.connection.expect("QUIT")
	w.connection.send("OK\n")
	w.connection.close()
	if err := await(t, w.ended); err != nil {
		t.Error(err)
	}
}

func TestWhatIsUnfinishedWhenTheTimeIsOverIsGivenBackAndNotAnswered(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	defer close(end)
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := playedWorker(client)
	worker.Concurrency, worker.Drain = 1, time.Millisecond
	worker.HandleAcknowledged("jobs", func(context.Context, *Request) error {
		close(begun)
		<-end
		return nil
	})
	running, stop := context.WithCancel(ctx)
	ended := atWork(t, running, worker)
	connection := broker.knowing("ack", "a")
	connection.listened("jobs", "1")
	connection.push("jobs ack=7 times=1", aRequest)
	await(t, begun)
	stop()
	connection.expect("UNLISTEN jobs")
	connection.send("OK\n")
	// No 500: with QUIT the broker gives it to another.
	connection.expect("QUIT")
	connection.send("OK\n")
	connection.close()
	if err := await(t, ended); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if logOf(client).count("is left unfinished, and given back") != 1 {
		t.Error(logOf(client).all())
	}
}

func TestWhatIsWrongWithAnAcknowledgingWorkerIsSaidBeforeItListens(t *testing.T) {
	for name, hold := range map[string]time.Duration{"jobs": time.Millisecond, "jobs!": time.Second, "x!1": time.Second} {
		worker := NewWorker(newFakeBroker(t).client(Options{}))
		worker.Hold = hold
		worker.HandleAcknowledged(name, func(context.Context, *Request) error { return nil })
		if err := worker.Run(ctx); !errors.Is(err, ErrOption) {
			t.Error(name, err)
		}
	}
	long := escapeWhy(strings.Repeat("ü ", 200))
	if len(long) > mostWhy || len(long) < mostWhy-6 || strings.ContainsAny(long, " =") {
		t.Error(long)
	}
	letter := newDeadLetter(Frame{Options: map[string]string{"dead": "nak", "tries": "3", "since": "1500", "why": "50%25%20%ff"}})
	if *letter != (DeadLetter{Cause: "nak", Tries: 3, Age: 1500 * time.Millisecond, Why: "50%25%20%ff"}) {
		t.Error(letter)
	}
}
