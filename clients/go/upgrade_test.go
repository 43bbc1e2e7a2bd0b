package seaway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// diary is the consumer of one socket: it knows how often it was spoken to, and tells its end.
type diary struct {
	name  string
	count int
}

// Connect is for routes: who accepts by AcceptWebSocket has decided.
func (d *diary) Connect(context.Context, *Socket) error { panic("it is asked") }

func (d *diary) Receive(ctx context.Context, s *Socket, said SocketMessage) error {
	d.count++
	return s.SendText(ctx, fmt.Sprint(d.name, " ", d.count, " ", string(said.Content)))
}

func (d *diary) Disconnect(ctx context.Context, s *Socket, code int, reason string) error {
	return s.Client().Send(ctx, "log", Message{"code": code, "count": d.count})
}

// startUpgrades is a worker whose handler opens sockets, behind what wraps its writer as middleware does.
func startUpgrades(t *testing.T) *socketsAtWork {
	mux := http.NewServeMux()
	mux.HandleFunc("/diary/", func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/diary/")
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Cookie") != "a=1" || r.Method != "GET" {
			t.Error(r.Method, r.Header)
		}
		w.Header().Set("Set-Cookie", "b=2")
		options := AcceptOptions{Greeting: &SocketMessage{Content: []byte("hi"), IsText: true}}
		if name == "boris" {
			options.Groups = []string{"writers"}
		}
		_, err := AcceptWebSocket(w, r, &diary{name: name}, options)
		if errors.Is(err, ErrClosing) {
			return
		}
		if err != nil {
			t.Error(err)
		}
		if _, err := w.Write([]byte("x")); err != http.ErrHijacked {
			t.Error(err)
		}
		if _, err := AcceptWebSocket(w, r, &diary{}, AcceptOptions{}); !errors.Is(err, ErrAnswered) {
			t.Error(err)
		}
	})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("a panic") })
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) {
		if _, err := w.Write(make([]byte, pieceSize)); !errors.Is(err, ErrOption) {
			t.Error(err)
		}
	})
	wrapped := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
	})
	w := startSocketWorker(t, func(w *Worker) { w.HandleUpgrades("websocket.connect", wrapped) })
	return w
}

func TestAHandlerOfHTTPOpensSocketsWithAConsumerForEach(t *testing.T) {
	w := startUpgrades(t)
	const cookie = `,"headers":[["cookie","a=1"],["host","x"]]`
	w.event("connect", 0, "/diary/anna", cookie)
	frame := w.connection.expect("SEND " + browser)
	channel := w.mailbox + "1"
	want := `{"accept":true,"headers":[["set-cookie","b=2"]],"receive_channel":"` + channel + `","serial":true,"text":"hi"}`
	if string(frame.Body) != want {
		t.Errorf("%s", frame.Body)
	}
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	for number := 1; number <= 2; number++ {
		w.event("receive", number, "/diary/anna", `,"serial":true,"text":"x"`, channel)
		w.expectSent(browser, fmt.Sprintf(`{"text":"anna %d x"}`, number))
		w.expectSent(control, fmt.Sprintf(`{"done":%d}`, number))
		w.connection.expect("READY 1")
	}
	w.event("disconnect", 3, "/diary/anna", `,"code":1001`, channel)
	w.expectSent("log", `{"code":1001,"count":2}`)
	w.connection.expect("READY 1")
	// Of a socket whose worker has died, here as anywhere: it may come again.
	w.event("receive", 7, "/diary/anna", `,"text":"x"`)
	w.expectSent(browser, `{"close":1012,"reason":"its worker has left"}`)
	w.connection.expect("READY 1")
	w.event("disconnect", 8, "/diary/anna", "")
	w.connection.expect("READY 1")
}

func TestGroupsAreJoinedBeforeTheSocketOpens(t *testing.T) {
	w := startUpgrades(t)
	w.event("connect", 0, "/diary/boris", `,"headers":[["cookie","a=1"]]`)
	w.connection.expect("JOIN writers " + browser)
	w.connection.send("OK\n")
	w.connection.expect("SEND " + browser)
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
}

func TestWhatAHandlerAnswersOtherwiseIsTheRefusal(t *testing.T) {
	w := startUpgrades(t)
	w.event("connect", 0, "/nothing", "")
	w.expectSent(browser, `{"accept":false,"content":"404 page not found\n","headers":[["content-type",`+
		`"text/plain; charset=utf-8"],["x-content-type-options","nosniff"]],"status":404}`)
	w.connection.expect("READY 1")
	for _, path := range []string{"/panic", "/large"} {
		w.event("connect", 0, path, "")
		w.expectSent(browser, `{"accept":false,"status":500}`)
		w.connection.expect("READY 1")
	}
	if !w.logger.contains("a panic") || !w.logger.contains("less than 65536 bytes") {
		t.Errorf("%q", w.logger.all())
	}
	request, _ := http.NewRequest("GET", "/", nil)
	if _, err := AcceptWebSocket(nil, request, &diary{}, AcceptOptions{}); !errors.Is(err, ErrState) {
		t.Error(err)
	}
}

func TestAWorkerThatLeavesClosesTheSocketsOfItsHandlers(t *testing.T) {
	w := startUpgrades(t)
	w.event("connect", 0, "/diary/anna", `,"headers":[["cookie","a=1"]]`)
	w.connection.expect("SEND " + browser)
	w.connection.send("OK\n")
	w.connection.expect("READY 1")
	w.stop()
	w.expectSent(control, `{"close":1012,"reason":"its worker leaves"}`)
	// Who comes now is told to come again.
	w.connection.push("websocket.connect", `{"type":"websocket.connect","path":"/diary/anna","headers":[["cookie","a=1"]],`+
		`"reply_channel":"websocket.send.k!2","control_channel":"websocket.control.k!2"}`)
	w.expectSent("websocket.send.k!2", `{"accept":false,"headers":[["retry-after","1"]],"status":503}`)
	w.connection.expect("READY 1")
	w.event("disconnect", 1, "/diary/anna", `,"code":1012`, w.mailbox+"1")
	w.expectSent("log", `{"code":1012,"count":0}`)
}
