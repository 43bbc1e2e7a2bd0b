package seaway

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// startEarly is a worker that has the server tell it of the end of each request at once.
func startEarly(t *testing.T, handler Handler) *workerAtWork {
	t.Helper()
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := NewWorker(client)
	worker.Concurrency = 1
	worker.news.after = 0
	worker.Handle("http.request", handler)
	running, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	w := &workerAtWork{
		broker: broker, stop: stop, logger: logOf(client),
		ended: atWork(t, running, worker),
	}
	w.listened(1)
	return w
}

// told plays a broker that lets the worker listen, and a server that is told where; it returns the channel.
func (w *workerAtWork) told(reply string) string {
	w.broker.t.Helper()
	frame := w.connection.expect("LISTEN")
	if mailbox := frame.Args[0]; !strings.HasPrefix(mailbox, "http.disconnect.") || !strings.HasSuffix(mailbox, "!") {
		w.broker.t.Errorf("%q", frame.Args)
	}
	w.connection.send("OK state=fresh\n")
	w.connection.expect("READY 64 " + frame.Args[0])
	return w.toldAgain(reply, frame.Args[0])
}

func (w *workerAtWork) toldAgain(reply, mailbox string) string {
	w.broker.t.Helper()
	said := w.connection.expect("SEND " + reply)
	message, err := DecodeMessage(said.Body)
	channel := message.Text("disconnect_channel")
	if err != nil || len(message) != 1 || !strings.HasPrefix(channel, mailbox) || len(channel) == len(mailbox) {
		w.broker.t.Errorf("%s", said.Body)
	}
	w.connection.send("OK\n")
	return channel
}

func untilEnd(ctx context.Context, r *Request) error {
	<-ctx.Done()
	return ctx.Err()
}

// I27 of INTERFACE.md.
func TestTheContextOfARequestEndsWhenNobodyWaitsAnyMore(t *testing.T) {
	w := startEarly(t, func(ctx context.Context, r *Request) error {
		<-ctx.Done()
		if !r.IsGone() {
			t.Error("it ends for another reason")
		}
		if err := r.Respond(context.Background(), 200, nil, nil); !errors.Is(err, ErrGone) {
			t.Error(err)
		}
		return ctx.Err()
	})
	w.connection.push("http.request", aRequest)
	channel := w.told("http.response.k!1")
	mailbox := mailboxOf(channel)
	// Another request's news, and news for a channel that nobody has, end nothing.
	w.connection.push(channel, `{"reply_channel":"http.response.k!2","path":"/moon","reason":"left"}`)
	w.connection.expect("READY 1 " + mailbox)
	w.connection.push(mailbox+"99", `{"reply_channel":"http.response.k!1","path":"/moon","reason":"left"}`)
	w.connection.expect("READY 1 " + mailbox)
	w.connection.push(channel, `{"reply_channel":"http.response.k!1","path":"/moon","reason":"left"}`)
	// Nothing is answered, and the worker goes on.
	seen := []string{}
	for range [2]int{} {
		seen = append(seen, w.connection.expect("READY 1").Args...)
	}
	if len(seen) != 3 {
		t.Error(seen)
	}
	if w.logger.contains("failed") {
		t.Errorf("%q", w.logger.all())
	}
	// The mailbox is listened on once, and each request has a channel of its own.
	w.connection.push("http.request", aRequest)
	if second := w.toldAgain("http.response.k!1", mailbox); second == channel {
		t.Error(second)
	}
}

func TestThatNobodyWaitsIsAlsoKnownFromTheAnswerOfTheBroker(t *testing.T) {
	w := startEarly(t, untilEnd)
	w.connection.push("http.request", aRequest)
	frame := w.connection.expect("LISTEN")
	w.connection.send("OK state=fresh\n")
	w.connection.expect("READY 64 " + frame.Args[0])
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("ERR gone\n")
	w.connection.expect("READY 1")
	if w.logger.contains("failed") {
		t.Errorf("%q", w.logger.all())
	}
}

