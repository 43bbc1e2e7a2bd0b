package seawaytest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"seaway.dev/seaway"
	"seaway.dev/seaway/seawaytest"
)

// served is a site with a handler of net/http at work, for requests and for WebSockets.
func served(t *testing.T, handler http.HandlerFunc) *seawaytest.Site {
	t.Helper()
	site := seawaytest.New(t)
	worker := seaway.NewWorker(site.Client())
	worker.HandleHTTP("http.request", handler)
	worker.HandleUpgrades("websocket.connect", handler)
	site.Run(worker)
	return site
}

func TestAHandlerIsAskedAndAnswers(t *testing.T) {
	site := served(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/upload":
			count, err := io.Copy(io.Discard, r.Body)
			fmt.Fprintln(w, count, err, r.ContentLength)
		case "/panic":
			panic("a panic")
		case "/large":
			io.WriteString(w, strings.Repeat("x", 300_000))
		default:
			w.Header().Set("X-Host", r.Host)
			w.WriteHeader(201)
			fmt.Fprintln(w, r.Method, r.URL, r.Header.Get("Cookie"), r.RemoteAddr)
		}
	})
	request, _ := http.NewRequest("DELETE", "/moon%20?x=1", nil)
	request.Header.Set("Cookie", "a=1")
	answer := site.Do(request)
	if answer.Status != 201 || answer.Text() != "DELETE /moon%20?x=1 a=1 192.0.2.1:50000\n" ||
		answer.Header.Get("X-Host") != "seaway.test" {
		t.Error(answer)
	}
	for _, size := range []int{0, 1, 65_536, 65_537, 1_000_000} {
		request, _ := http.NewRequest("PUT", "/upload", strings.NewReader(strings.Repeat("x", size)))
		if answer := site.Do(request); answer.Text() != fmt.Sprintln(size, nil, size) {
			t.Error(size, answer)
		}
	}
	if answer := site.Get("/panic"); answer.Status != 500 || answer.Text() != "Internal Server Error\n" {
		t.Error(answer)
	}
	if answer := site.Get("/large"); len(answer.Body) != 300_000 || answer.Broken != "" {
		t.Error(len(answer.Body), answer.Broken)
	}
	head, _ := http.NewRequest("HEAD", "/large", nil)
	if answer := site.Do(head); answer.Status != 200 || len(answer.Body) > 0 {
		t.Error(answer)
	}
}

func TestAnAnswerComesInPiecesAndMayBreakOff(t *testing.T) {
	next := make(chan string)
	site := served(t, func(w http.ResponseWriter, r *http.Request) {
		for piece := range next {
			if piece == "" {
				panic(http.ErrAbortHandler)
			}
			io.WriteString(w, piece)
			w.(http.Flusher).Flush()
		}
	})
	exchange := site.Start(mustRequest("GET", "/"))
	next <- "one"
	if head := exchange.Head(); head.Status != 200 || head.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Error(head)
	}
	if piece := exchange.Next(); string(piece) != "one" {
		t.Errorf("%q", piece)
	}
	next <- "two"
	if piece := exchange.Next(); string(piece) != "two" {
		t.Errorf("%q", piece)
	}
	next <- ""
	if piece := exchange.Next(); piece != nil {
		t.Errorf("%q", piece)
	}
	if answer := exchange.Answer(); answer.Broken != "a second status" || answer.Text() != "onetwo" {
		t.Error(answer)
	}
}

func mustRequest(method, target string) *http.Request {
	request, err := http.NewRequest(method, target, nil)
	if err != nil {
		panic(err)
	}
	return request
}

func TestTimePassesOnlyWhenItIsTold(t *testing.T) {
	began := make(chan bool, 1)
	site := served(t, func(w http.ResponseWriter, r *http.Request) {
		began <- true
		<-r.Context().Done()
	})
	exchange := site.Start(mustRequest("GET", "/"))
	<-began
	site.Advance(2*time.Minute - 1)
	site.Advance(1)
	if answer := exchange.Answer(); answer.Status != 504 {
		t.Error(answer)
	}
	// The worker hears of it, and its handler ends: with the request in hand it would come again after 10 min.
	site.Settle("http.request")
	client := site.Client()
	if err := client.Send(context.Background(), "jobs", seaway.Message{"n": 1}, seaway.Expiry(time.Hour)); err != nil {
		t.Fatal(err)
	}
	site.Advance(time.Hour - 1)
	if site.Broker.Waiting("jobs") != 1 {
		t.Error("it has gone before its time")
	}
	site.Advance(1)
	if site.Broker.Waiting("jobs") != 0 {
		t.Error("it stays for ever")
	}
}

