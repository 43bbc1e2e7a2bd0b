package seaway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// startHolding starts a worker at a broker with these features, and hears it listen.
func startHolding(t *testing.T, features string, serve func(*Worker), listens ...string) *workerAtWork {
	t.Helper()
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := playedWorker(client)
	worker.Concurrency, worker.Drain = 1, patience
	serve(worker)
	running, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	w := &workerAtWork{broker: broker, stop: stop, logger: logOf(client), ended: atWork(t, running, worker)}
	w.connection = broker.knowing(features, "a")
	w.connection.hearsListening(listens...)
	return w
}

// hearsListening takes LISTEN frames, each with its options behind it, and answers them.
func (c *fakeConn) hearsListening(listens ...string) {
	c.t.Helper()
	for _, want := range listens {
		frame, _ := c.next()
		if said := whole(frame); said != want {
			c.t.Fatalf("%q, not %q", said, want)
		}
		c.send("OK\n")
	}
	c.expect("READY 1")
}

// whole is a frame as its line has it, but for the size.
func whole(frame Frame) string {
	words := append([]string{frame.Verb}, frame.Args...)
	for _, key := range []string{"Ack", "In", "members"} {
		if value, isThere := frame.Options[key]; isThere {
			words = append(words, key+"="+value)
		}
	}
	return strings.Join(words, " ")
}

// says takes the next frame but for credit, which is to be this one, and answers it; it returns its body.
func (w *workerAtWork) says(want, answer string) string {
	w.connection.t.Helper()
	frame, _ := w.connection.next()
	for frame.Verb == "READY" {
		frame, _ = w.connection.next()
	}
	if said := whole(frame); said != want {
		w.connection.t.Fatalf("%q, not %q; %v", said, want, w.logger.all())
	}
	w.connection.send("%s\n", answer)
	return string(frame.Body)
}

func requestFor(path string) string { return strings.Replace(aRequest, "/moon", path, 1) }

// siteOfAnswers is what the tests ask, as a handler of net/http.
func siteOfAnswers(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/pieces":
		io.WriteString(w, "one")
		w.(http.Flusher).Flush()
		io.WriteString(w, "two")
	case "/panic":
		panic("failed")
	case "/goexit":
		runtime.Goexit()
	default:
		fmt.Fprint(w, "times ", RequestOf(r.Context()).Times)
	}
}

const (
	toServer    = "SEND http.response.k!1"
	isAnswering = toServer + " Ack=s17"
)

func TestTheLastMessageOfAnAnswerAcknowledgesTheRequest(t *testing.T) {
	w := startHolding(t, "ack", func(w *Worker) {
		w.HandleHTTP("shop", http.HandlerFunc(siteOfAnswers))
	}, "LISTEN shop Ack=1")
	w.connection.push("shop ack=s17 times=2", requestFor("/"))
	if body := w.says(isAnswering, "OK"); !strings.Contains(body, "times 2") {
		t.Error(body)
	}
	w.connection.expect("READY 1")
	w.connection.push("shop ack=s17 times=1", requestFor("/pieces"))
	if body := w.says(toServer, "OK"); !strings.Contains(body, "one") {
		t.Error(body)
	}
	if body := w.says(isAnswering, "OK"); !strings.Contains(body, "two") || strings.Contains(body, "more_content") {
		t.Error(body)
	}
	w.connection.expect("READY 1")
	w.stop()
	w.leaves()
}

func TestNoAnswerIsA500ThatAcknowledges(t *testing.T) {
	w := startHolding(t, "ack", func(w *Worker) {
		w.HandleHTTP("shop", http.HandlerFunc(siteOfAnswers))
		w.Handle("http.request", func(ctx context.Context, r *Request) error {
			if r.Text("path") == "/fails" {
				return errors.New("failed")
			}
			return nil
		})
	}, "LISTEN http.request shop Ack=1")
	for index, path := range []string{"shop /panic", "shop /goexit", "http.request /fails", "http.request /silent"} {
		channel, path, _ := strings.Cut(path, " ")
		w.connection.push(channel+" ack=s17 times=1", requestFor(path))
		if body := w.says(isAnswering, "OK"); !strings.Contains(body, `"status":500`) {
			t.Error(path, body)
		}
		w.connection.expect("READY 1")
		if count := w.logger.count("failed:"); count != index+1 {
			t.Error(path, w.logger.all())
		}
	}
	w.stop()
	w.leaves()
}

