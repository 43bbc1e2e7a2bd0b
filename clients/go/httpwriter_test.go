package seaway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// writing is a worker whose handler of net/http answers, seen from a broker that takes bodies of any size.
func writing(t *testing.T, handler http.HandlerFunc) *workerAtWork {
	t.Helper()
	broker := newFakeBroker(t)
	client := broker.client(Options{})
	worker := playedWorker(client)
	worker.Concurrency, worker.Drain = 1, patience
	worker.HandleHTTP("http.request", handler)
	w := &workerAtWork{broker: broker, logger: logOf(client), ended: atWork(t, ctx, worker)}
	w.connection = broker.acceptSilently()
	w.connection.expect("HELLO 1")
	w.connection.send("HELLO 1 id=1 epoch=a max-body=2097152\n")
	w.connection.expect("LISTEN http.request")
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	return w
}

// answered asks, and takes so many messages of the answer.
func (w *workerAtWork) answered(count int) (messages []Message) {
	w.broker.t.Helper()
	w.connection.push("http.request", aRequest)
	for index := 0; index < count; index++ {
		message, err := DecodeMessage(w.connection.expect("SEND http.response.k!1").Body)
		if err != nil {
			w.broker.t.Fatal(err)
		}
		messages = append(messages, message)
		w.connection.send("OK\n")
	}
	w.connection.expect("READY 1")
	return messages
}

func TestASmallAnswerIsOneMessage(t *testing.T) {
	w := writing(t, func(w http.ResponseWriter, r *http.Request) {
		for number := 0; number < 3; number++ {
			fmt.Fprint(w, number)
		}
	})
	want := Message{
		"status": int64(200), "content": "012", "headers": []any{[]any{"content-type", "text/plain; charset=utf-8"}},
	}
	if got := w.answered(1)[0]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error(got)
	}
}

// I11 of INTERFACE.md: the head brings the first piece, and the end the last.
func TestALargeAnswerWastesNoMessage(t *testing.T) {
	w := writing(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("x", 2*pieceSize+1))
	})
	for index, message := range w.answered(3) {
		size, offset := len(message.Text("content")), message.Int("offset")
		isGood := size == pieceSize && message.Bool("more_content") && offset == int64(index*pieceSize)
		if index == 2 {
			isGood = size == 1 && !message.Bool("more_content") && offset == 2*pieceSize
		}
		if !isGood || (message["status"] == nil) != (index > 0) {
			t.Error(index, size, message["offset"], message["status"])
		}
	}
}

func TestWhatIsWrittenGoesOutAtFlush(t *testing.T) {
	w := writing(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.(http.Flusher).Flush()
		w.(http.Flusher).Flush()
		io.WriteString(w, "a")
		w.(http.Flusher).Flush()
		w.WriteHeader(500)
	})
	messages := w.answered(3)
	want := `[map[headers:[] more_content:true status:200] map[content:a more_content:true offset:0] map[offset:1]]`
	if fmt.Sprint(messages) != want {
		t.Error(messages)
	}
	if w.logger.count("superfluous WriteHeader(500)") != 1 {
		t.Errorf("%q", w.logger.all())
	}
}

// Who writes for a long time is heard before the end, without Flush.
func TestWhatHasWaitedLongGoesOutWithTheNextWrite(t *testing.T) {
	w := writing(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("x", mostWaiting))
		// As if no time had passed, whatever else this machine does.
		w.(*httpWriter).since = time.Now().Add(time.Hour)
		io.WriteString(w, "y")
		w.(*httpWriter).since = time.Now().Add(-longestDelay - 1)
		io.WriteString(w, "z")
		io.WriteString(w, "end")
	})
	messages := w.answered(2)
	if size := len(messages[0].Text("content")); size != mostWaiting+2 || messages[1].Text("content") != "end" {
		t.Error(size, messages[1])
	}
}