func TestAClientThatLeavesEndsTheContext(t *testing.T) {
	began, ended := make(chan bool, 1), make(chan bool, 1)
	site := served(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		began <- true
		<-r.Context().Done()
		ended <- seaway.RequestOf(r.Context()).IsGone()
	})
	exchange := site.Start(mustRequest("GET", "/"))
	<-began
	exchange.Leave()
	if !<-ended {
		t.Error("it has ended for another reason")
	}
}

// poll is a consumer with a session.
type poll struct{}

func (poll) Connect(ctx context.Context, s *seaway.Socket) error {
	if s.Parameters["name"] == "closed" {
		return s.Reject(ctx, 410, seaway.Header{{"x-why", "over"}}, []byte("over"))
	}
	if err := s.Join(ctx, s.Parameters["name"]); err != nil {
		return err
	}
	return s.Accept(ctx, seaway.AcceptOptions{Subprotocol: append(s.Subprotocols(), "")[0]})
}

func (poll) Receive(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
	session, err := s.Session()
	if err != nil {
		return err
	}
	votes, _ := session.Get("votes").(int)
	session.Set("votes", votes+1)
	if string(said.Content) == "fail" {
		return errors.New("as told")
	}
	_, err = s.Client().SendGroup(ctx, s.Parameters["name"], seaway.Message{
		"text": fmt.Sprint(s.Parameters["name"], " ", votes+1, " ", string(said.Content)),
	}, "")
	return err
}

func TestAConsumerHearsItsBrowsersInOrder(t *testing.T) {
	site := seawaytest.New(t)
	worker := seaway.NewWorker(site.Client())
	worker.HandleSockets(seaway.SocketRoute{Path: "/poll/{name}", Sticky: true, Consumer: poll{}})
	site.Run(worker)
	request := mustRequest("GET", "/poll/a")
	request.Header.Set("Sec-WebSocket-Protocol", "v2, v1")
	first, refusal := site.Ask(request)
	if refusal != nil || first.Subprotocol != "v2" {
		t.Fatal(refusal)
	}
	second := site.Open("/poll/a")
	for number := 1; number <= 20; number++ {
		first.SendText(fmt.Sprint(number))
	}
	for number := 1; number <= 20; number++ {
		want := fmt.Sprint("a ", number, " ", number)
		if said := first.ReceiveText(); said != want {
			t.Error(said)
		}
		if said := second.ReceiveText(); said != want {
			t.Error(said)
		}
	}
	if members := site.Broker.Members("a"); len(members) != 2 {
		t.Error(members)
	}
	first.Settle()
	first.Close(1001, "bye")
	if code, reason := first.Closed(); code != 1001 || reason != "bye" {
		t.Error(code, reason)
	}
	if members := site.Broker.Members("a"); len(members) != 1 {
		t.Error(members)
	}
	second.SendText("fail")
	if code, _ := second.Closed(); code != 1011 {
		t.Error(code)
	}
	_, refusal = site.Ask(mustRequest("GET", "/poll/closed"))
	if refusal == nil || refusal.Status != 410 || refusal.Text() != "over" || refusal.Header.Get("X-Why") != "over" {
		t.Error(refusal)
	}
	if _, refusal = site.Ask(mustRequest("GET", "/other")); refusal == nil || refusal.Status != 404 {
		t.Error(refusal)
	}
}

// echoing is one for each socket.
type echoing struct{ count int }

func (e *echoing) Receive(ctx context.Context, s *seaway.Socket, said seaway.SocketMessage) error {
	e.count++
	return s.SendJSON(ctx, []any{e.count, said.IsText, string(said.Content)})
}