func TestWhatIsNotSaidWithTheAnswerIsSaidApart(t *testing.T) {
	serve := func(w *Worker) { w.HandleHTTP("http.request", http.HandlerFunc(siteOfAnswers)) }
	w := startHolding(t, "ack", serve, "LISTEN http.request Ack=1")
	w.connection.push("http.request ack=s17 times=1", requestFor("/"))
	w.says(isAnswering, "ERR gone")
	w.says("ACK http.request s17", "OK")
	w.connection.expect("READY 1")
	// On another connection the ID may stand for something else.
	w.connection.push("http.request ack=s18 times=1", requestFor("/"))
	w.connection.expect(toServer)
	w.connection.close()
	w.connection = w.broker.knowing("ack", "a")
	said := make(map[string]bool)
	for range [4]int{} {
		frame, _ := w.connection.next()
		said[whole(frame)] = true
		if frame.Verb != "READY" {
			w.connection.send("OK\n")
		}
	}
	for _, want := range []string{"LISTEN http.request Ack=1", toServer, "ACK http.request s18"} {
		if !said[want] {
			t.Error(want, said)
		}
	}
}

func TestARequestComesAgainByRetryAlone(t *testing.T) {
	w := startHolding(t, "ack", func(w *Worker) {
		w.Handle("http.request", func(context.Context, *Request) error { return Retry(0) })
	}, "LISTEN http.request Ack=1")
	w.connection.push("http.request ack=s17 times=1", requestFor("/"))
	w.says("NAK http.request s17 In=0", "OK")
	w.connection.expect("READY 1")
	w.stop()
	w.leaves()
}

func TestAWorkerThatLeavesWorksOffItsRequests(t *testing.T) {
	begun, end := make(chan struct{}, 2), make(chan struct{})
	w := startHolding(t, "ack", func(w *Worker) {
		w.Handle("http.request", func(ctx context.Context, r *Request) error {
			begun <- struct{}{}
			<-end
			return r.Respond(ctx, 200, nil, nil)
		})
	}, "LISTEN http.request Ack=1")
	w.connection.push("http.request ack=s17 times=1", requestFor("/"))
	await(t, begun)
	w.stop()
	w.connection.expect("UNLISTEN http.request")
	w.connection.push("http.request ack=s17 times=1", requestFor("/"))
	w.connection.send("OK\n")
	close(end)
	w.says(isAnswering, "OK")
	w.says(isAnswering, "OK")
	w.says("QUIT", "OK")
	w.connection.close()
	if err := await(t, w.ended); err != nil {
		t.Error(err)
	}
}

func TestRequestsAreGivenOutOnceWhereThatIsWantedOrNothingElseKnown(t *testing.T) {
	for _, isWanted := range []bool{true, false} {
		features := map[bool]string{true: "ack", false: "x"}[isWanted]
		long := "http.request." + strings.Repeat("x", 240)
		w := startHolding(t, features, func(w *Worker) {
			w.Unacknowledged = isWanted
			w.HandleHTTP("http.request", http.HandlerFunc(siteOfAnswers))
			w.HandleHTTP(long, http.HandlerFunc(siteOfAnswers))
		}, "LISTEN http.request "+long)
		w.connection.push("http.request", requestFor("/"))
		if body := w.says(toServer, "OK"); !strings.Contains(body, "times 0") {
			t.Error(body)
		}
		w.connection.expect("READY 1")
		w.stop()
		w.leaves()
	}
}

func TestDoneAcknowledgesTheEventOfASocket(t *testing.T) {
	w := startHolding(t, "ack", func(w *Worker) {
		w.HandleSockets(SocketRoute{Receive: func(_ context.Context, _ *Socket, said SocketMessage) error {
			if string(said.Content) == "fails" {
				return errors.New("failed")
			}
			return nil
		}})
	}, "LISTEN websocket.connect websocket.disconnect websocket.receive Ack=1")
	event := func(kind, rest string) {
		w.connection.push("websocket."+kind+" ack=s17 times=1", fmt.Sprintf(
			`{"type":"websocket.%s","path":"/","reply_channel":"websocket.send.k!1","control_channel":"websocket.control.k!1",%s}`,
			kind, rest))
	}
	event("connect", `"order":0`)
	if body := w.says("SEND websocket.send.k!1 Ack=s17", "OK"); !strings.Contains(body, `"accept":true`) {
		t.Error(body)
	}
	w.connection.expect("READY 1")
	event("receive", `"order":1,"serial":true,"text":"hi"`)
	if body := w.says("SEND websocket.control.k!1 Ack=s17", "OK"); body != `{"done":1}` {
		t.Error(body)
	}
	w.connection.expect("READY 1")
	event("receive", `"order":2,"serial":true,"text":"fails"`)
	w.says("SEND websocket.send.k!1", "OK")
	w.says("SEND websocket.control.k!1 Ack=s17", "OK")
	w.connection.expect("READY 1")
	event("disconnect", `"order":3`)
	w.says("ACK websocket.disconnect s17", "OK")
	w.connection.expect("READY 1")
	w.stop()
	w.leaves()
}