func TestAHandlerThatHasLeftWritesNoMore(t *testing.T) {
	left := make(chan http.ResponseWriter, 1)
	w := writing(t, func(w http.ResponseWriter, r *http.Request) { left <- w })
	w.answered(1)
	writer := await(t, left)
	if _, err := io.WriteString(writer, "x"); err != errHandlerEnded {
		t.Error(err)
	}
	if err := writer.(interface{ FlushError() error }).FlushError(); err != errHandlerEnded {
		t.Error(err)
	}
}

func TestServeIsAWorkerOfTheDefaultMuxUnlessItIsGivenAHandler(t *testing.T) {
	standard := http.DefaultServeMux
	http.DefaultServeMux = http.NewServeMux()
	defer func() { http.DefaultServeMux = standard }()
	http.HandleFunc("/moon", func(w http.ResponseWriter, r *http.Request) {
		if RequestOf(r.Context()) == nil || RequestOf(ctx) != nil {
			t.Error("the message behind a request is that of its context")
		}
		io.WriteString(w, "of the default mux")
	})
	broker := newFakeBroker(t)
	running, stop := context.WithCancel(ctx)
	defer stop()
	client := broker.client(Options{})
	w := &workerAtWork{broker: broker, ended: background(func() error { return Serve(running, client, nil) })}
	w.listened(serveConcurrency)
	w.connection.push("http.request", aRequest)
	frame := w.connection.expect("SEND http.response.k!1")
	if message, err := DecodeMessage(frame.Body); err != nil || message.Text("content") != "of the default mux" {
		t.Error(message, err)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	stop()
	w.leaves()
}

func TestAnAnswerIsLeftToWhoeverTheHandlerSays(t *testing.T) {
	w := writing(t, func(w http.ResponseWriter, r *http.Request) { RequestOf(r.Context()).AnswerLater() })
	w.answered(0)
	if len(w.logger.all()) > 1 {
		t.Errorf("%q", w.logger.all())
	}
}

func TestWhatNoServerOfHTTPWouldTakeIsA400(t *testing.T) {
	w := writing(t, func(http.ResponseWriter, *http.Request) { t.Error("it is asked") })
	w.connection.push("http.request", `{"reply_channel":"http.response.k!1","method":"GET","path":"/%","raw_path":"/%zz"}`)
	message, err := DecodeMessage(w.connection.expect("SEND http.response.k!1").Body)
	if err != nil || message.Int("status") != 400 {
		t.Error(message, err)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	// What is no request at all has no answer.
	w.connection.push("http.request", `{"n":1}`)
	w.connection.expect("READY 1")
	if !w.logger.contains("no request") {
		t.Errorf("%q", w.logger.all())
	}
}

func TestTheRequestIsWhatTheMessageSays(t *testing.T) {
	seen := make(chan *http.Request, 1)
	w := writing(t, func(w http.ResponseWriter, r *http.Request) { seen <- r })
	w.connection.push("http.request", `{"reply_channel":"http.response.k!1","method":"GET","path":"/ü x","http_version":"2",`+
		`"scheme":"https","headers":[["host","example.org:444"],["x-a","1"],["x-a",{"$bytes":"/w=="}],["cookie","a=1"],5],`+
		`"client":["::1",5],"server":["127.0.0.1",443],"query_string":"a=%20","root_path":"/shop"}`)
	w.connection.expect("SEND http.response.k!1")
	w.connection.send("OK\n")
	r := await(t, seen)
	got := fmt.Sprint(r.URL, " ", r.RequestURI, " ", r.Proto, r.ProtoMajor, " ", r.Host, " ", r.Header, " ", r.RemoteAddr, " ",
		r.TLS.ServerName, " ", r.Context().Value(http.LocalAddrContextKey), " ", RequestOf(r.Context()).Text("root_path"))
	want := "/%C3%BC%20x?a=%20 /%C3%BC%20x?a=%20 HTTP/2.02 example.org:444 map[Cookie:[a=1] X-A:[1 \xff]] [::1]:5 " +
		"example.org 127.0.0.1:443 /shop"
	if got != want {
		t.Errorf("%q\n%q", got, want)
	}
}