func TestAWorkerThatLeavesClosesWhatItAloneCanServeAndGivesTheRestBack(t *testing.T) {
	site := seawaytest.New(t)
	handler := func(w http.ResponseWriter, r *http.Request) {
		if _, err := seaway.AcceptWebSocket(w, r, &echoing{}, seaway.AcceptOptions{}); err != nil {
			t.Error(err)
		}
	}
	start := func(ctx context.Context) <-chan error {
		worker := seaway.NewWorker(site.Client())
		worker.HandleUpgrades("websocket.connect", http.HandlerFunc(handler))
		return site.RunUntil(ctx, worker)
	}
	running, stop := context.WithCancel(context.Background())
	ended := start(running)
	browser := site.Open("/")
	browser.SendBytes([]byte("x"))
	if said := browser.ReceiveText(); said != `[1,false,"x"]` {
		t.Error(said)
	}
	browser.Settle()
	start(context.Background())
	stop()
	if code, reason := browser.Closed(); code != 1012 || reason != "its worker leaves" {
		t.Error(code, reason)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	again := site.Open("/")
	again.SendText("y")
	if said := again.ReceiveText(); said != `[1,true,"y"]` {
		t.Error(said)
	}
}

func TestStreamsOfOneSocketAreTestedLikeAnyConsumer(t *testing.T) {
	site := seawaytest.New(t)
	worker := seaway.NewWorker(site.Client())
	worker.HandleSockets(seaway.SocketRoute{Consumer: seaway.Demultiplexer{"sum": summing{}}})
	site.Run(worker)
	browser := site.Open("/")
	browser.SendJSON(map[string]any{"stream": "sum", "payload": []int{1, 2, 3}})
	if said := browser.ReceiveText(); said != `{"stream":"sum","payload":6}` {
		t.Error(said)
	}
	browser.SendText("{}")
	if code, _ := browser.Closed(); code != 1007 {
		t.Error(code)
	}
}

type summing struct{}

func (summing) Receive(ctx context.Context, s *seaway.SocketStream, payload json.RawMessage) error {
	var numbers []int
	if err := json.Unmarshal(payload, &numbers); err != nil {
		return err
	}
	sum := 0
	for _, number := range numbers {
		sum += number
	}
	return s.SendPayload(ctx, sum)
}

func TestPathsHaveTheirOwnChannels(t *testing.T) {
	site := seawaytest.New(t)
	site.Route("/shop", "http.request.shop")
	site.Route("/shop/admin", "admin")
	site.RouteSockets("/", "websocket.connect.go")
	worker := seaway.NewWorker(site.Client())
	for _, channel := range []string{"http.request", "http.request.shop", "admin"} {
		channel := channel
		worker.HandleHTTP(channel, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, channel) }))
	}
	worker.HandleSockets(seaway.SocketRoute{
		Channel: "websocket.connect.go", Consumer: seaway.Demultiplexer{"sum": summing{}},
	})
	site.Run(worker)
	for path, channel := range map[string]string{
		"/": "http.request", "/shopping": "http.request", "/shop": "http.request.shop", "/shop/x": "http.request.shop",
		"/shop/admin/x": "admin",
	} {
		if answer := site.Get(path); answer.Text() != channel {
			t.Error(path, answer)
		}
	}
	browser := site.Open("/any")
	browser.SendText(`{"stream":"sum","payload":[1]}`)
	if said := browser.ReceiveText(); said != `{"stream":"sum","payload":1}` {
		t.Error(said)
	}
	browser.Close(1000, "")
	browser.Closed()
}

func TestClientsComeBackWhenTheirConnectionsBreak(t *testing.T) {
	site := served(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "here") })
	for range [3]int{} {
		site.Broker.Break()
		if answer := site.Get("/"); answer.Text() != "here" {
			t.Error(answer)
		}
	}
}

func TestNobodyWhoDecidesIsA503(t *testing.T) {
	site := seawaytest.New(t)
	refused := make(chan *seawaytest.Answer, 1)
	go func() {
		_, refusal := site.Ask(mustRequest("GET", "/"))
		refused <- refusal
	}()
	for site.Broker.Waiting("websocket.connect") == 0 {
		time.Sleep(time.Millisecond)
	}
	for refusal := (*seawaytest.Answer)(nil); refusal == nil; {
		site.Advance(5 * time.Second)
		select {
		case refusal = <-refused:
			if refusal == nil || refusal.Status != 503 {
				t.Error(refusal)
			}
		default:
		}
	}
}
