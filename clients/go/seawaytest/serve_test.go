package seawaytest_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"seaway.dev/seaway"
	"seaway.dev/seaway/seawaytest"
)

// telling tells each text that its browser says.
type telling chan string

func (t telling) Receive(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
	t <- string(said.Content)
	return nil
}

func TestAConsumerHearsItsBrowserWhileTheHandlerStillRuns(t *testing.T) {
	heard, over := make(telling), make(chan bool)
	site := served(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(over)
		socket, err := seaway.AcceptWebSocket(w, r, heard, seaway.AcceptOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		for said := ""; said != "enough"; {
			said = <-heard
			if err := socket.SendText(r.Context(), "heard "+said); err != nil {
				t.Error(err)
			}
		}
	})
	browser := site.Open("/")
	for _, text := range []string{"one", "enough"} {
		browser.SendText(text)
		if said := browser.ReceiveText(); said != "heard "+text {
			t.Error(said)
		}
	}
	<-over
}

func TestServeRunsAProgramUntilItsContextEnds(t *testing.T) {
	site := seawaytest.New(t)
	began, finish := make(chan bool), make(chan bool)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/chat":
			// Neither a 1xx nor the wish for the connection keeps the socket from being opened.
			w.WriteHeader(http.StatusEarlyHints)
			if _, isHijacker := w.(http.Hijacker); isHijacker {
				t.Error("it says that its connection may be had")
			}
			if _, err := seaway.AcceptWebSocket(w, r, &echoing{}, seaway.AcceptOptions{}); err != nil {
				t.Error(err)
			}
			return
		case "/slow":
			began <- true
			<-finish
		}
		io.WriteString(w, r.URL.Path)
	})
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- seaway.Serve(running, site.Client(), seaway.WithWebSockets(handler)) }()
	if answer := site.Get("/moon"); answer.Status != 200 || answer.Text() != "/moon" {
		t.Error(answer)
	}
	browser := site.Open("/chat")
	browser.SendText("x")
	if said := browser.ReceiveText(); said != `[1,true,"x"]` {
		t.Error(said)
	}
	if _, refusal := site.Ask(mustRequest("GET", "/moon")); refusal == nil || refusal.Text() != "/moon" {
		t.Error(refusal)
	}
	slow := site.Start(mustRequest("GET", "/slow"))
	<-began
	stop()
	if code, _ := browser.Closed(); code != 1012 {
		t.Error(code)
	}
	close(finish)
	if answer := slow.Answer(); answer.Status != 200 || answer.Text() != "/slow" {
		t.Error(answer)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