func TestAnAnswerInPiecesEndsTheContextWhenNobodyReadsIt(t *testing.T) {
	w := startWorker(t, 1, func(ctx context.Context, r *Request) error {
		stream, err := r.Stream(context.Background(), 200, nil)
		if err != nil {
			return err
		}
		if _, err := stream.Write([]byte("x")); !errors.Is(err, ErrGone) {
			t.Error(err)
		}
		return untilEnd(ctx, r)
	})
	w.connection.push("http.request", aRequest)
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("OK\n")
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("ERR gone\n")
	w.connection.expect("READY 1")
}

func TestTheServerIsToldAgainUntilItIsStored(t *testing.T) {
	w := startEarly(t, untilEnd)
	w.connection.push("http.request", aRequest)
	frame := w.connection.expect("LISTEN")
	w.connection.send("OK state=fresh\n")
	w.connection.expect("READY 64 " + frame.Args[0])
	first := w.connection.expect("SEND http.response.k!1")
	w.connection.send("ERR full by=messages\n")
	second := w.connection.expect("SEND http.response.k!1")
	if string(first.Body) != string(second.Body) {
		t.Errorf("%s, then %s", first.Body, second.Body)
	}
	w.connection.send("ERR gone\n")
	w.connection.expect("READY 1")
}

func TestABrokerThatDoesNotAllowItIsToldOfOnceAndWorkGoesOn(t *testing.T) {
	finish := make(chan struct{})
	w := startEarly(t, func(ctx context.Context, r *Request) error {
		<-finish
		return r.Respond(ctx, 200, nil, nil)
	})
	w.connection.push("http.request", aRequest)
	w.connection.expect("LISTEN")
	w.connection.send("ERR denied\n")
	for range [2]int{} {
		finish <- struct{}{}
		w.connection.expect("SEND http.response.k!1")
		w.connection.send("OK\n")
		w.connection.expect("READY 1")
		w.connection.push("http.request", aRequest)
	}
	finish <- struct{}{}
	w.connection.expect("SEND http.response.k!1")
	if w.logger.count("do not hear") != 1 || w.logger.contains("failed") {
		t.Errorf("%q", w.logger.all())
	}
}

func TestWhatIsNoRequestOfHTTPIsNotToldOf(t *testing.T) {
	w := startEarly(t, func(context.Context, *Request) error { return nil })
	for _, body := range []string{`{}`, `{"reply_channel":"answers!1"}`} {
		w.connection.push("http.request", body)
		w.connection.expect("READY 1")
	}
}

func TestAQuickRequestCostsNoMessageMore(t *testing.T) {
	if tellAfter != 250*time.Millisecond {
		t.Error(tellAfter)
	}
	client := newFakeBroker(t).client(Options{})
	if after := NewWorker(client).news.after; after != tellAfter {
		t.Error(after)
	}
}

// Over the wire, with one broker and with several: the server is played.
func TestARealWorkerHearsThatNobodyWaitsAnyMore(t *testing.T) {
	house, ctx := newShardHouse(t), limited(t)
	one := func() *Client { return realClient(t, house.addresses[0]) }
	for name, client := range map[string]func() *Client{"one broker": one, "several": house.client} {
		client := client
		t.Run(name, func(t *testing.T) {
			worker := NewWorker(client())
			ended := make(chan bool, 1)
			worker.Handle("http.request", func(ctx context.Context, r *Request) error {
				<-ctx.Done()
				ended <- r.IsGone()
				return ctx.Err()
			})
			running, stop := context.WithCancel(ctx)
			left := atWork(t, running, worker)
			server := client()
			reader, err := server.Listen(ctx, "http.response.k!", 10)
			if err != nil {
				t.Fatal(err)
			}
			request := Message{"reply_channel": "http.response.k!1", "method": "GET", "path": "/moon"}
			if err := server.Send(ctx, "http.request", request); err != nil {
				t.Fatal(err)
			}
			delivery, err := reader.Receive(ctx)
			if err != nil {
				t.Fatal(err)
			}
			news := Message{"reply_channel": "http.response.k!1", "path": "/moon", "reason": "left"}
			if err := server.SendHere(ctx, delivery.Message.Text("disconnect_channel"), news); err != nil {
				t.Fatal(delivery.Message, err)
			}
			if isGone := await(t, ended); !isGone {
				t.Error("it ended for another reason")
			}
			stop()
			if err := await(t, left); err != nil {
				t.Error(err)
			}
			if err := reader.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}
